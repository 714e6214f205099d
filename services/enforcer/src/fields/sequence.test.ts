import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLookback, push } from '@precede/rules';
import fc from 'fast-check';
import type { FieldContext } from './context.ts';
import { contextOf, historyOf, type operation, read } from './fields.test-kit.ts';

const hour = 3_600_000;
const sequenceOf = (context: FieldContext) =>
  ['current_op', 'previous_ops', 'msec_since_op'].map((name) => read(`cf.sequence.${name}`, context));

test('lists the operations before this one, newest first, with repeats', () => {
  const history = historyOf([
    [0x0a, 1000],
    [0xf54dac32, 2000],
    [0x0a, 3000],
    [0x0a, 3500],
  ]);

  assert.deepEqual(sequenceOf(contextOf({}, { history, timeMs: 4000 })), [
    'c821cc00',
    ['0000000a', '0000000a', 'f54dac32', '0000000a'],
    new Map([
      ['0000000a', 500],
      ['f54dac32', 2000],
    ]),
  ]);
});

test('forgets operations that are more than an hour old', () => {
  const history = historyOf([
    [1, 999],
    [2, 1000],
  ]);

  assert.deepEqual(sequenceOf(contextOf({}, { history, timeMs: 1000 + hour })).slice(1), [
    ['00000002'],
    new Map([['00000002', hour]]),
  ]);
});

test('is empty without state, and has no current operation where none is saved', () => {
  const history = historyOf([[1, 0]]);

  assert.deepEqual(sequenceOf(contextOf({}, { history: null })), ['', [], new Map()]);
  assert.deepEqual(sequenceOf(contextOf({}, { history, timeMs: 5, operation: undefined })), [
    '',
    ['00000001'],
    new Map([['00000001', 5]]),
  ]);
});

test('counts an operation that a parallel request entered ahead of this one as 0 ms ago', () => {
  const history = historyOf([[1, 900]]);

  assert.deepEqual(sequenceOf(contextOf({}, { history, timeMs: 100 }))[2], new Map([['00000001', 0]]));
});

test('agrees with a plain list of what was pushed', () => {
  const pushes = fc.array(fc.tuple(fc.nat(4), fc.nat(hour / 3)), { maxLength: 20 });

  fc.assert(
    fc.property(pushes, fc.nat(hour), (steps, laterMs) => {
      const history = createLookback();
      const all: { text: string; atMs: number }[] = [];
      let timeMs = 0;
      for (const [id, gapMs] of steps) {
        timeMs += gapMs;
        push(history, id as typeof operation.shortId, timeMs);
        all.unshift({ text: `0000000${id}`, atMs: timeMs });
      }
      const now = timeMs + laterMs;
      const seen = all.slice(0, 10).filter(({ atMs }) => now - atMs <= hour);

      const [, previous, since] = sequenceOf(contextOf({}, { history, timeMs: now }));
      assert.deepEqual(
        previous,
        seen.map(({ text }) => text),
      );
      const newest = seen.toReversed().map(({ text, atMs }) => [text, now - atMs] as const);
      assert.deepEqual(since, new Map(newest));
    }),
  );
});
