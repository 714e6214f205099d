/** What could not be read goes to the dead letters with its origin, and is passed: it never stops a partition. */
import { DropReason, deadLetterToAvro, Topic } from '@precede/contracts';
import type { AvroCodec, LogRecord, OutgoingRecord } from '@precede/log';

/** A replay sends it again: topic, partition and offset in the key tell doubles. */
export const deadLetterOf = (codec: AvroCodec, record: LogRecord, message: string): OutgoingRecord => {
  const { topic, partition, offset, key, value } = record;
  const letter = deadLetterToAvro({
    reason: DropReason.unreadable,
    topic,
    partition,
    offset,
    message,
    key,
    value,
  });
  return {
    topic: Topic.deadLetters,
    key: Buffer.from(`${topic}/${partition}`),
    value: codec.encode(Topic.deadLetters, letter),
    headers: { reason: letter.reason, topic, partition: String(partition), offset: String(offset) },
  };
};
