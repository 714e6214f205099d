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

/** In which form the occurrences of a sequence, and of its last operation, are counted. */
const forms = {
  precedence: ['collapsed', 'collapsed'],
  correlation: ['raw', 'raw'],
  lookback: ['pair', 'collapsed'],
} as const satisfies Record<ScoreKind, readonly [string, string]>;

/** Hours in which nothing happened are there, with 0. */
const hoursSql = `SELECT toUnixTimestamp(hour) * 1000 AS hour_ms,
  sumIf(n, (f = {form:String}) AND (s = {operations:Array(UInt32)})) AS occurrences,
  sumIf(n, (f = {last_form:String}) AND (s = {last:Array(UInt32)})) AS last_occurrences
FROM (
  SELECT hour, toString(form) AS f, operations AS s, occurrences AS n FROM sequence_hours
  WHERE zone_id = {zone:String} AND hour >= {from:DateTime('UTC')} AND hour <= {to:DateTime('UTC')}
    AND form IN ({form:String}, {last_form:String})
    AND operations IN ({operations:Array(UInt32)}, {last:Array(UInt32)})
)
GROUP BY hour
ORDER BY hour WITH FILL FROM {from:DateTime('UTC')} TO {to:DateTime('UTC')} + 1 STEP INTERVAL 1 HOUR`;

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
  clickhouse.query<HourRow>(hoursSql, {
    zone: zoneId,
    form: forms[kind][0],
    last_form: forms[kind][1],
    operations,
    last: operations.slice(-1),
    from: Math.floor(marker.from_ms / 1000),
    to: Math.floor(marker.to_ms / 1000),
  });

export const hourView = ({ hour_ms, ...numbers }: HourRow) => ({ hour: timestamp(hour_ms), ...numbers });
