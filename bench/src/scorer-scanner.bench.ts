/**
 * Question: what does a scanner that makes millions of distinct sequences cost its zone, and what does it do to the list?
 * Input: ordinary seeded traffic (scorer-traffic.ts) of 24 hours, and beside it random walks over 5,000 operations.
 * Floor, in the same run: the same requests counted without a budget, which also is the truth that the list is held against.
 * The number is not what ClickHouse holds: rows are kept in memory here as the tables would keep them.
 * Usage: node src/scorer-scanner.bench.ts [--users 1000000] [--scanner 1250000] [--zone-mib 16] [--window-mib 64]
 */
import { parseArgs } from 'node:util';
import type { SequenceObserved, ShortId } from '@precede/contracts';
import {
  hourOf,
  keepWithin,
  precedenceOf,
  type ScoredSequence,
  SequenceCounter,
  type StoredBucket,
  type StoredCount,
  scoreDefaults,
  tableFrom,
  WindowCounts,
} from '@precede/sequence';
import { seeded } from '@precede/testkit/seeded';
import { makeTraffic } from './scorer-traffic.ts';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    scanner: { type: 'string', default: '1250000' },
    'zone-mib': { type: 'string', default: '16' },
    'window-mib': { type: 'string', default: '64' },
    partitions: { type: 'string', default: '12' },
  },
});
const users = Number(values.users);
const scanner = Number(values.scanner);
const zoneBytes = Number(values['zone-mib']) * 2 ** 20;
const windowBytes = Number(values['window-mib']) * 2 ** 20;
const partitions = Number(values.partitions);
const hourMs = 3_600_000;
const firstMs = Date.UTC(2026, 2, 1);
const spanMs = 24 * hourMs - 1;
const out = (line: string): boolean => process.stdout.write(`${line}\n`);

/** One session that never ends: each request comes after ten others. */
function* walk(): Generator<SequenceObserved> {
  const next = seeded(7);
  let newest: ShortId[] = [];
  let template: SequenceObserved | undefined;
  for (const each of makeTraffic({ requests: 1, operations: 2, journeys: 1, noise: 0, seed: 1 }))
    template = each;
  if (template === undefined) return;
  for (let i = 0; i < scanner; i += 1) {
    newest = [...newest.slice(-9), (1_000 + Math.floor(next() * 5_000)) as ShortId];
    const runLengths = newest.map(() => 1);
    const timeMs = firstMs + Math.floor((i * spanMs) / scanner);
    yield {
      ...template,
      timeMs,
      operations: newest,
      runLengths,
      ageMs: runLengths,
      pseudonym: 'f'.repeat(16),
    };
  }
}

/** Both in the order of their times. */
function* mixed(): Generator<SequenceObserved> {
  const walking = walk();
  let step = walking.next();
  for (const event of makeTraffic({
    requests: users,
    operations: 60,
    journeys: 8,
    noise: 0.03,
    seed: 42,
    firstMs,
    spanMs,
  })) {
    for (; !step.done && step.value.timeMs <= event.timeMs; step = walking.next()) yield step.value;
    yield event;
  }
  for (; !step.done; step = walking.next()) yield step.value;
}

interface Budget {
  readonly zoneBytes: number;
  readonly windowBytes: number;
}

