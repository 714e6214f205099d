import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '../ast.ts';
import { parseExpression } from '../expression.ts';
import { lintRules } from './lint-rules.ts';

const parse = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'parsed') return parsed.expression;
  throw new Error(`${text}: ${parsed.fault.message}`);
};

const rulesOf = (...texts: readonly string[]) =>
  texts.map((text, at) => ({
    expression: parse(text),
    name: `r${at}`,
    endsRound: !text.startsWith('not not '),
  }));

test('finds rules that are never reached, because earlier ones have ended the round', () => {
  const messages = (...texts: readonly string[]) =>
    lintRules(rulesOf(...texts)).map((findings) =>
      findings.filter(({ code }) => code === 'unreachable').map(({ message }) => message),
    );
  const byRule = (name: string) => [
    `this rule is never reached: rule ${name} ends the round wherever it matches`,
  ];

  assert.deepEqual(messages('ssl', 'http.host eq "a"', 'http.host eq "a" and cf.threat_score gt 5'), [
    [],
    [],
    byRule('r1'),
  ]);
  assert.deepEqual(messages('cf.threat_score gt 5', 'cf.threat_score le 5', 'cf.threat_score in {1..9}'), [
    [],
    [],
    ['this rule is never reached: one of the rules before it ends the round wherever it matches'],
  ]);
  assert.deepEqual(messages('not not ssl', 'ssl'), [[], []]);
  assert.deepEqual(messages('ssl', 'ssl and http.host in {}'), [[], []]);
});

test('gives each of ordered rules its own findings too', () => {
  const found = lintRules(rulesOf('http.host in {}', 'ssl')).map((findings) =>
    findings.map(({ code }) => code),
  );

  assert.deepEqual(found, [['never_matches', 'empty_set'], []]);
});
