import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceSampler } from './trace-sampler.ts';

const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
const sampled = `00-${context.traceId}-${context.spanId}-01`;
const unsampled = `00-${context.traceId}-${context.spanId}-00`;

const sampler = (
  options: { ratio?: number; perSecond?: number; draws?: number[]; now?: () => number } = {},
) => {
  const { ratio = 0, perSecond = 10, draws = [], now = () => 0 } = options;
  const state = { limited: 0 };
  const random = (): number => draws.shift() ?? 0.5;
  const onLimit = (): void => {
    state.limited += 1;
  };
  return { state, it: new TraceSampler({ ratio, perSecond, random, now, onLimit }) };
};

test('a sampled context is followed, however small the share', () => {
  assert.deepEqual(sampler({ ratio: 0 }).it.enter(sampled), { context });
});

test('a context that is not sampled is not drawn for', () => {
  assert.equal(sampler({ ratio: 1 }).it.enter(unsampled), undefined);
});

test('what comes without a context, or with one that is none, is drawn by the share', () => {
  const { it } = sampler({ ratio: 0.1, draws: [0.09, 0.1, 0.05] });

  assert.deepEqual(it.enter(undefined), { context: null });
  assert.equal(it.enter(undefined), undefined);
  assert.deepEqual(it.enter('none'), { context: null });
});

test('no more than so many a second are traced, and each one more is told', () => {
  let nowMs = 0;
  const { it, state } = sampler({ perSecond: 2, now: () => nowMs });

  const first = [1, 2, 3, 4].map(() => it.enter(sampled));
  nowMs = 1000;
  const next = it.enter(sampled);

  assert.deepEqual(
    first.map((each) => each !== undefined),
    [true, true, false, false],
  );
  assert.notEqual(next, undefined);
  assert.equal(state.limited, 2);
});
