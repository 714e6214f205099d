/** The windows of a partition out of its changelog (the newest record of each key, read to the end): base and journal. */
import { type ChangelogEntry, changelogFromAvro, Topic } from '@precede/contracts';
import type { Assignment, AvroCodec, LogRecord } from '@precede/log';
import { type Restored, restoreJournal, type WindowBounds } from '@precede/sequence';
import { checkJournalFormat, isJournalHead } from './journal-format.ts';

/**
 * Throws where a record cannot be read, or is of a newer release: without its state a partition must not go on, and the log tries again.
 * Memory: the newest value of each key at once.
 */
export const restorePartition = async (
  assignment: Assignment,
  codec: AvroCodec,
  bounds: Partial<WindowBounds>,
  onRecords: (count: number) => void = () => {},
): Promise<Restored> => {
  const newest = new Map<string, Buffer>();
  let head: LogRecord | undefined;
  await assignment.restore((records) => {
    onRecords(records.length);
    for (const record of records) {
      const { key, value } = record;
      if (isJournalHead(record)) head = value === null ? undefined : record;
      const name = key?.toString('latin1') ?? '';
      if (value === null) newest.delete(name);
      else newest.set(name, value);
    }
  });
  if (head !== undefined) checkJournalFormat(head);
  await codec.prepare(Topic.changelog, [...newest.values()]);
  return restoreJournal(entriesOf(newest, codec), bounds);
};

function* entriesOf(newest: ReadonlyMap<string, Buffer>, codec: AvroCodec): Generator<ChangelogEntry> {
  for (const value of newest.values()) yield changelogFromAvro(codec.decode(Topic.changelog, value));
}
