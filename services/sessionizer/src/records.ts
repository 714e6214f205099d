/** What one step has made, as records of the log. */
import {
  changelogToAvro,
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
import type { AvroCodec, OutgoingRecord } from '@precede/log';
import type { WindowChange } from '@precede/sequence';

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
