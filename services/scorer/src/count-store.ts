/** Writes absolute counts, then what has progressed: the order in which readers may trust them. */
import { type CountRow, Form } from '@precede/sequence';
import type { Storage } from './storage.ts';

const countColumns = [
  'zone_id',
  'form',
  'hour',
  'operations',
  'partition',
  'epoch',
  'occurrences',
  'sessions',
];
const pairColumns = countColumns.filter((name) => name !== 'form');

export interface Flush {
  readonly partition: number;
  /** Undefined where no record was seen yet. */
  readonly epoch: number | undefined;
  readonly rows: readonly CountRow[];
  /** Zones with records since the last flush, those included whose records were too old to count. */
  readonly zones: readonly string[];
  /** Every record before this offset is in `rows` or was stored before. */
  readonly position: number;
}

/** Repeatable: the same rows again, or an older prefix of them, change nothing. */
export const storeCounts = async (storage: Storage, flush: Flush): Promise<void> => {
  const { partition, epoch, rows, zones, position } = flush;
  const tail = (row: CountRow): unknown[] => [
    row.hourMs / 1000,
    row.operations,
    partition,
    epoch,
    row.occurrences,
    row.sessions,
  ];
  const [pairs, sequences] = [
    rows.filter((row) => row.form === Form.pair),
    rows.filter((row) => row.form !== Form.pair),
  ];
  await storage.insert(
    'sequence_counts',
    countColumns,
    sequences.map((row) => [row.zoneId, row.form, ...tail(row)]),
  );
  await storage.insert(
    'pair_counts',
    pairColumns,
    pairs.map((row) => [row.zoneId, ...tail(row)]),
  );
  await storage.insert(
    'zone_progress',
    ['zone_id', 'partition', 'position'],
    zones.map((zone) => [zone, partition, position]),
  );
  await storage.insert('scorer_progress', ['partition', 'position'], [[partition, position]]);
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
