/**
 * Sessions that show a sequence, and sessions in which its last operation came without being preceded so. Only closed
 * windows are stored. Bounded: the newest `maxExamined` windows of the snapshot's time are looked through, within a few
 * seconds. The arrays are compared with shifted copies of themselves: a lambda that captured them would cost length².
 */
import type { ClickHouse } from '@precede/clickhouse';
import type { ShortId, ZoneSnapshot } from '@precede/contracts';
import { timestamp } from './envelope.ts';
import { type Names, namesOf, operationOf, type ScoreKind, type Sequence } from './sequence-view.ts';
import type { SnapshotMarker } from './snapshots.ts';

const maxExamined = 20_000;
const maxExecutionSeconds = 5;
/** Operations an enforcer looks back, and those shown before an operation that came without. */
const lookback = 9;

const settings = { max_execution_time: maxExecutionSeconds };

/** A session that ended within the window. FINAL: a record written twice is one session. */
const examined = `SELECT session_id, source, first, last, length, operations, times, cut, ended, topic, partition, offset
  FROM sessions FINAL
  WHERE zone_id = {zone:String}
    AND last >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND last <= fromUnixTimestamp64Milli({to:Int64}, 'UTC')
  ORDER BY last DESC, topic DESC, partition DESC, offset DESC
  LIMIT ${maxExamined}`;

/** The path of a session in the form the sequence is counted in, with the time that each step began. */
const isStep = '(x, i, o, before) -> i = 1 OR o != before';
const stepped = (array: string): string =>
  `arrayFilter(${isStep}, ${array}, arrayEnumerate(operations), operations, arrayShiftRight(operations, 1))`;
const pathOf = (kind: ScoreKind) =>
  kind === 'correlation'
    ? { path: 'operations', begun: 'times' }
    : { path: stepped('operations'), begun: stepped('times') };

const wanted = (i: number): string => `{operations:Array(UInt32)}[${i}]`;
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Whether step i, which is the last operation, is preceded as the sequence says; b1 is the step before it, and so on. */
const isPreceded = (kind: ScoreKind, length: number): string =>
  kind === 'lookback'
    ? upTo(lookback)
        .map((k) => `(i > ${k} AND b${k} = ${wanted(1)})`)
        .join(' OR ')
    : [`i >= ${length}`, ...upTo(length - 1).map((k) => `b${k} = ${wanted(length - k)}`)].join(' AND ');

/**
 * Of a session whose oldest operations were cut, a place so near the beginning that they would decide it is left out.
 * `places` are the steps that fit, for each of the two sides.
 */
const examplesSql = (kind: ScoreKind, length: number): string => {
  const { path, begun } = pathOf(kind);
  const reach = kind === 'lookback' ? lookback : length - 1;
  const names = upTo(reach).map((k) => `b${k}`);
  const shifted = upTo(reach).map((k) => `arrayShiftRight(path, ${k})`);
  const fitting = (isWith: boolean): string =>
    `arrayFilter((i, o, ${names.join(', ')}) -> o = ${wanted(length)} AND ${
      isWith
        ? `(${isPreceded(kind, length)})`
        : `(cut = 0 OR i > ${reach}) AND NOT (${isPreceded(kind, length)})`
    }, arrayEnumerate(path), path, ${shifted.join(', ')})`;
  const found = `SELECT session_id, source, first, last, length, cut, ended, topic, partition, offset, path, begun,
      arrayJoin([(1, ${fitting(true)}), (0, ${fitting(false)})]) AS side
    FROM (SELECT *, ${path} AS path, ${begun} AS begun FROM (${examined}) WHERE has(operations, ${wanted(length)}))`;
  // A pair is shown from the nearest start on, a sequence whole, and what came without with all that an enforcer would see.
  const from = {
    lookback: `place - indexOf(arrayReverse(arraySlice(path, greatest(1, place - ${lookback}), least(${lookback}, place - 1))), ${wanted(1)})`,
    correlation: `place - ${length - 1}`,
    precedence: `place - ${length - 1}`,
  }[kind];
  return `SELECT side.1 AS is_with, session_id, source, toUnixTimestamp64Milli(first) AS first_ms,
    toUnixTimestamp64Milli(last) AS last_ms, length, cut, ended, length(side.2) AS places,
    toInt64(side.2[-1]) AS place, if(is_with = 1, ${from}, greatest(1, place - ${lookback})) AS begin,
    arraySlice(path, begin, place - begin + 1) AS steps,
    arrayMap(t -> toUnixTimestamp64Milli(t), arraySlice(begun, begin, place - begin + 1)) AS step_times
  FROM (${found}) WHERE notEmpty(side.2)
  ORDER BY last DESC, topic DESC, partition DESC, offset DESC
  LIMIT {examples:UInt8} BY is_with`;
};

const examinedSql = `SELECT count() AS examined FROM (SELECT 1 FROM (${examined}))`;

interface ExampleRow {
  readonly is_with: number;
  readonly session_id: string;
  readonly source: string;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly length: number;
  readonly cut: number;
  readonly ended: string;
  readonly places: number;
  readonly steps: readonly ShortId[];
  readonly step_times: readonly number[];
}

/** At most `examples` sessions of either side, newest first. */
export const examplesOf = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  { kind, operations }: Sequence,
  marker: SnapshotMarker,
  examples: number,
) => {
  const range = { zone: zone.zoneId, from: marker.from_ms, to: marker.to_ms };
  const [counted] = await clickhouse.query<{ examined: number }>(examinedSql, range, { settings });
  const rows = await clickhouse.query<ExampleRow>(
    examplesSql(kind, operations.length),
    { ...range, operations, examples },
    { settings },
  );
  const names = await namesOf(
    clickhouse,
    zone,
    rows.flatMap((row) => row.steps),
  );
  const side = (isWith: number) =>
    rows.filter((row) => row.is_with === isWith).map((row) => exampleView(row, names));
  const count = counted?.examined ?? 0;
  return { examined: count, is_all: count < maxExamined, with: side(1), without: side(0) };
};

const exampleView = (row: ExampleRow, names: Names) => ({
  session_id: row.session_id,
  source: row.source,
  first: timestamp(row.first_ms),
  last: timestamp(row.last_ms),
  length: row.length,
  cut: row.cut,
  ended: row.ended,
  places: row.places,
  steps: row.steps.map((id, i) => ({ ...operationOf(names, id), time: timestamp(row.step_times[i] ?? 0) })),
});
