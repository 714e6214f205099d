import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Account, compare, createDifferences } from './ledger.ts';

const accountOf = (lines: readonly (readonly [string, string])[]): Account => {
  const account = new Account();
  for (const [chain, line] of lines) account.add(chain, line);
  return account;
};

test('chains with the same lines in the same order are equal, whatever stands between them', () => {
  const one = accountOf([
    ['a', '1'],
    ['b', '1'],
    ['a', '2'],
  ]);
  const other = accountOf([
    ['a', '1'],
    ['a', '2'],
    ['b', '1'],
  ]);

  assert.deepEqual(one.differing(other), []);
  assert.equal(one.count, 3);
});

test('chains differ by a line more, a line less, another line and another order', () => {
  const expected = accountOf(['a', 'b', 'c', 'd'].flatMap((chain) => [[chain, '1'] as const, [chain, '2']]));
  const seen = accountOf([
    ['a', '1'],
    ['b', '1'],
    ['b', '2'],
    ['b', '2'],
    ['c', '2'],
    ['c', '1'],
    ['d', '1'],
    ['d', '3'],
    ['e', '1'],
  ]);

  assert.deepEqual(expected.differing(seen), ['a', 'b', 'c', 'd', 'e']);
});

test('tells lost, doubled, strange and out of order apart', () => {
  const found = createDifferences();

  compare(found, 'a', ['1', '2', '2'], ['1', '1', '3']);
  compare(found, 'b', ['1', '2'], ['2', '1']);

  const { examples, ...counts } = found;
  assert.deepEqual(counts, { lost: 2, doubled: 1, strange: 1, outOfOrder: 1 });
  assert.equal(examples.length, 4);
});

test('keeps the lines of wanted chains alone', () => {
  const account = new Account(new Set(['a']));

  account.add('a', '1');
  account.add('b', '2');

  assert.deepEqual(account.linesOf('a'), ['1']);
  assert.deepEqual(account.linesOf('b'), []);
});
