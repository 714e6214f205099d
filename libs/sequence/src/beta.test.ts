import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { betaInterval, betaQuantile, createIntervals, createIntervalTest } from './beta.ts';

const near = (actual: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance * expected, `${actual} is not ${expected}`);

test('meets the closed forms: Beta(1, n) and Beta(n, 1)', () => {
  for (const p of [0.005, 0.3, 0.995])
    for (const n of [1, 2, 10, 1000, 300_000]) {
      near(betaQuantile(p, n, 1), p ** (1 / n));
      near(betaQuantile(p, 1, n), -Math.expm1(Math.log1p(-p) / n));
    }
});

test('meets the Clopper–Pearson limits of 3 in 10, as printed in textbooks', () => {
  near(betaQuantile(0.025, 3, 8), 0.066_739, 1e-4);
  near(betaQuantile(0.975, 4, 7), 0.652_453, 1e-5);
});

test('meets values computed with 30 digits', () => {
  near(betaQuantile(0.005, 11, 91), 0.044_047_843_804_462);
  near(betaQuantile(0.995, 11, 91), 0.200_070_277_279_74);
});

test('is symmetric and holds the share seen, for any counts', () => {
  fc.assert(
    fc.property(fc.nat(400_000), fc.nat(400_000), (a, b) => {
      const n = a + b;
      const interval = betaInterval(a, n);
      const mirrored = betaInterval(b, n);

      assert.ok(interval.low >= 0 && interval.high <= 1 && interval.low < interval.high);
      if (n > 0) {
        assert.ok(interval.high >= (a / n) * 0.99);
        assert.ok(interval.low <= a / n || a === 0);
      }
      assert.ok(Math.abs(interval.low - (1 - mirrored.high)) < 1e-9);
    }),
    { numRuns: 300 },
  );
});

test('remembered intervals are the same, past the bound of the memory too', () => {
  const intervals = createIntervals(2);

  for (const [k, n] of [
    [1, 2],
    [2, 3],
    [3, 4],
    [1, 2],
    [3, 4],
    [5, 80_000_000],
  ] as const)
    assert.deepEqual(intervals(k, n), betaInterval(k, n));
});

test('the short way tells intervals apart as the intervals themselves do', () => {
  const share = fc.tuple(fc.integer({ min: 1, max: 2_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }));
  const near_ = fc.double({ min: 0, max: 8, noNaN: true });
  const areApart = createIntervalTest();
  fc.assert(
    fc.property(share, fc.integer({ min: 1, max: 2_000_000 }), near_, ([n, p], otherN, steps) => {
      const k = Math.round(n * p);
      const deviation = Math.sqrt((p * (1 - p)) / n) + Math.sqrt((p * (1 - p)) / otherN);
      const otherK = Math.min(otherN, Math.round(otherN * Math.min(1, p + steps * deviation)));
      const [own, other] = [betaInterval(k, n), betaInterval(otherK, otherN)];

      assert.equal(areApart(k, n, otherK, otherN), own.low > other.high || other.low > own.high);
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 1_000) },
  );
});
