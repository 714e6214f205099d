import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameOf, tokenize } from './sql-tokens.ts';

test('words, quoted text and brackets come with their depth', () => {
  const tokens = tokenize("CREATE TABLE t (a Map(UInt8, String) COMMENT 'x (y)', b UInt8)");

  assert.deepEqual(
    tokens.filter(({ depth }) => depth === 0).map(({ text }) => text),
    ['CREATE', 'TABLE', 't', '(', ')'],
  );
  assert.deepEqual(
    tokens.filter(({ depth }) => depth === 2).map(({ text }) => text),
    ['UInt8', ',', 'String'],
  );
  assert.ok(tokens.some(({ text, depth }) => text === "'x (y)'" && depth === 1));
});

test('a backquoted name is a name, anything stranger is none', () => {
  assert.deepEqual(
    ['`t`', 't', '"t"', '`a b`', '1', '('].map((text) => nameOf({ text, at: 0, end: 0, depth: 0 })),
    ['t', 't', undefined, undefined, undefined, undefined],
  );
  assert.equal(nameOf(undefined), undefined);
});

test('tokens and the space between them are the statement', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'B', '1', ' ', '\n', "'", '`', '"', '\\', '(', ')', ',', '.') }),
      (sql) => {
        let from = 0;
        for (const { text, at, end } of tokenize(sql)) {
          assert.equal(sql.slice(from, at).trim(), '');
          assert.equal(sql.slice(at, end), text);
          from = end;
        }
        assert.equal(sql.slice(from).trim(), '');
      },
    ),
  );
});
