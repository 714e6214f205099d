import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitStatements } from './statements.ts';

test('parts statements at semicolons and drops comments and empty parts', () => {
  const sql = '-- one; two\nSELECT 1;\n/* three; */ SELECT 2 -- end;\n;;\n# four;\nSELECT 3';

  assert.deepEqual(splitStatements(sql), ['SELECT 1', 'SELECT 2', 'SELECT 3']);
});

test('keeps semicolons and comment signs inside quotes, names and heredocs', () => {
  const parts = [`SELECT 'a;''b\\';--c'`, 'SELECT `x;y`, "z;/*"', 'SELECT $$a; -- b$$, $tag$ ; $$ ; $tag$'];

  assert.deepEqual(splitStatements(parts.join(';\n')), parts);
});

test('leaves a division and a minus alone', () => {
  assert.deepEqual(splitStatements('SELECT 6 / 2 - 1; SELECT 2 * 3'), ['SELECT 6 / 2 - 1', 'SELECT 2 * 3']);
});

test('any quoted text comes back whole', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (texts) => {
      const statements = texts.map(
        (text) => `SELECT '${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
      );

      assert.deepEqual(splitStatements(statements.join(';\n')), statements);
    }),
  );
});
