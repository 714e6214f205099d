/** A control beside an embedded ClickHouse with scores as the scorer writes them. */
import {
  type ClickHouse,
  connectClickHouse,
  type EmbeddedClickHouse,
  migrate,
  startEmbeddedClickHouse,
} from '@precede/clickhouse';
import {
  type Harness,
  makeOperations,
  makeZone,
  startHarness,
  withDirectory,
  zoneId,
} from './harness.test-kit.ts';

/** Operations are given by their place among those of the kit; another place stands for this one, which is not saved. */
export const deletedShortId = 0xdeadbeef;

export type ScoreRow = readonly [
  kind: string,
  operations: readonly number[],
  score: number,
  support: number,
  isListed?: number,
];

export interface Computed {
  readonly computedMs: number;
  readonly generation: number;
  readonly zone?: string;
}

export interface Marked extends Computed {
  readonly advanced?: number;
  readonly positions?: Readonly<Record<string, number>>;
  readonly rowCount?: number;
  readonly listedCount?: number;
  readonly fromMs?: number;
}

export interface ScoresKit {
  readonly server: EmbeddedClickHouse;
  readonly clickhouse: ClickHouse;
  readonly control: Harness;
  /** GET /a, /b, /c of api.example.com and GET /d of other.example.com. */
  readonly ids: readonly string[];
  readonly shorts: readonly number[];
  store(of: Computed, rows: readonly ScoreRow[]): Promise<void>;
  mark(of: Marked): Promise<void>;
  close(): Promise<void>;
}

export const seconds = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
export const millis = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace('T', ' ');

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
];

const storing =
  (clickhouse: ClickHouse, shorts: readonly number[]): ScoresKit['store'] =>
  ({ computedMs, generation, zone = zoneId }, rows) =>
    clickhouse.insert(
      'sequence_scores',
      scoreColumns,
      rows.map(([kind, operations, score, support, isListed = 1]) => [
        zone,
        millis(computedMs),
        generation,
        kind,
        operations.map((i) => shorts[i] ?? deletedShortId),
        score,
        score / 2,
        score,
        support,
        1_000,
        7,
        isListed,
      ]),
    );

/** As a ranker does, a later snapshot tells of all positions that one before it told of. */
const marking = (clickhouse: ClickHouse): ScoresKit['mark'] => {
  const told = new Map<string, Record<string, number>>();
  return ({ computedMs, generation, zone = zoneId, ...rest }) => {
    const hour = 3_600_000;
    const fromMs = rest.fromMs ?? Math.floor(computedMs / hour) * hour - 24 * hour;
    const { advanced = 0, rowCount = 1, listedCount = 1 } = rest;
    const positions = { ...told.get(zone), ...rest.positions };
    told.set(zone, positions);
    const row = [zone, millis(computedMs), generation, advanced, seconds(fromMs), millis(computedMs)];
    return clickhouse.insert('score_snapshots', markerColumns, [
      [...row, positions, rowCount, listedCount, 0],
    ]);
  };
};

export const startScoresKit = async (): Promise<ScoresKit> => {
  const directory = await withDirectory();
  const server = await startEmbeddedClickHouse({ dir: directory.dir, httpPort: 0 });
  const { url, username, password } = server;
  const clickhouse = connectClickHouse({
    url,
    database: 'precede',
    username,
    password,
    requestTimeoutMs: 10_000,
  });
  await migrate(clickhouse, {});
  const control = await startHarness({ clickhouse });
  await makeZone(control);
  const ids = [
    ...(await makeOperations(control, ['/a', '/b', '/c'])),
    ...(await makeOperations(control, ['/d'], 'other.example.com')),
  ];
  const shorts = ids.map((id) => Number.parseInt(id.slice(0, 8), 16));
  const close = async (): Promise<void> => {
    await control.close();
    await clickhouse.close();
    await server.close();
    await directory.remove();
  };
  const [store, mark] = [storing(clickhouse, shorts), marking(clickhouse)];
  return { server, clickhouse, control, ids, shorts, store, mark, close };
};
