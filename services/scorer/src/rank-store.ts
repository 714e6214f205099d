/** What the ranker reads from and writes to ClickHouse. SQL lives here, decisions in ranker.ts. */
import type { ScoredSequence, SequenceCount } from '@precede/sequence';
import type { Storage } from './storage.ts';

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
}

interface PositionRow {
  readonly zone_id: string;
  readonly partition: number;
  readonly position: number;
}

export const readProgress = async (storage: Storage): Promise<Positions> => {
  const sql = 'SELECT partition, max(position) AS position FROM scorer_progress GROUP BY partition';
  const rows = await storage.clickhouse.query<PositionRow>(sql);
  return new Map(rows.map((row) => [row.partition, row.position]));
};

/** Per zone, the positions of the last flushes that held records of it; none for a zone that is configured only. */
export const readZoneProgress = async (storage: Storage): Promise<Map<string, Positions>> => {
  const sql =
    'SELECT zone_id, partition, max(position) AS position FROM zone_progress GROUP BY zone_id, partition';
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
}

export const readSnapshot = async (storage: Storage, zoneId: string): Promise<Snapshot | undefined> => {
  const sql = `SELECT toUnixTimestamp64Milli(computed_at) AS computed_ms, generation, advanced,
    1000 * toUnixTimestamp(window_from) AS from_ms, toUnixTimestamp64Milli(window_to) AS to_ms,
    positions, row_count, listed_count, cut_count, min_sessions FROM newest_snapshots WHERE zone_id = {zone:String}`;
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
  };
};

export interface Window {
  readonly zoneId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Rarest and longest beyond it are left out: what is left is closed under beginnings and endings. */
  readonly maxSequences: number;
}

interface CountRow {
  readonly operations: number[];
  readonly occurrences: number;
  readonly sessions: number;
}

/** Maximum within an epoch, sum over epochs, partitions and hours; the sketch as a number of sessions. */
const summed = (table: string, where: string): string => `SELECT operations, sum(counted) AS occurrences,
    arraySlice(arraySort(groupUniqArrayArray(sketch)), 1, 16) AS smallest,
    if(length(smallest) < 16, length(smallest), toUInt64(round(15 / ((smallest[16] + 1) / pow(2, 52))))) AS sessions
  FROM (
    SELECT hour, operations, max(occurrences) AS counted, groupUniqArrayArray(sessions) AS sketch
    FROM ${table}
    WHERE zone_id = {zone:String} AND hour >= {from:DateTime('UTC')} AND hour <= {to:DateTime('UTC')} ${where}
    GROUP BY hour, operations, partition, epoch
  ) GROUP BY operations`;

const source = {
  collapsed: summed('sequence_counts', "AND form = 'collapsed'"),
  raw: summed('sequence_counts', "AND form = 'raw'"),
  pair: summed('pair_counts', ''),
} as const;

export interface Counts {
  readonly counts: SequenceCount[];
  readonly cutCount: number;
}

export const readCounts = async (
  storage: Storage,
  form: keyof typeof source,
  window: Window,
): Promise<Counts> => {
  const params = {
    zone: window.zoneId,
    from: Math.floor(window.fromMs / 1000),
    to: Math.floor(window.toMs / 1000),
    limit: window.maxSequences,
  };
  const sql = `SELECT operations, occurrences, sessions, count() OVER () AS distinct FROM (${source[form]})
    ORDER BY occurrences DESC, length(operations), operations LIMIT {limit:UInt32}`;
  const counts = await storage.clickhouse.query<CountRow & { distinct: number }>(sql, params);
  return { counts, cutCount: (counts[0]?.distinct ?? 0) - counts.length };
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
  'is_listed',
];

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** Rows first, the marker last: half a snapshot is none. */
export const storeSnapshot = async (storage: Storage, snapshot: Snapshot, scored: Scored): Promise<void> => {
  const head = [snapshot.zoneId, iso(snapshot.computedAtMs), snapshot.generation];
  const rows = scored.map(([kind, s]) => [
    ...head,
    kind,
    s.operations,
    s.score,
    s.low,
    s.high,
    s.support,
    s.lastSupport,
    s.sessions,
    s.isListed ? 1 : 0,
  ]);
  await storage.insert('sequence_scores', scoreColumns, rows);
  await storeMarkers(storage, [snapshot]);
};

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
    ]),
  );
