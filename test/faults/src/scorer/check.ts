/**
 * Compares what ClickHouse holds with a recount of sequences.v1: every count of every hour, every snapshot of scores that
 * was seen while the run went on, and every snapshot that was ever told of.
 */
import type { ClickHouse } from '@precede/clickhouse';
import { type SequenceObserved, sequenceFromAvro, Topic } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { type Form, hourOf, Recount, sketchOf } from './recount.ts';
import type { Sample } from './watch.ts';

interface Recorded {
  readonly offset: number;
  readonly epoch: number;
  readonly event: SequenceObserved;
}

export interface Truth {
  /** By partition, in offset order; those too old to count left out. */
  readonly records: readonly (readonly Recorded[])[];
  readonly ends: readonly number[];
  readonly tooOld: number;
}

const hourMs = 3_600_000;

/** What is in the log now, as of a clock that stands still. */
export const readTruth = async (log: EventLog, nowMs: number): Promise<Truth> => {
  const ends = await log.endOffsets(Topic.sequences);
  const records = ends.map((): Recorded[] => []);
  let tooOld = 0;
  let failure: unknown;
  const tail = await log.tail({
    topic: Topic.sequences,
    onRecords: async (batch) => {
      await log.codec.prepare(
        Topic.sequences,
        batch.map((record) => record.value),
      );
      for (const { partition, offset, appendTimeMs, value } of batch) {
        const event = sequenceFromAvro(log.codec.decode(Topic.sequences, value as Buffer));
        if (hourOf(event.timeMs) < hourOf(nowMs) - 24 * hourMs) tooOld += 1;
        else records[partition]?.push({ offset, epoch: epochOf(offset, appendTimeMs), event });
      }
    },
    onError: (error) => {
      failure ??= error;
    },
  });
  await tail.caughtUp;
  await tail.close();
  if (failure !== undefined) throw failure;
  return { records, ends, tooOld };
};

/** By ADR 4; append times never fall here. */
const epochOf = (offset: number, appendTimeMs: number): number =>
  Math.floor(appendTimeMs / hourMs) * 2 ** 32 + Math.floor(offset / 524_288);

export interface Checked {
  /** Counts of an hour. */
  readonly counts: number;
  /** Of these, those the tables have less of than there is; 0 within the budget. */
  readonly short: number;
  readonly occurrences: number;
  readonly dropped: number;
  readonly snapshots: number;
  readonly samples: number;
  readonly sampledScores: number;
  /** What is wrong, the first of each kind. */
  readonly faults: readonly string[];
}

export interface CheckOptions {
  readonly truth: Truth;
  readonly samples: readonly Sample[];
  readonly isExact: boolean;
}

export const check = async (clickhouse: ClickHouse, options: CheckOptions): Promise<Checked> => {
  const faults = new Faults();
  const counted = await checkCounts(clickhouse, options, faults);
  if (!options.isExact) await checkRows(clickhouse, options.truth, faults);
  const snapshots = await checkSnapshots(clickhouse, faults);
  const sampledScores = checkSamples(options, faults);
  checkNewest(options, faults);
  return { ...counted, snapshots, samples: options.samples.length, sampledScores, faults: faults.told };
};

/** Keeps the first few of each kind, and how many there were. */
class Faults {
  readonly #kinds = new Map<string, string[]>();

  add(kind: string, what: string): void {
    const known = this.#kinds.get(kind) ?? [];
    known.push(what);
    this.#kinds.set(kind, known);
  }

  get told(): string[] {
    return [...this.#kinds].map(
      ([kind, all]) => `${all.length} times ${kind}: ${all.slice(0, 3).join(' · ')}`,
    );
  }
}

// Counts --------------------------------------------------------------------------------------------------------------

interface CountRow {
  readonly zone_id: string;
  readonly form: string;
  readonly at: number;
  readonly operations: readonly number[];
  readonly occurrences: number;
  readonly sketch: readonly number[];
}

interface BoundRow {
  readonly zone_id: string;
  readonly at: number;
  readonly bound: number;
  readonly dropped: number;
}

