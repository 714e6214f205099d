/** What one step has made, as records of the log. */
import {
  changelogToAvro,
  type DeadLetter,
  type DropReason,
  deadLetterHeaders,
  deadLetterToAvro,
  operationKey,
  type SequenceObserved,
  type SessionClosed,
  sequenceToAvro,
  sessionKey,
  sessionToAvro,
  Topic,
  watermarkKey,
  windowKey,
} from '@precede/contracts';
import type { AvroCodec, LogRecord, OutgoingRecord } from '@precede/log';
import type { WindowChange } from '@precede/sequence';

/** Larger keys and values are left out of a dead letter: it names where the record lies. */
export const maxDeadLetterBytes = 512 * 1024;

/** Keyed by zone and last operation: all sequences that end alike meet in one partition of the scorer. */
export const sequenceRecord = (codec: AvroCodec, sequence: SequenceObserved): OutgoingRecord => ({
  topic: Topic.sequences,
  key: operationKey(sequence.zoneId, sequence.operations[sequence.operations.length - 1] as never),
  value: codec.encode(Topic.sequences, sequenceToAvro(sequence)),
});

export const sessionRecord = (codec: AvroCodec, session: SessionClosed): OutgoingRecord => ({
  topic: Topic.sessions,
  key: sessionKey(session.zoneId, session.sessionId),
  value: codec.encode(Topic.sessions, sessionToAvro(session)),
});

/** Stays in the partition of its requests, wherever its own key would put it. */
export const changeRecord = (codec: AvroCodec, change: WindowChange, partition: number): OutgoingRecord => ({
  topic: Topic.changelog,
  partition,
  key:
    change.sessionId === null
      ? watermarkKey(change.zoneId, change.source)
      : windowKey(change.zoneId, change.source, change.sessionId),
  value: change.entry === null ? null : codec.encode(Topic.changelog, changelogToAvro(change.entry)),
});

export const deadLetterRecord = (
  codec: AvroCodec,
  record: LogRecord,
  reason: DropReason,
  message: string,
): OutgoingRecord => {
  const letter: DeadLetter = {
    reason,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    message,
    key: bounded(record.key),
    value: bounded(record.value),
  };
  return {
    topic: Topic.deadLetters,
    key: Buffer.from(`${record.topic}/${record.partition}`),
    value: codec.encode(Topic.deadLetters, deadLetterToAvro(letter)),
    headers: deadLetterHeaders(letter),
  };
};

const bounded = (bytes: Buffer | null): Buffer | null =>
  bytes !== null && bytes.length > maxDeadLetterBytes ? null : bytes;
