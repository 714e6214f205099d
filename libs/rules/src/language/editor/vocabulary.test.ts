import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpression, parseValueExpression } from '../expression.ts';
import { vocabularyForEditors } from './vocabulary.ts';

test('has a vocabulary that is plain data, with examples that parse and docs of one line', () => {
  const vocabulary = vocabularyForEditors();
  const { fields, functions, operators, quantifiers, logical } = vocabulary;

  assert.deepEqual(JSON.parse(JSON.stringify(vocabulary)), vocabulary);
  for (const { name, doc } of [...fields, ...functions, ...operators, ...quantifiers, ...logical]) {
    assert.match(doc, /^[^\n]+[^.\n]$/, name);
    assert.ok(doc.length <= 120, `${name}: ${doc.length}`);
  }
  for (const { name, example } of [...operators, ...quantifiers, ...logical])
    assert.equal(parseExpression(example).kind, 'parsed', name);
  for (const { name, example, place } of functions) {
    const parsed = place === 'value' ? parseValueExpression(example) : parseExpression(example);
    assert.equal(parsed.kind, 'parsed', name);
  }
});