const checkCounts = async (
  clickhouse: ClickHouse,
  { truth, isExact }: CheckOptions,
  faults: Faults,
): Promise<Pick<Checked, 'counts' | 'short' | 'occurrences' | 'dropped'>> => {
  const recount = new Recount();
  for (const { event } of truth.records.flat())
    recount.add(event, `${event.zoneId} ${hourOf(event.timeMs)} `);
  const bounds = await readBounds(clickhouse);
  const rows = await clickhouse.query<CountRow>(
    'SELECT zone_id, form, toUnixTimestamp(hour) * 1000 AS at, operations, occurrences, sketch FROM sequence_hours',
  );
  const seen = new Set<string>();
  let [short, occurrences] = [0, 0];
  for (const row of rows) {
    const key = `${row.zone_id} ${row.at} ${row.form} ${row.operations}`;
    if (seen.has(key)) faults.add('a count that is there twice', key);
    seen.add(key);
    const expected = recount.counts.get(key);
    const actual = expected?.occurrences ?? 0;
    occurrences += row.occurrences;
    const bound = bounds.get(`${row.zone_id} ${row.at}`) ?? 0;
    const difference = `${key}: ${row.occurrences} stored (bound ${bound}), ${actual} recounted`;
    if (row.occurrences > actual) faults.add('counted too often', difference);
    if (row.occurrences + bound < actual) faults.add('counted too seldom', difference);
    if (row.occurrences < actual) short += 1;
    if (isExact && !hasSessions(row, recount)) faults.add('other sessions than recounted', key);
  }
  for (const [key, { occurrences: missing }] of recount.counts) {
    if (seen.has(key)) continue;
    short += 1;
    const [zoneId, at] = key.split(' ');
    const bound = bounds.get(`${zoneId} ${at}`) ?? 0;
    if (missing > bound) faults.add('not stored', `${key}: ${missing} recounted, bound ${bound}`);
  }
  const dropped = [...bounds.dropped.values()].reduce((sum, each) => sum + each, 0);
  if (isExact && (short > 0 || dropped > 0)) faults.add('not exact', `${short} short, ${dropped} dropped`);
  return { counts: recount.counts.size, short, occurrences, dropped };
};

/**
 * Each session, and none besides. A single operation has one sketch for both forms, which differ where a run of repeats
 * began an hour before: a session that has only repeated it may be there too.
 */
const hasSessions = ({ zone_id, at, form, operations, sketch }: CountRow, recount: Recount): boolean => {
  const of = (each: string): ReadonlySet<number> =>
    recount.counts.get(`${zone_id} ${at} ${each} ${operations}`)?.sessions ?? new Set();
  const allowed = operations.length === 1 && form === 'collapsed' ? of('raw') : of(form);
  return (
    sketch.every((each) => allowed.has(each)) &&
    String(sketchOf(new Set([...of(form), ...sketch]))) === String(sketch)
  );
};

/** By zone and hour, what its counts may be short of: the bounds of its epochs summed. */
const readBounds = async (
  clickhouse: ClickHouse,
): Promise<Map<string, number> & { dropped: Map<string, number> }> => {
  const rows = await clickhouse.query<BoundRow>(
    `SELECT zone_id, toUnixTimestamp(hour) * 1000 AS at, sum(u) AS bound, sum(d) AS dropped
     FROM (SELECT zone_id, hour, partition, epoch, max(undercount) AS u, max(c.dropped) AS d FROM count_progress AS c
           WHERE hour > 0 GROUP BY zone_id, hour, partition, epoch)
     GROUP BY zone_id, hour`,
  );
  const of = (pick: (row: BoundRow) => number): Map<string, number> =>
    new Map(rows.map((row) => [`${row.zone_id} ${row.at}`, pick(row)]));
  return Object.assign(
    of((row) => row.bound),
    { dropped: of((row) => row.dropped) },
  );
};

interface EpochRow {
  readonly zone_id: string;
  readonly at: number;
  readonly kind: 'sequence' | 'pair';
  readonly operations: readonly number[];
  readonly partition: number;
  readonly epoch: number;
  readonly collapsed: number;
  readonly raw: number;
  readonly missed: number;
  readonly threshold: number;
}

