import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpression, compileValueExpression } from './compiled/expression.ts';
import { parseExpression, parseValueExpression } from './expression.ts';
import { parseList } from './list-items.ts';
import { fieldsOf, listsOf } from './walk.ts';

const parsed = (text: string) => {
  const result = parseExpression(text);
  assert.ok(result.kind === 'parsed', text);
  return result.expression;
};

test('tells the fields an expression reads, each once, in the order of the text', () => {
  const expression = parsed(
    'any(lower(http.request.headers["a"][*])[*] eq "x") and not (ssl or len(concat(http.host, http.request.method)) gt 1) and http.host eq "a"',
  );

  assert.deepEqual(
    fieldsOf(expression).map((field) => field.name),
    ['http.request.headers', 'ssl', 'http.host', 'http.request.method'],
  );
});

test('tells the lists an expression looks in, inside arguments too', () => {
  const expression = parsed('http.host in $a or any((cf.sequence.previous_ops[*] in $b))');

  assert.deepEqual(
    listsOf(expression).map((each) => each.list),
    ['a', 'b'],
  );
});

test('a lone expression has a layout and lists of its own', () => {
  const value = parseValueExpression('http.host');
  assert.ok(value.kind === 'parsed');

  assert.equal(compileValueExpression(value.expression)(['a']), 'a');
  const lists = new Map([['a', parseList('bytes', ['x'])]]);
  assert.equal(compileExpression(parsed('http.host in $a'), { lists })(['x']), true);
  assert.equal(compileExpression(parsed('http.host in $a'))(['x']), false);
});
