import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, OperationId, RuleId, SequenceRule } from '@precede/contracts';
import { shortIdOf } from '@precede/contracts';
import { compileMitigation } from './mitigation.ts';

const idOf = (digit: string): OperationId => `${digit.repeat(8)}-0000-4000-8000-000000000000` as OperationId;
const operation = (digit: string, host = 'api.example.com'): readonly [OperationId, Operation] => [
  idOf(digit),
  {
    operationId: idOf(digit),
    shortId: shortIdOf(idOf(digit)),
    method: 'GET',
    host,
    endpoint: `/${digit}`,
    lastUpdatedMs: 0,
  },
];
const rule = (name: string, position: number, start: string, end: string): SequenceRule => ({
  ruleId: name as RuleId,
  title: name,
  kind: 'allow',
  action: 'block',
  start: idOf(start),
  end: idOf(end),
  position,
  createdAtMs: 0,
  lastUpdatedMs: 0,
});

test('lists the rules of an end in order of position, whatever the order they came in', () => {
  const compiled = compileMitigation(
    [rule('late', 3, 'a', 'c'), rule('other', 2, 'a', 'b'), rule('early', 1, 'b', 'c')],
    new Map([operation('a'), operation('b'), operation('c')]),
  );

  assert.ok(compiled.kind === 'compiled');
  assert.deepEqual(
    compiled.table.get(shortIdOf(idOf('c')))?.map((each) => each.title),
    ['early', 'late'],
  );
  assert.equal(compiled.table.size, 2);
});

test('reports every fault of every rule, in order', () => {
  const compiled = compileMitigation(
    [rule('second', 2, 'd', 'e'), rule('first', 1, 'a', 'b'), rule('good', 3, 'a', 'a')],
    new Map([operation('a'), operation('b', 'other.example.com')]),
  );

  assert.ok(compiled.kind === 'refused');
  assert.deepEqual(
    compiled.faults.map((each) => [each.ruleId, each.code]),
    [
      ['first', 'different_hosts'],
      ['second', 'unknown_end'],
      ['second', 'unknown_start'],
    ],
  );
});

test('orders rules that share a position by age, then by id', () => {
  const operations = new Map([operation('a'), operation('b')]);
  const old = { ...rule('z', 1, 'a', 'b'), createdAtMs: 1 };
  const young = { ...rule('a', 1, 'a', 'b'), createdAtMs: 2 };
  const younger = { ...rule('b', 1, 'a', 'b'), createdAtMs: 2 };

  for (const rules of [
    [old, young, younger],
    [younger, young, old],
  ]) {
    const compiled = compileMitigation(rules, operations);
    assert.ok(compiled.kind === 'compiled');
    assert.equal(
      compiled.table
        .get(shortIdOf(idOf('b')))
        ?.map((each) => each.ruleId)
        .join(''),
      'zab',
    );
  }
});
