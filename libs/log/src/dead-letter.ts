/** What could not be read or came too late goes to the dead letters with its origin, and is passed: it never stops a partition. */
import {
  type DeadLetter,
  type DropReason,
  deadLetterHeaders,
  deadLetterToAvro,
  Topic,
} from '@precede/contracts';
import type { AvroCodec, LogRecord, OutgoingRecord } from './port.ts';

/** Larger keys and values are left out: a letter must fit into a record itself, and it names where its own lies. */
const maxBytes = 512 * 1024;

/** A replay may send it again: topic, partition and offset tell doubles. `message` is for a person. */
export const deadLetterOf = (
  codec: AvroCodec,
  record: LogRecord,
  reason: DropReason,
  message: string,
): OutgoingRecord => {
  const { topic, partition, offset } = record;
  const [key, value] = [bounded(record.key), bounded(record.value)];
  const letter: DeadLetter = { reason, topic, partition, offset, message, key, value };
  return {
    topic: Topic.deadLetters,
    key: Buffer.from(`${topic}/${partition}`),
    value: codec.encode(Topic.deadLetters, deadLetterToAvro(letter)),
    headers: deadLetterHeaders(letter),
  };
};

const bounded = (bytes: Buffer | null): Buffer | null =>
  bytes !== null && bytes.length > maxBytes ? null : bytes;
