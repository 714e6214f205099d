/**
 * Question: what does counting one sequenced request cost, and how many times the floor is that?
 * Input: 200,000 seeded requests of sessions over 60 operations, 8 journeys, 3 % noise, runs of repeats.
 * Floor: one Map increment for each occurrence the request completes, keyed by operation alone.
 * The number is not what the scorer does a second: decoding and ClickHouse are left out (see scorer-day.bench.ts).
 */
import { SequenceCounter } from '@precede/sequence';
import { bench, do_not_optimize, run, summary } from 'mitata';
import { makeTraffic } from './scorer-traffic.ts';

const requests = 200_000;
const events = [...makeTraffic({ requests, operations: 60, journeys: 8, noise: 0.03, seed: 42 })];

const countAll = (): SequenceCounter => {
  const counter = new SequenceCounter();
  for (const event of events) counter.add(event);
  return counter;
};

/** Checked inside: every request completes one single operation in raw form. */
const counter = countAll();
let [singles, distinct, updates, rows] = [0, 0, 0, 0];
counter.takeDirty(({ operations, firstLength, collapsed, raw, isPair }) => {
  rows += 1;
  if (!isPair && operations.length === 1) singles += raw;
  const lengths = operations.length - firstLength + 1;
  distinct += lengths * ((collapsed > 0 ? 1 : 0) + (raw > 0 ? 1 : 0));
  updates += lengths * (collapsed + raw);
});
if (singles !== requests) throw new Error(`counted ${singles} of ${requests} requests`);

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
  `${requests} requests, ${(updates / requests).toFixed(1)} updates a request, ${distinct} distinct in ${rows} rows, ${(counter.bytes / 2 ** 20).toFixed(1)} MiB\n` +
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
