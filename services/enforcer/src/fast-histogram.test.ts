import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { FastHistogram } from './fast-histogram.ts';

const options = { name: 'times_seconds', help: 'Times.', labelNames: ['way'], buckets: [0.001, 0.01, 0.1] };
const ways = ['in', 'out'];

test('reads as the histogram of prom-client does, whatever was observed', async () => {
  const observed = fc.array(
    fc.tuple(fc.constantFrom(...ways), fc.constantFrom(0, 0.0005, 0.001, 0.05, 0.1, 7)),
  );
  await fc.assert(
    fc.asyncProperty(observed, async (all) => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const fast = new FastHistogram({ ...options, registers: [ours] }, ways);
      const plain = new Histogram({ ...options, registers: [theirs] });
      for (const way of ways) plain.zero({ way });

      for (const [way, seconds] of all) {
        fast.series(way).observe(seconds);
        plain.observe({ way }, seconds);
      }

      assert.equal(await ours.metrics(), await theirs.metrics());
    }),
  );
});

test('is one series where it has no label', async () => {
  const registry = new Registry();
  const { labelNames: _, ...unlabelled } = options;
  const fast = new FastHistogram({ ...unlabelled, registers: [registry] });

  fast.series().observe(0.02);

  assert.match(
    await registry.metrics(),
    /^times_seconds_bucket\{le="0.1"\} 1\ntimes_seconds_bucket\{le="\+Inf"\} 1$/m,
  );
});
