import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShortId } from '@precede/contracts';
import { createLookback, push } from '@precede/rules';
import fc from 'fast-check';
import { decodeLookback, encodeLookback, maxLookbackBytes } from './lookback-codec.ts';

const day = 86_400_000;
const pushes = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: -day, max: day })),
  { minLength: 1, maxLength: 40 },
);

test('reads back every lookback that pushes can make, to the millisecond', () => {
  fc.assert(
    fc.property(pushes, fc.integer({ min: 0, max: 2 ** 43 }), (each, startMs) => {
      const state = createLookback();
      let timeMs = startMs;
      for (const [operation, step] of each) {
        timeMs += step;
        push(state, operation as ShortId, timeMs);
      }

      const bytes = encodeLookback(state);

      assert.ok(bytes.length <= maxLookbackBytes);
      assert.deepEqual(decodeLookback(bytes), state);
    }),
  );
});

test('takes any bytes, and gives nothing where they are no lookback', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const state = decodeLookback(Buffer.from(bytes));

      assert.ok(state === undefined || (state.runs.length <= 9 && state.raw.length <= 10));
    }),
  );
  const damaged = encodeLookback({ ...createLookback(), lastMs: 1 });
  damaged[0] = 2;
  assert.equal(decodeLookback(damaged), undefined);
});