/** An epoch an hour in each partition, as on a live day; what they showed at its end is what is stored and scored from. */
class Day {
  readonly window = new WindowCounts();
  readonly #pairs = new WindowCounts();
  readonly #budget: Budget;
  #counters: SequenceCounter[];
  #hour = 0;
  peakBytes = 0;
  peakWindowBytes = 0;
  rows = 0;
  distinct = 0;
  cpu = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#counters = this.#open();
  }

  #open(): SequenceCounter[] {
    const { zoneBytes: maxZoneBytes } = this.#budget;
    return Array.from(
      { length: partitions },
      () => new SequenceCounter({ maxZoneBytes, maxBytes: maxZoneBytes * 4 }),
    );
  }

  add(event: SequenceObserved): void {
    const hour = hourOf(event.timeMs);
    if (hour !== this.#hour) this.end();
    this.#hour = hour;
    this.#counters[(event.operations.at(-1) as number) % partitions]?.add(event);
  }

  end(): void {
    const bytes = this.#counters.reduce((sum, each) => sum + each.bytes, 0);
    this.peakBytes = Math.max(this.peakBytes, bytes);
    const rows: StoredCount[] = [];
    const pairs: StoredCount[] = [];
    const buckets: StoredBucket[] = [];
    for (const [partition, counter] of this.#counters.entries()) {
      const head = { partition, epoch: this.#hour };
      counter.takeDirty(({ isPair, sessions, rawSessions, operations, ...view }) => {
        const lasting = {
          operations: operations.slice(),
          sessions: sessions.slice(),
          rawSessions: rawSessions.slice(),
        };
        (isPair ? pairs : rows).push({ ...head, ...view, ...lasting });
        if (!isPair) this.distinct += operations.length - view.firstLength + 1;
      });
      buckets.push(...counter.takeBuckets().map((bucket) => ({ ...bucket, ...head })));
    }
    this.rows += rows.length + pairs.length;
    const shortFirst = (a: StoredCount, b: StoredCount): number =>
      a.partition - b.partition || a.operations.length - b.operations.length;
    if (rows.length > 0) this.window.setHour(this.#hour, rows.sort(shortFirst), buckets);
    if (pairs.length > 0) this.#pairs.setHour(this.#hour, pairs.sort(shortFirst), buckets);
    this.peakWindowBytes = Math.max(this.peakWindowBytes, this.windowBytes);
    keepWithin([this.window, this.#pairs], this.#budget.windowBytes);
    this.#counters = this.#open();
  }

  get windowBytes(): number {
    return this.window.bytes + this.#pairs.bytes;
  }

  scores(): { readonly list: readonly ScoredSequence[]; readonly seconds: number } {
    const begin = performance.now();
    const table = tableFrom(this.window, this.window.totals(), 'collapsed');
    const list = precedenceOf(table, { ...scoreDefaults, keepUnlisted: 0 });
    return { list, seconds: (performance.now() - begin) / 1000 };
  }
}

const [budgeted, whole] = [
  new Day({ zoneBytes, windowBytes }),
  new Day({ zoneBytes: 2 ** 40, windowBytes: 2 ** 40 }),
];
for (const day of [budgeted, whole]) {
  const begin = process.cpuUsage();
  for (const event of mixed()) day.add(event);
  day.end();
  const used = process.cpuUsage(begin);
  day.cpu = (used.user + used.system) / 1e6;
}

const keyOf = (each: ScoredSequence): string => each.operations.join();
const truth = new Map(whole.scores().list.map((each) => [keyOf(each), each]));
const { list, seconds } = budgeted.scores();
let [worstScore, worstBound, missing, outside, exact] = [0, 0, 0, 0, 0];
for (const each of list) {
  const real = truth.get(keyOf(each));
  if (real === undefined) {
    missing += 1;
    continue;
  }
  const short = real.support - each.support;
  if (short < 0 || short > each.undercount || real.score < each.low || real.score > each.high) outside += 1;
  if (short === 0) exact += 1;
  worstScore = Math.max(worstScore, Math.abs(real.score - each.score));
  worstBound = Math.max(worstBound, each.undercount);
}
const listed = new Set(list.map(keyOf));
const lost = [...truth.keys()].filter((key) => !listed.has(key)).length;

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
out(
  `${users} requests of users, ${scanner} of a scanner, ${partitions} partitions; ${whole.distinct} distinct sequences an hour, summed over 24`,
);
for (const [name, day] of [
  ['without budgets', whole],
  [`with ${values['zone-mib']} and ${values['window-mib']} MiB`, budgeted],
] as const)
  out(
    `${name.padEnd(22)} open hour ${mib(day.peakBytes)}, window ${mib(day.windowBytes)} (at most ${mib(day.peakWindowBytes)}), ${day.rows} rows, ${day.cpu.toFixed(1)} CPU-s`,
  );
out(`CPU                    ${(budgeted.cpu / whole.cpu).toFixed(2)} × of that without budgets`);
out(
  `list                   ${list.length} of ${truth.size}, scored in ${seconds.toFixed(2)} s; ${lost} of the true list are not in it, ${missing} in it are not in the true one`,
);
out(
  `against the truth      ${exact} supports exact, ${outside} outside their bound; largest error of a score ${worstScore.toFixed(6)}, largest stated undercount ${worstBound}`,
);
if (outside > 0) throw new Error('a listed score lies outside its stated bound');
