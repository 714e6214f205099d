/** What one step has made, as records of the log. */
import {
  type ChangelogEntry,
  changelogToAvro,
  journalChunkKey,
  journalHeadKey,
  journalHeldKey,
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
import type { JournalWrite, WindowChange } from '@precede/sequence';

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

/** All of it stays in the partition of its requests, wherever its own keys would put it. */
export const journalRecords = (
  codec: AvroCodec,
  write: JournalWrite,
  partition: number,
): OutgoingRecord[] => {
  const record = (key: Buffer, entry: ChangelogEntry | null): OutgoingRecord => ({
    topic: Topic.changelog,
    partition,
    key,
    value: entry === null ? null : codec.encode(Topic.changelog, changelogToAvro(entry)),
  });
  if (write.kind === 'chunks')
    return write.chunks.map((chunk) => record(journalChunkKey(chunk.sequence), chunk));
  const changed = write.changes.map((change) => record(keyOf(change), change.entry));
  const held = write.held.map((entry) => record(journalHeldKey(entry.sequence), entry));
  return [...changed, ...held, record(journalHeadKey(), write.head)];
};

const keyOf = ({ zoneId, source, sessionId }: WindowChange): Buffer =>
  sessionId === null ? watermarkKey(zoneId, source) : windowKey(zoneId, source, sessionId);
