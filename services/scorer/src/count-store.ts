/** Writes absolute counts, then what has progressed: the order in which readers may trust them. */
import { RowBinaryWriter } from '@precede/clickhouse';
import type { CountBucket, CountView, SequenceCounter } from '@precede/sequence';
import type { Storage } from './storage.ts';

const sequenceColumns = [
  'zone_id',
  'hour',
  'operations',
  'partition',
  'epoch',
  'first_length',
  'occurrences',
  'raw_occurrences',
  'sessions',
  'raw_sessions',
  'undercount',
];
const pairColumns = [
  'zone_id',
  'hour',
  'operations',
  'partition',
  'epoch',
  'occurrences',
  'sessions',
  'undercount',
];

/** Rows of one insert: one block on the server, so all of it or nothing is stored; a few MiB. */
const maxInsertRows = 100_000;

/** Rows of one table in parts that are not too large. */
class Rows {
  readonly parts: { readonly rows: number; readonly bytes: Buffer }[] = [];
  readonly writer = new RowBinaryWriter();
  #rows = 0;

  ended(): void {
    this.#rows += 1;
    if (this.#rows === maxInsertRows) this.close();
  }

  close(): void {
    if (this.#rows === 0) return;
    this.parts.push({ rows: this.#rows, bytes: this.writer.take() });
    this.#rows = 0;
  }
}

export interface GrownCounts {
  readonly sequences: Rows;
  readonly pairs: Rows;
  readonly buckets: readonly CountBucket[];
}

/** Takes what has grown out of a counter, ready to be stored. */
export const takeGrown = (counter: SequenceCounter, partition: number, epoch: number): GrownCounts => {
  const [sequences, pairs] = [new Rows(), new Rows()];
  counter.takeDirty((view) => {
    const rows = view.isPair ? pairs : sequences;
    writeHead(rows.writer, view, partition, epoch);
    if (view.isPair) writePair(rows.writer, view);
    else writeSequence(rows.writer, view);
    rows.ended();
  });
  sequences.close();
  pairs.close();
  return { sequences, pairs, buckets: counter.takeBuckets() };
};

const writeHead = (writer: RowBinaryWriter, view: CountView, partition: number, epoch: number): void => {
  writer.string(view.zoneId);
  writer.u32(view.hourMs / 1000);
  writer.u32s(view.operations);
  writer.u16(partition);
  writer.u64(epoch);
};

const writeSequence = (writer: RowBinaryWriter, view: CountView): void => {
  writer.u8(view.firstLength);
  writer.u64(view.collapsed);
  writer.u64(view.raw);
  writer.u32s(view.sessions);
  writer.u32s(view.rawSessions);
  writer.u32(view.missed);
};

const writePair = (writer: RowBinaryWriter, view: CountView): void => {
  writer.u64(view.collapsed);
  writer.u32s(view.sessions);
  writer.u32(view.missed);
};

export interface Flush {
  readonly partition: number;
  /** Undefined where no record was seen yet. */
  readonly epoch: number | undefined;
  readonly counts: GrownCounts | undefined;
  /** Zones with records since the last flush, those included whose records were too old to count. */
  readonly zones: readonly string[];
  /** Every record before this offset is in `counts` or was stored before. */
  readonly position: number;
}

/** Repeatable: the same rows again, or an older prefix of them, change nothing. */
export const storeCounts = async (storage: Storage, flush: Flush): Promise<void> => {
  const { partition, epoch, counts, zones, position } = flush;
  await storeRows(storage, 'sequence_counts', sequenceColumns, counts?.sequences);
  await storeRows(storage, 'pair_counts', pairColumns, counts?.pairs);
  await storage.insert(
    'count_buckets',
    ['zone_id', 'hour', 'partition', 'epoch', 'position', 'positions', 'threshold', 'undercount', 'dropped'],
    (counts?.buckets ?? []).map((each) => [
      each.zoneId,
      each.hourMs / 1000,
      partition,
      epoch,
      position,
      Object.fromEntries(each.positions.map((count, i) => [i + 1, count])),
      each.threshold,
      each.missed,
      each.dropped,
    ]),
  );
  await storage.insert(
    'zone_progress',
    ['zone_id', 'partition', 'position'],
    zones.map((zone) => [zone, partition, position]),
  );
  await storage.insert('scorer_progress', ['partition', 'position'], [[partition, position]]);
};

const storeRows = async (
  storage: Storage,
  table: string,
  columns: readonly string[],
  rows: Rows | undefined,
): Promise<void> => {
  for (const part of rows?.parts ?? []) await storage.insertBinary(table, columns, part.bytes, part.rows);
};

export interface ClosedEpoch {
  readonly partition: number;
  readonly epoch: number;
  readonly firstOffset: number;
  /** First offset of the epoch after it. */
  readonly endOffset: number;
}

/** The marker row: after every row of the epoch, before the offset moves. */
export const storeClosedEpoch = (storage: Storage, closed: ClosedEpoch): Promise<void> =>
  storage.insert(
    'epochs',
    ['partition', 'epoch', 'first_offset', 'end_offset'],
    [[closed.partition, closed.epoch, closed.firstOffset, closed.endOffset]],
  );
