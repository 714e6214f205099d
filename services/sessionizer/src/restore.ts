/** The windows of a partition out of its changelog (the newest record of each key, read to the end): base and journal. */
import { type ChangelogEntry, changelogFromAvro, Topic } from '@precede/contracts';
import type { Assignment, AvroCodec } from '@precede/log';
import { type Restored, restoreJournal, type WindowBounds } from '@precede/sequence';

/**
 * Throws where a record cannot be read: without its state a partition must not go on, and the log tries again.
 * Memory: the newest value of each key at once.
 */
export const restorePartition = async (
  assignment: Assignment,
  codec: AvroCodec,
  bounds: Partial<WindowBounds>,
  onRecords: (count: number) => void = () => {},
): Promise<Restored> => {
  const newest = new Map<string, Buffer>();
  await assignment.restore((records) => {
    onRecords(records.length);
    for (const { key, value } of records) {
      const name = key?.toString('latin1') ?? '';
      if (value === null) newest.delete(name);
      else newest.set(name, value);
    }
  });
  await codec.prepare(Topic.changelog, [...newest.values()]);
  return restoreJournal(entriesOf(newest, codec), bounds);
};

function* entriesOf(newest: ReadonlyMap<string, Buffer>, codec: AvroCodec): Generator<ChangelogEntry> {
  for (const value of newest.values()) yield changelogFromAvro(codec.decode(Topic.changelog, value));
}
