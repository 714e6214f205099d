import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distinctOf, mergeSketch, SKETCH_SIZE, sketchValueOf } from './sketch.ts';
import { SketchPool } from './sketch-pool.ts';

const values = fc.array(fc.nat(200), { maxLength: 60 });

test('holds the 32 smallest distinct values, whatever the order and doubling', () => {
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

test('counts exactly below 32 and about right above', () => {
  const spread = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i + 1) * 2 ** 32) / (n + 1));

  assert.equal(distinctOf(mergeSketch(spread(31))), 31);
  for (const n of [32, 100, 10_000]) {
    const estimate = distinctOf(mergeSketch(spread(n)));
    assert.ok(Math.abs(estimate - n) <= n * 0.1, `${estimate} for ${n}`);
  }
});

test('takes 32 bits of a pseudonym', () => {
  assert.equal(sketchValueOf('ffffffffffffffff'), 2 ** 32 - 1);
  assert.equal(sketchValueOf('00000001abcdef00'), 1);
});

test('a pool holds what the lists hold, whatever is added, copied and released', () => {
  const commands = fc.array(
    fc.record({
      which: fc.nat(4),
      value: fc.nat(120),
      kind: fc.constantFrom('add', 'add', 'add', 'copy', 'release'),
    }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(commands, (all) => {
      const pool = new SketchPool();
      const handles = new Map<number, number>();
      const lists = new Map<number, number[]>();
      for (const { which, value, kind } of all) {
        const handle = handles.get(which);
        if (kind === 'add') {
          handles.set(which, handle === undefined ? pool.of(value) : pool.add(handle, value));
          lists.set(which, mergeSketch([...(lists.get(which) ?? []), value]));
        } else if (handle !== undefined && kind === 'release') {
          pool.release(handle);
          handles.delete(which);
          lists.delete(which);
        } else if (handle !== undefined && !handles.has(which + 1)) {
          handles.set(which + 1, pool.copy(handle));
          lists.set(which + 1, lists.get(which) ?? []);
        }
      }

      for (const [which, handle] of handles) assert.deepEqual([...pool.values(handle)], lists.get(which));
    }),
    { numRuns: 200 },
  );
});