const rowsSql = `SELECT r.zone_id AS zone_id, toUnixTimestamp(r.hour) * 1000 AS at, kind, operations, r.partition AS partition, r.epoch AS epoch,
    collapsed, raw, missed, threshold
  FROM (SELECT zone_id, hour, kind, operations, partition, epoch, max(occurrences) AS collapsed, max(raw_occurrences) AS raw, max(undercount) AS missed
        FROM sequence_counts GROUP BY zone_id, hour, kind, operations, partition, epoch) AS r
  INNER JOIN (SELECT zone_id, hour, partition, epoch, max(c.threshold) AS threshold FROM count_progress AS c GROUP BY zone_id, hour, partition, epoch) AS p
  ON r.zone_id = p.zone_id AND r.hour = p.hour AND r.partition = p.partition AND r.epoch = p.epoch`;

/** Row by row what an epoch tells: never too much, and above the threshold short of no more than the row says itself. */
const checkRows = async (clickhouse: ClickHouse, truth: Truth, faults: Faults): Promise<void> => {
  const recount = new Recount();
  for (const [partition, records] of truth.records.entries())
    for (const { epoch, event } of records)
      recount.add(event, `${partition} ${epoch} ${event.zoneId} ${hourOf(event.timeMs)} `);
  for (const row of await clickhouse.query<EpochRow>(rowsSql)) {
    const { collapsed, raw, missed, threshold } = row;
    const of = (form: Form): number =>
      recount.counts.get(`${row.partition} ${row.epoch} ${row.zone_id} ${row.at} ${form} ${row.operations}`)
        ?.occurrences ?? 0;
    const forms: [number, number][] =
      row.kind === 'pair'
        ? [[collapsed, of('pair')]]
        : [
            [collapsed, of('collapsed')],
            [raw, of('raw')],
          ];
    const isVouched = Math.max(collapsed, raw) > threshold;
    for (const [told, actual] of forms) {
      const what = `${JSON.stringify(row)}: ${actual} recounted`;
      if (told > actual) faults.add('a row of more than there is', what);
      if (isVouched && told + missed < actual) faults.add('a row short of more than it tells', what);
    }
  }
};

// Snapshots -----------------------------------------------------------------------------------------------------------

/** Of each snapshot that a marker names: as many rows as it says, none twice, and one marker, grown ones aside. */
const checkSnapshots = async (clickhouse: ClickHouse, faults: Faults): Promise<number> => {
  const wrong = await clickhouse.query<Record<string, unknown>>(
    `SELECT m.zone_id AS zone, m.generation AS generation, m.told AS told, s.stored AS stored, s.differing AS differing, m.kinds AS kinds
     FROM (SELECT zone_id, computed_at, generation, max(row_count) AS told,
             uniqExact(row_count, listed_count, cut_count, window_from, window_to) AS kinds
           FROM score_snapshots GROUP BY zone_id, computed_at, generation) AS m
     LEFT JOIN (SELECT zone_id, computed_at, generation, count() AS stored, uniqExact(kind, operations) AS differing
           FROM sequence_scores GROUP BY zone_id, computed_at, generation) AS s
     ON m.zone_id = s.zone_id AND m.computed_at = s.computed_at AND m.generation = s.generation
     WHERE stored != told OR differing != told OR kinds != 1`,
  );
  for (const row of wrong) faults.add('a snapshot with other rows than it tells of', JSON.stringify(row));
  const twice = await clickhouse.query<Record<string, unknown>>(
    `SELECT zone_id, generation FROM score_snapshots GROUP BY zone_id, generation HAVING uniqExact(computed_at) > 1`,
  );
  for (const row of twice) faults.add('a generation of two snapshots', JSON.stringify(row));
  const [all] = await clickhouse.query<{ n: number }>(
    'SELECT uniqExact(zone_id, generation) AS n FROM score_snapshots',
  );
  return all?.n ?? 0;
};

const formOf = { precedence: 'collapsed', lookback: 'pair', correlation: 'raw' } as const satisfies Record<
  string,
  Form
>;

