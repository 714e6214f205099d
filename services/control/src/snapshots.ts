/**
 * Which snapshot of scores an answer is made from: the newest, or the newest computed at or before a time. A marker is written
 * behind all rows of its snapshot, so rows without one are never read; unlisted rows go after 3 hours, all after 7 days.
 */
import type { ClickHouse } from '@precede/clickhouse';
import { timestamp } from './envelope.ts';

export interface SnapshotMarker {
  readonly computed_ms: number;
  readonly generation: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly row_count: number;
  readonly listed_count: number;
  readonly cut_count: number;
  readonly min_sessions: number;
  readonly max_undercount: number;
}

/**
 * The one that counted most of the log, as in the view newest_snapshots: two rankers at one time may have told in another
 * order than that of their generations. Read backwards along the key, so that the newest thousand end it.
 */
const markerSql = (condition: string): string => `SELECT
  toUnixTimestamp64Milli(computed_at) AS computed_ms,
  generation,
  toUnixTimestamp(window_from) * 1000 AS from_ms,
  toUnixTimestamp64Milli(window_to) AS to_ms,
  positions,
  row_count,
  listed_count,
  cut_count,
  min_sessions,
  max_undercount
FROM (SELECT * FROM score_snapshots WHERE zone_id = {zone:String}${condition} ORDER BY generation DESC, advanced DESC LIMIT 1000)
ORDER BY arraySum(mapValues(positions)) DESC, generation DESC, advanced DESC LIMIT 1`;

const newest = markerSql('');
const newestAt = markerSql(' AND toUnixTimestamp64Milli(computed_at) <= {at:Int64}');

/** The newest complete snapshot, or the one that was the newest at a time. */
export const markerAt = async (
  clickhouse: ClickHouse,
  zoneId: string,
  atMs?: number,
): Promise<SnapshotMarker | undefined> => {
  const rows =
    atMs === undefined
      ? await clickhouse.query<SnapshotMarker>(newest, { zone: zoneId })
      : await clickhouse.query<SnapshotMarker>(newestAt, { zone: zoneId, at: atMs });
  return rows[0];
};

/** Where sequence_scores is asked for one snapshot. Its parameters are those of `snapshotParams`. */
export const ofSnapshot = `zone_id = {zone:String}
  AND computed_at = fromUnixTimestamp64Milli({computed:Int64}, 'UTC')
  AND generation = {generation:UInt64}`;

export const snapshotParams = (zoneId: string, marker: SnapshotMarker) => ({
  zone: zoneId,
  computed: marker.computed_ms,
  generation: marker.generation,
});

export interface Kept {
  /** False: rows that were listed are gone, so nothing true can be said. */
  readonly hasListed: boolean;
  readonly hasUnlisted: boolean;
}

/** The marker says how many rows there were; rows expire in the order they were written, not all at one moment. */
export const keptOf = async (
  clickhouse: ClickHouse,
  zoneId: string,
  marker: SnapshotMarker,
): Promise<Kept> => {
  const [row] = await clickhouse.query<{ listed: number; unlisted: number }>(
    `SELECT countIf(is_listed = 1) AS listed, countIf(is_listed = 0) AS unlisted FROM sequence_scores WHERE ${ofSnapshot}`,
    snapshotParams(zoneId, marker),
  );
  return {
    hasListed: (row?.listed ?? 0) >= marker.listed_count,
    hasUnlisted: (row?.unlisted ?? 0) >= marker.row_count - marker.listed_count,
  };
};

export const snapshotView = (marker: SnapshotMarker) => ({
  computed_at: timestamp(marker.computed_ms),
  window: { from: timestamp(marker.from_ms), to: timestamp(marker.to_ms) },
  is_exact: marker.cut_count === 0,
  max_undercount: marker.max_undercount,
});

export const expiredText = (marker: SnapshotMarker): string =>
  `the scores computed at ${timestamp(marker.computed_ms)} are no longer kept whole (7 days)`;

/** Why there is no snapshot: nothing is computed yet, or nothing so old is kept. */
export const missingText = async (
  clickhouse: ClickHouse,
  zoneId: string,
  atMs: number | undefined,
): Promise<string> => {
  const [row] = await clickhouse.query<{ count: number; oldest_ms: number }>(
    `SELECT count() AS count, toUnixTimestamp64Milli(min(computed_at)) AS oldest_ms FROM score_snapshots
    WHERE zone_id = {zone:String}`,
    { zone: zoneId },
  );
  if (atMs === undefined || row === undefined || row.count === 0)
    return 'no scores are computed for this zone yet';
  return `no scores computed at or before ${timestamp(atMs)} are kept; the oldest are of ${timestamp(row.oldest_ms)}`;
};
