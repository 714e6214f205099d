/** One sequence over time: its score in the snapshots that are kept, thinned in ClickHouse, and its occurrences by the hour. */
import type { ClickHouse } from '@precede/clickhouse';
import type { ZoneId } from '@precede/contracts';
import { timestamp } from './envelope.ts';
import type { ScoreKind, Sequence } from './sequence-view.ts';
import type { SnapshotMarker } from './snapshots.ts';

/**
 * The newest snapshot of each of so many equal parts of the time there are snapshots for. Markers are few and small; the
 * rows of the chosen snapshots are then found by the key, however many snapshots there are.
 */
const chosen = `SELECT newest.1 AS generation, newest.2 AS computed_at
  FROM (SELECT max((generation, computed_at)) AS newest FROM (
    SELECT computed_at, generation, toUnixTimestamp64Milli(computed_at) AS ms,
      min(ms) OVER () AS first, max(ms) OVER () AS last
    FROM score_snapshots
    WHERE zone_id = {zone:String}
      AND toUnixTimestamp64Milli(computed_at) BETWEEN {from:Int64} AND {to:Int64}
  ) GROUP BY intDiv((ms - first) * {points:UInt16}, last - first + 1))`;

/** ANY: rows that were stored twice are one point. */
const historySql = `WITH chosen AS (${chosen})
SELECT toUnixTimestamp64Milli(c.computed_at) AS computed_ms, s.score AS score, s.low AS low, s.high AS high,
  s.support AS support, s.last_support AS last_support
FROM chosen AS c
LEFT ANY JOIN (
  SELECT computed_at, generation, score, low, high, support, last_support FROM sequence_scores
  WHERE zone_id = {zone:String} AND kind = {kind:String} AND operations = {operations:Array(UInt32)}
    AND (computed_at, generation) IN (SELECT computed_at, generation FROM chosen)
) AS s ON c.computed_at = s.computed_at AND c.generation = s.generation
ORDER BY computed_ms`;

interface HistoryRow {
  readonly computed_ms: number;
  readonly score: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly support: number | null;
  readonly last_support: number | null;
}

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  /** At most so many points. */
  readonly points: number;
}

/** Oldest first. Numbers are null where that snapshot does not hold the sequence, or no longer does. */
export const historyOf = async (
  clickhouse: ClickHouse,
  zoneId: ZoneId,
  { kind, operations }: Sequence,
  { fromMs, toMs, points }: Range,
) => {
  const rows = await clickhouse.query<HistoryRow>(
    historySql,
    { zone: zoneId, kind, operations, from: fromMs, to: toMs, points },
    { settings: { join_use_nulls: 1 } },
  );
  return rows.map(({ computed_ms, ...numbers }) => ({ computed_at: timestamp(computed_ms), ...numbers }));
};

/**
 * What sequence_hours says of one sequence, without unfolding every other: a row stands for its endings from first_length on,
 * and the largest count among the rows of an epoch that stand for a sequence is that of the sequence.
 */
const within = `zone_id = {zone:String} AND hour >= {from:DateTime('UTC')} AND hour <= {to:DateTime('UTC')}`;
const wanted = '{operations:Array(UInt32)}';
const endings = (column: 'occurrences' | 'raw_occurrences'): string => `SELECT hour,
    maxIf(counted, (shortest <= length(${wanted})) AND (arraySlice(operations, -length(${wanted})) = ${wanted})) AS n,
    maxIf(counted, shortest = 1) AS last_n
  FROM (
    SELECT hour, partition, epoch, operations, min(first_length) AS shortest, max(${column}) AS counted
    FROM sequence_counts WHERE ${within} AND kind = 'sequence' AND operations[-1] = ${wanted}[-1]
    GROUP BY hour, partition, epoch, operations
  ) GROUP BY hour, partition, epoch`;
const pairs = `SELECT hour, max(occurrences) AS n, toUInt64(0) AS last_n
  FROM sequence_counts WHERE ${within} AND kind = 'pair' AND operations = ${wanted}
  GROUP BY hour, partition, epoch`;

/** In the form that the score is made of; a pair is counted apart from its last operation. */
const counted = {
  precedence: endings('occurrences'),
  correlation: endings('raw_occurrences'),
  lookback: `SELECT hour, toUInt64(0) AS n, last_n FROM (${endings('occurrences')}) UNION ALL ${pairs}`,
} as const satisfies Record<ScoreKind, string>;

/** Hours in which nothing happened are there, with 0. */
const hoursSql = (
  kind: ScoreKind,
): string => `SELECT toUnixTimestamp(hour) * 1000 AS hour_ms, occurrences, last_occurrences
FROM (
  SELECT hour, sum(n) AS occurrences, sum(last_n) AS last_occurrences FROM (${counted[kind]})
  GROUP BY hour
  ORDER BY hour WITH FILL FROM {from:DateTime('UTC')} TO {to:DateTime('UTC')} + 1 STEP INTERVAL 1 HOUR
) ORDER BY hour`;

interface HourRow {
  readonly hour_ms: number;
  readonly occurrences: number;
  readonly last_occurrences: number;
}

export type Hours = readonly HourRow[];

/** Occurrences in each hour of the window of a snapshot; the last hour whole, also what came after the snapshot. */
export const hoursOf = (
  clickhouse: ClickHouse,
  zoneId: ZoneId,
  { kind, operations }: Sequence,
  marker: SnapshotMarker,
): Promise<Hours> =>
  clickhouse.query<HourRow>(hoursSql(kind), {
    zone: zoneId,
    operations,
    from: Math.floor(marker.from_ms / 1000),
    to: Math.floor(marker.to_ms / 1000),
  });

export const hourView = ({ hour_ms, ...numbers }: HourRow) => ({ hour: timestamp(hour_ms), ...numbers });
