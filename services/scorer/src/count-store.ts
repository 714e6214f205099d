/** Writes absolute counts, then what has progressed: the order in which readers may trust them. */
import { RowBinaryWriter } from '@precede/clickhouse';
import type { CountBucket, CountView, SequenceCounter } from '@precede/sequence';
import type { Storage } from './storage.ts';

const countColumns = [
  'zone_id',
  'hour',
  'kind',
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
const progressColumns = [
  'zone_id',
  'hour',
  'partition',
  'epoch',
  'position',
  'positions',
  'threshold',
  'undercount',
  'dropped',
];
/** As the enumeration of the table has them. */
const kinds = { sequence: 1, pair: 2 } as const;

/** Rows of one insert: one block on the server, so all of it or nothing is stored; a few MiB. */
const maxInsertRows = 100_000;

/** Rows in parts that are not too large. */
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
  readonly rows: Rows;
  readonly buckets: readonly CountBucket[];
}

/** Takes what has grown out of a counter, ready to be stored. */
export const takeGrown = (counter: SequenceCounter, partition: number, epoch: number): GrownCounts => {
  const rows = new Rows();
  counter.takeDirty((view) => {
    writeCount(rows.writer, view, partition, epoch);
    rows.ended();
  });
  rows.close();
  return { rows, buckets: counter.takeBuckets() };
};

const writeCount = (writer: RowBinaryWriter, view: CountView, partition: number, epoch: number): void => {
  writer.string(view.zoneId);
  writer.u32(view.hourMs / 1000);
  writer.u8(view.isPair ? kinds.pair : kinds.sequence);
  writer.u32s(view.operations);
  writer.u16(partition);
  writer.u64(epoch);
  writer.u8(view.firstLength);
  writer.u64(view.collapsed);
  writer.u64(view.raw);
  writer.u32s(view.sessions);
  writer.u32s(view.rawSessions);
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
  for (const part of flush.counts?.rows.parts ?? [])
    await storage.insertBinary('sequence_counts', countColumns, part.bytes, part.rows);
  await storage.insert('count_progress', progressColumns, progressRows(flush));
};

const progressRows = ({ partition, epoch, counts, zones, position }: Flush): unknown[][] => [
  ...(counts?.buckets ?? []).map((each) => [
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
  // A zone without a bucket had records that were too old, and of the partition itself none may have come.
  ...[...zones, ''].map((zone) => [zone, 0, partition, 0, position, {}, 0, 0, 0]),
];

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
