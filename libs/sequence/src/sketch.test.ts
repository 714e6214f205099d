import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distinctOf, mergeSketch, SKETCH_SIZE, sketchValueOf } from './sketch.ts';

const values = fc.array(fc.nat(200), { maxLength: 60 });

test('holds the 16 smallest distinct values, whatever the order and doubling', () => {
  fc.assert(
    fc.property(values, (given) => {
      const naive = [...new Set(given)].sort((a, b) => a - b).slice(0, SKETCH_SIZE);

      assert.deepEqual(mergeSketch(given), naive);
      assert.deepEqual(mergeSketch([...given, ...given].reverse()), naive);
    }),
  );
});

test('merging sketches of parts is the sketch of the whole', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      assert.deepEqual(mergeSketch([...mergeSketch(a), ...mergeSketch(b)]), mergeSketch([...a, ...b]));
    }),
  );
});

test('counts exactly below 16 and about right above', () => {
  const spread = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i + 1) * 2 ** 52) / (n + 1));

  assert.equal(distinctOf(mergeSketch(spread(15))), 15);
  for (const n of [16, 100, 10_000]) {
    const estimate = distinctOf(mergeSketch(spread(n)));
    assert.ok(Math.abs(estimate - n) <= n * 0.1, `${estimate} for ${n}`);
  }
});

test('takes 52 bits of a pseudonym', () => {
  assert.equal(sketchValueOf('ffffffffffffffff'), 2 ** 52 - 1);
  assert.equal(sketchValueOf('0000000000001abc'), 1);
});