/** Everything before the positions of a snapshot is in its scores, nothing is in them that never was, and they only grow. */
const checkSamples = ({ truth, samples, isExact }: CheckOptions, faults: Faults): number => {
  const totals = countedBy(truth, (zone) => zone);
  const before = new Map<string, Progress>();
  let scores = 0;
  for (const sample of samples) {
    const { zone, positions } = sample;
    const progress = before.get(zone) ?? new Progress(truth, zone);
    before.set(zone, progress);
    if (!progress.advance(positions))
      faults.add('positions that shrink', `${zone} ${sample.generation} ${JSON.stringify(positions)}`);
    const total = totals.get(zone) ?? new Recount();
    const told = new Set<string>();
    for (const { kind, operations, support, undercount } of sample.scores) {
      const form = formOf[kind];
      const [least, most] = [progress.recount.of(form, operations), total.of(form, operations)];
      const what = `${zone} ${sample.generation} ${kind} ${operations}: ${support} (${undercount}), ${least} to ${most}`;
      if (support > most) faults.add('a score of more than there is', what);
      if (support + undercount < least) faults.add('a score short of its positions', what);
      if (isExact && undercount !== 0) faults.add('an undercount within the budget', what);
      told.add(`${form} ${operations}`);
      scores += 1;
    }
    if (!isExact) continue;
    for (const [key, { occurrences }] of progress.recount.counts)
      if (key.startsWith('pair') && occurrences >= 10 && !told.has(key))
        faults.add('a pair without a score', `${zone} ${sample.generation} ${key}: ${occurrences}`);
  }
  return scores;
};

const countedBy = (truth: Truth, keyOf: (zone: string) => string): Map<string, Recount> => {
  const recounts = new Map<string, Recount>();
  for (const { event } of truth.records.flat()) {
    const key = keyOf(event.zoneId);
    const recount = recounts.get(key) ?? new Recount();
    recounts.set(key, recount);
    recount.add(event);
  }
  return recounts;
};

/** The records of a zone before positions that grow. */
class Progress {
  readonly recount = new Recount();
  readonly #truth: Truth;
  readonly #zone: string;
  readonly #at: number[];
  readonly #positions: number[];

  constructor(truth: Truth, zone: string) {
    this.#truth = truth;
    this.#zone = zone;
    this.#at = truth.ends.map(() => 0);
    this.#positions = truth.ends.map(() => 0);
  }

  /** Whether they have grown in all partitions. */
  advance(positions: Readonly<Record<string, number>>): boolean {
    let hasGrown = true;
    for (const [partition, records] of this.#truth.records.entries()) {
      const position = positions[partition] ?? 0;
      if (position < (this.#positions[partition] ?? 0)) hasGrown = false;
      this.#positions[partition] = position;
      let at = this.#at[partition] ?? 0;
      for (let next = records[at]; next !== undefined && next.offset < position; next = records[at]) {
        if (next.event.zoneId === this.#zone) this.recount.add(next.event);
        at += 1;
      }
      this.#at[partition] = at;
    }
    return hasGrown;
  }
}

/** The last samples are of the end: all of the log is in them, and within the budget they equal the recount. */
const checkNewest = ({ truth, samples, isExact }: CheckOptions, faults: Faults): void => {
  for (const [zone, recount] of countedBy(truth, (each) => each)) {
    const last = samples.findLast((sample) => sample.zone === zone);
    if (last === undefined || truth.ends.some((end, p) => (last.positions[p] ?? 0) < end)) {
      faults.add('a zone that is not scored to the end', `${zone} ${JSON.stringify(last?.positions)}`);
      continue;
    }
    if (!isExact) continue;
    for (const { kind, operations, support, last_support } of last.scores) {
      const [of, ofLast] = [recount.of(formOf[kind], operations), lastOf(recount, kind, operations)];
      if (support !== of || last_support !== ofLast)
        faults.add('a last score that is not exact', `${zone} ${kind} ${operations}: ${support}, not ${of}`);
    }
  }
};

const lastOf = (recount: Recount, kind: keyof typeof formOf, operations: readonly number[]): number =>
  recount.of(kind === 'correlation' ? 'raw' : 'collapsed', operations.slice(-1));
