/**
 * Question: what does counting one sequenced request cost, and how many times the floor is that?
 * Input: 200,000 seeded requests of sessions over 60 operations, 8 journeys, 3 % noise, runs of repeats.
 * Floor: one Map increment for each occurrence the request completes, keyed by operation alone.
 * The number is not what the scorer does a second: decoding and ClickHouse are left out (see pipeline.bench.ts).
 */
import type { SequenceObserved, ShortId, SourceId, ZoneId } from '@precede/contracts';
import { SequenceCounter } from '@precede/sequence';
import { bench, do_not_optimize, run, summary } from 'mitata';

const requests = 200_000;
let state = 42;
const random = (n: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};

const journeys = Array.from({ length: 8 }, () => Array.from({ length: 4 + random(5) }, () => random(60)));
const makeEvents = (): SequenceObserved[] => {
  const events: SequenceObserved[] = [];
  for (let session = 0; events.length < requests; session += 1) {
    const runs: { operation: number; length: number }[] = [];
    const steps = Array.from({ length: 1 + random(4) }, () => journeys[random(8)] ?? []).flat();
    for (const step of steps) {
      const operation = random(33) === 0 ? random(60) : step;
      const last = runs.at(-1);
      if (last?.operation === operation) last.length += 1;
      else runs.push({ operation, length: 1 });
      const newest = runs.slice(-10);
      events.push({
        zoneId: 'a'.repeat(32) as ZoneId,
        timeMs: 1_800_000_000_000 + events.length * 10,
        source: 'live' as SourceId,
        operations: newest.map((run) => run.operation as ShortId),
        runLengths: newest.map((run) => run.length),
        ageMs: newest.map(() => 0),
        pseudonym: Math.imul(session + 1, 0x9e3779b1)
          .toString(16)
          .replace('-', '')
          .padStart(16, '0'),
      });
    }
  }
  return events.slice(0, requests);
};
const events = makeEvents();

const countAll = (): SequenceCounter => {
  const counter = new SequenceCounter();
  for (const event of events) counter.add(event);
  return counter;
};

/** Checked inside: every request completes one single operation in raw form. */
const rows = countAll().takeDirty();
const singles = rows.filter((row) => row.form === 'raw' && row.operations.length === 1);
const total = singles.reduce((sum, row) => sum + row.occurrences, 0);
if (total !== requests) throw new Error(`counted ${total} of ${requests} requests`);
const updates = rows.reduce((sum, row) => sum + row.occurrences, 0);

const floor = (): Map<number, number> => {
  const counts = new Map<number, number>();
  const each = Math.round(updates / requests);
  for (const event of events)
    for (let i = 0; i < each; i += 1) {
      const key = (event.operations.at(-1) as number) * 32 + i;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  return counts;
};

/** Alternating, each timed in CPU by the process; the ratio is what to compare between machines. */
const cpuOf = (work: () => unknown): number => {
  const begin = process.cpuUsage();
  do_not_optimize(work());
  const used = process.cpuUsage(begin);
  return (used.user + used.system) / requests;
};
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const counted: number[] = [];
const bare: number[] = [];
for (let round = 0; round < 5; round += 1) {
  counted.push(cpuOf(countAll));
  bare.push(cpuOf(floor));
}
process.stdout.write(
  `${requests} requests, ${(updates / requests).toFixed(1)} updates a request, ${rows.length} distinct\n` +
    `count ${median(counted).toFixed(2)} µs CPU a request, floor ${median(bare).toFixed(2)}, ratio ${(
      median(counted) / median(bare)
    ).toFixed(1)}\n`,
);

if (process.argv.includes('--mitata')) {
  summary(() => {
    bench('floor: map increments', () => do_not_optimize(floor()));
    bench('count into the trie', () => do_not_optimize(countAll()));
  });
  await run();
}
