import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, PrecedeError } from '@precede/contracts';
import fc from 'fast-check';
import { assertBelongsTogether } from './stored-position.ts';

const refusal =
  (message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof PrecedeError && error.code === ErrorCode.stateMismatch && message.test(error.message);

test('an older state of the tables is refused, as counts between the two would be missing', () => {
  assert.throws(
    () => assertBelongsTogether(3, { read: 20, stored: 10, end: 30 }),
    refusal(/sequences\.v1\/3 up to offset 10, and its group goes on at 20/),
  );
});

test('a topic that was made anew is refused, as its offsets name other records', () => {
  assert.throws(
    () => assertBelongsTogether(3, { read: 0, stored: 10, end: 5 }),
    refusal(/up to offset 10, and the topic ends at 5/),
  );
});

test('a replay from any offset before what is stored is taken, and so is a partition of which nothing is known', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (read, more, rest) => {
      const stored = read + more;

      assertBelongsTogether(0, { read, stored, end: stored + rest });
      assertBelongsTogether(0, { read, stored: undefined, end: read + rest });
    }),
  );
});
