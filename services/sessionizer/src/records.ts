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
import { traceparentHeader } from '@precede/service';
import { journalFormatHeaders } from './journal-format.ts';

/**
 * Keyed by zone and last operation: all sequences that end alike meet in one partition of the scorer. A trace goes on in
 * a header alone: what is counted must not know of it.
 */
export const sequenceRecord = (
  codec: AvroCodec,
  sequence: SequenceObserved,
  traceparent?: string,
): OutgoingRecord => {
  const record = {
    topic: Topic.sequences,
    key: operationKey(sequence.zoneId, sequence.operations[sequence.operations.length - 1] as never),
    value: codec.encode(Topic.sequences, sequenceToAvro(sequence)),
  };
  return traceparent === undefined ? record : { ...record, headers: { [traceparentHeader]: traceparent } };
};

export const sessionRecord = (codec: AvroCodec, session: SessionClosed): OutgoingRecord => ({
  topic: Topic.sessions,
  key: sessionKey(session.zoneId, session.sessionId),
  value: codec.encode(Topic.sessions, sessionToAvro(session)),
});

/**
 * All of it stays in the partition of its requests, wherever its own keys would put it. Made one at a time: a base of
 * many windows is seconds of work.
 */
export function* journalRecords(
  codec: AvroCodec,
  write: JournalWrite,
  partition: number,
): Generator<OutgoingRecord> {
  const record = (key: Buffer, entry: ChangelogEntry | null): OutgoingRecord => ({
    topic: Topic.changelog,
    partition,
    key,
    value: entry === null ? null : codec.encode(Topic.changelog, changelogToAvro(entry)),
  });
  if (write.kind === 'chunks') {
    for (const chunk of write.chunks) yield record(journalChunkKey(chunk.sequence), chunk);
    return;
  }
  for (const change of write.changes) yield record(keyOf(change), change.entry);
  for (const held of write.held) yield record(journalHeldKey(held.sequence), held);
  yield { ...record(journalHeadKey(), write.head), headers: journalFormatHeaders };
}

const keyOf = ({ zoneId, source, sessionId }: WindowChange): Buffer =>
  sessionId === null ? watermarkKey(zoneId, source) : windowKey(zoneId, source, sessionId);
