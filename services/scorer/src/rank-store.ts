/** What the ranker reads from and writes to ClickHouse. SQL lives here, decisions in ranker.ts. */
import { RowBinaryReader } from '@precede/clickhouse';
import { MAX_LENGTH, type ScoredSequence, type StoredBucket, type StoredCount } from '@precede/sequence';
import { iso, type Storage } from './storage.ts';

/** Per partition of sequences.v1: every record before this offset is counted. */
export type Positions = ReadonlyMap<number, number>;

export interface Snapshot {
  readonly zoneId: string;
  readonly computedAtMs: number;
  readonly generation: number;
  readonly advanced: number;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly positions: Positions;
  readonly rowCount: number;
  readonly listedCount: number;
  readonly cutCount: number;
  /** The bound that its list was made with. */
  readonly minSessions: number;
  /** The largest of a listed sequence. */
  readonly maxUndercount: number;
}

interface PositionRow {
  readonly zone_id: string;
  readonly partition: number;
  readonly position: number;
}

export const readProgress = async (storage: Storage): Promise<Positions> => {
  const sql =
    "SELECT partition, max(c.position) AS position FROM count_progress AS c WHERE zone_id = '' GROUP BY partition";
  const rows = await storage.clickhouse.query<PositionRow>(sql);
  return new Map(rows.map((row) => [row.partition, row.position]));
};

/** Per zone, the positions of the last flushes that held records of it; none for a zone that is configured only. */
export const readZoneProgress = async (storage: Storage): Promise<Map<string, Positions>> => {
  const sql =
    "SELECT zone_id, partition, max(c.position) AS position FROM count_progress AS c WHERE zone_id != '' AND hour = 0 GROUP BY zone_id, partition";
  const zones = new Map<string, Map<number, number>>();
  const configured = 'SELECT zone_id FROM zones FINAL WHERE is_deleted = 0';
  for (const { zone_id } of await storage.clickhouse.query<{ zone_id: string }>(configured))
    zones.set(zone_id, new Map());
  for (const row of await storage.clickhouse.query<PositionRow>(sql)) {
    const known = zones.get(row.zone_id) ?? new Map<number, number>();
    zones.set(row.zone_id, known.set(row.partition, row.position));
  }
  return zones;
};

interface SnapshotRow {
  readonly computed_ms: number;
  readonly generation: number;
  readonly advanced: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly row_count: number;
  readonly listed_count: number;
  readonly cut_count: number;
  readonly min_sessions: number;
  readonly max_undercount: number;
}

export const readSnapshot = async (storage: Storage, zoneId: string): Promise<Snapshot | undefined> => {
  const sql = `SELECT toUnixTimestamp64Milli(computed_at) AS computed_ms, generation, advanced,
    1000 * toUnixTimestamp(window_from) AS from_ms, toUnixTimestamp64Milli(window_to) AS to_ms,
    positions, row_count, listed_count, cut_count, min_sessions, max_undercount FROM newest_snapshots WHERE zone_id = {zone:String}`;
  const [row] = await storage.clickhouse.query<SnapshotRow>(sql, { zone: zoneId });
  if (row === undefined) return undefined;
  return {
    zoneId,
    computedAtMs: row.computed_ms,
    generation: row.generation,
    advanced: row.advanced,
    windowFromMs: row.from_ms,
    windowToMs: row.to_ms,
    positions: new Map(Object.entries(row.positions).map(([key, value]) => [Number(key), value])),
    rowCount: row.row_count,
    listedCount: row.listed_count,
    cutCount: row.cut_count,
    minSessions: row.min_sessions,
    maxUndercount: row.max_undercount,
  };
};

/** What each hour of a zone holds, and how far its counts are stored. */
export interface HourBuckets {
  readonly buckets: readonly StoredBucket[];
  /** Another text when there is something new. */
  readonly version: string;
}

interface BucketRow {
  readonly hour_ms: number;
  readonly partition: number;
  readonly epoch: number;
  readonly position: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly threshold: number;
  readonly undercount: number;
  readonly dropped: number;
}

const bucketsSql = `SELECT toUnixTimestamp(hour) * 1000 AS hour_ms, partition, epoch, max(c.position) AS position,
    maxMap(c.positions) AS positions, max(c.threshold) AS threshold, max(c.undercount) AS undercount, max(c.dropped) AS dropped
  FROM count_progress AS c
  WHERE zone_id = {zone:String} AND hour >= {from:DateTime('UTC')} AND hour <= {to:DateTime('UTC')}
  GROUP BY hour, partition, epoch ORDER BY hour, partition, epoch`;

/** By start of the hour, ms. */
export const readBuckets = async (
  storage: Storage,
  window: { readonly zoneId: string; readonly fromMs: number; readonly toMs: number },
): Promise<Map<number, HourBuckets>> => {
  const rows = await storage.clickhouse.query<BucketRow>(bucketsSql, {
    zone: window.zoneId,
    from: Math.floor(window.fromMs / 1000),
    to: Math.floor(window.toMs / 1000),
  });
  const hours = new Map<number, { buckets: StoredBucket[]; version: string }>();
  for (const row of rows) {
    const hour = hours.get(row.hour_ms) ?? { buckets: [], version: '' };
    hours.set(row.hour_ms, hour);
    hour.version += `${row.partition}/${row.epoch}:${row.position} `;
    hour.buckets.push({
      partition: row.partition,
      epoch: row.epoch,
      positions: Array.from({ length: MAX_LENGTH }, (_, i) => row.positions[i + 1] ?? 0),
      threshold: row.threshold,
      missed: row.undercount,
      dropped: row.dropped,
    });
  }
  return hours;
};

