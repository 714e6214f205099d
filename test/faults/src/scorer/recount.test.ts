import assert from 'node:assert/strict';
import { test } from 'node:test';
import { occurrences } from './recount.ts';

const keys = (operations: number[], runLengths: number[]): string[] =>
  [...occurrences({ operations: operations as never, runLengths })].map(
    ([form, found]) => `${form} ${found}`,
  );

test('a first request completes itself in both forms', () => {
  assert.deepEqual(keys([7], [1]), ['raw 7', 'collapsed 7']);
});

test('a repeat completes raw sequences alone', () => {
  assert.deepEqual(keys([1, 2], [1, 2]), ['raw 2', 'raw 2,2', 'raw 1,2,2']);
});

test('a pair stands for the lookback, once, its own operation included', () => {
  assert.deepEqual(
    keys([1, 2, 1, 3, 2], [1, 1, 1, 1, 1]).filter((key) => key.startsWith('pair')),
    ['pair 1,2', 'pair 2,2', 'pair 3,2'],
  );
});

test('a sequence has nine operations at most, the lookback nine before the last', () => {
  const found = keys([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Array(10).fill(1));

  assert.equal(found.filter((key) => key.startsWith('collapsed')).length, 9);
  assert.ok(found.includes('collapsed 2,3,4,5,6,7,8,9,10'));
  assert.ok(found.includes('pair 1,10'));
});