/** Shorter sequences of a group first: where rows overlap the shorter has the larger count. A pair stands for itself alone. */
const hourSql = `SELECT partition, epoch, operations, min(first_length) AS f, max(occurrences) AS c, max(raw_occurrences) AS r,
    groupUniqArrayArray(raw_sessions) AS rs, groupUniqArrayArray(sessions) AS s, max(undercount) AS u
  FROM sequence_counts
  WHERE zone_id = {zone:String} AND hour = {hour:DateTime('UTC')} AND kind = {kind:String}
  GROUP BY operations, partition, epoch HAVING greatest(c, r) > {above:UInt64}
  ORDER BY partition, epoch, length(operations)`;

export type CountKind = 'sequence' | 'pair';

/** The rows of one hour of a zone with more than `above` occurrences, groups together, shorter ones first. */
export const readHour = async (
  storage: Storage,
  kind: CountKind,
  { zoneId, hourMs, above }: { readonly zoneId: string; readonly hourMs: number; readonly above: number },
): Promise<StoredCount[]> => {
  const params = { zone: zoneId, hour: hourMs / 1000, kind, above };
  const reader = new RowBinaryReader(await storage.clickhouse.queryBinary(hourSql, params));
  const rows: StoredCount[] = [];
  while (!reader.isAtEnd) rows.push(countRow(reader));
  return rows;
};

const countRow = (reader: RowBinaryReader): StoredCount => {
  const [partition, epoch, operations] = [reader.u16(), reader.u64(), reader.u32s()];
  const [firstLength, collapsed, raw] = [reader.u8(), reader.u64(), reader.u64()];
  const [rawSessions, sessions, missed] = [reader.u32s(), reader.u32s(), reader.u32()];
  return { partition, epoch, operations, firstLength, collapsed, raw, sessions, rawSessions, missed };
};

/** The smallest count that leaves at most `maxRows` rows above it; 0: all fit. */
export const thresholdFor = async (
  storage: Storage,
  kind: CountKind,
  { zoneId, hourMs, maxRows }: { readonly zoneId: string; readonly hourMs: number; readonly maxRows: number },
): Promise<{ readonly above: number; readonly cut: number }> => {
  const params = { zone: zoneId, hour: hourMs / 1000, kind, limit: maxRows };
  const where = "zone_id = {zone:String} AND hour = {hour:DateTime('UTC')} AND kind = {kind:String}";
  const [stored] = await storage.clickhouse.query<{ n: number }>(
    `SELECT count() AS n FROM sequence_counts WHERE ${where}`,
    params,
  );
  if ((stored?.n ?? 0) <= maxRows) return { above: 0, cut: 0 };
  const counts = `SELECT greatest(max(occurrences), max(raw_occurrences)) AS most FROM sequence_counts WHERE ${where} GROUP BY operations, partition, epoch`;
  const [found] = await storage.clickhouse.query<{ above: number; cut: number }>(
    `SELECT t.above AS above, countIf(most <= above) AS cut FROM (${counts}) AS c
     CROSS JOIN (SELECT if(count() > {limit:UInt64}, arrayElement(arrayReverseSort(groupArray(most)), {limit:UInt64} + 1), 0) AS above FROM (${counts})) AS t
     GROUP BY t.above`,
    params,
  );
  return found ?? { above: 0, cut: 0 };
};

export type Scored = readonly (readonly ['precedence' | 'correlation' | 'lookback', ScoredSequence])[];

const scoreColumns = [
  'zone_id',
  'computed_at',
  'generation',
  'kind',
  'operations',
  'score',
  'low',
  'high',
  'support',
  'last_support',
  'sessions',
  'undercount',
  'is_listed',
];

/**
 * Rows first, the marker last: half a snapshot is none. Rows of a try that failed may be stored all the same, so `draft`
 * gives each try a generation of its own: what no marker names is nobody's. Returns what was stored.
 */
export const storeSnapshot = async (
  storage: Storage,
  draft: () => Snapshot,
  scored: Scored,
): Promise<Snapshot> => {
  const stored = await storage.run(async () => {
    const snapshot = draft();
    await storage.insertOnce('sequence_scores', scoreColumns, scoreRows(snapshot, scored));
    return snapshot;
  });
  await storeMarkers(storage, [stored]);
  return stored;
};

const scoreRows = ({ zoneId, computedAtMs, generation }: Snapshot, scored: Scored): unknown[][] =>
  scored.map(([kind, s]) => [
    zoneId,
    iso(computedAtMs),
    generation,
    kind,
    s.operations,
    s.score,
    s.low,
    s.high,
    s.support,
    s.lastSupport,
    s.sessions,
    s.undercount,
    s.isListed ? 1 : 0,
  ]);

const markerColumns = [
  'zone_id',
  'computed_at',
  'generation',
  'advanced',
  'window_from',
  'window_to',
  'positions',
  'row_count',
  'listed_count',
  'cut_count',
  'min_sessions',
  'max_undercount',
];

export const storeMarkers = (storage: Storage, snapshots: readonly Snapshot[]): Promise<void> =>
  storage.insert(
    'score_snapshots',
    markerColumns,
    snapshots.map((s) => [
      s.zoneId,
      iso(s.computedAtMs),
      s.generation,
      s.advanced,
      Math.floor(s.windowFromMs / 1000),
      iso(s.windowToMs),
      Object.fromEntries(s.positions),
      s.rowCount,
      s.listedCount,
      s.cutCount,
      s.minSessions,
      s.maxUndercount,
    ]),
  );
