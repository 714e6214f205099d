/**
 * Generated and mutated texts through the parser, the printer and both evaluators: nothing may throw, hang or disagree.
 * Long form: PRECEDE_TEST_RUNS=1000000, any seed with PRECEDE_TEST_SEED.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, isDeepStrictEqual } from 'node:util';
import { seeded } from '@precede/testkit/seeded';
import type { Expression } from '../ast.ts';
import { compileExpression, compileValueExpression } from '../compiled/expression.ts';
import { FieldLayout } from '../compiled/layout.ts';
import { parseExpression, parseValueExpression } from '../expression.ts';
import { showFault } from '../faults.ts';
import { parseList } from '../list-items.ts';
import { printExpression } from '../print.ts';
import { evaluateReference, evaluateReferenceValue } from '../reference/evaluate.ts';
import { explain } from '../reference/explain.ts';
import { ExpressionGenerator } from './expressions.test-arbitraries.ts';

const runs = Number(process.env['PRECEDE_TEST_RUNS'] ?? 6_000);
const seed = Number(process.env['PRECEDE_TEST_SEED'] ?? 20_261_121);
/** What one text may take in all: a hang, not a slow machine, is longer. */
const maxMs = 10_000;

const lists = new Map([
  ['words', parseList('bytes', ['a', '10ad1de0', '\xff\xfe'])],
  ['numbers', parseList('int', ['7', '1000..2000', '-9223372036854775808..-1'])],
  ['office', parseList('ip', ['192.0.2.0/25', '2001:db8::/48'])],
]);

const timed = (text: string, work: () => void): void => {
  const startMs = performance.now();
  try {
    work();
  } catch (error) {
    throw new Error(`at ${JSON.stringify(text)}`, { cause: error });
  }
  assert.ok(performance.now() - startMs < maxMs, `${JSON.stringify(text)} took too long`);
};

const checkSame = (compiled: unknown, reference: unknown, values: unknown): void => {
  if (isDeepStrictEqual(compiled, reference)) return;
  assert.fail(
    `compiled ${inspect(compiled)}, reference ${inspect(reference)} for ${inspect(values, { depth: 4 })}`,
  );
};

const checkAgreement = (expression: Expression, text: string, generator: ExpressionGenerator): void => {
  const layout = new FieldLayout();
  const matches = compileExpression(expression, { layout, lists });
  for (let i = 0; i < 3; i += 1) {
    const values = generator.request();
    const trace = evaluateReference(expression, values, lists);
    checkSame(matches(layout.fill(values)), trace.value, values);
    assert.equal(typeof trace.value, 'boolean');
    if (i === 0) assert.notEqual(explain(trace, text).sentence, '');
  }
};

const checkRule = (text: string, generator: ExpressionGenerator): 'parsed' | 'refused' => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'refused') {
    const { offset, length } = parsed.fault;
    assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length, JSON.stringify(parsed.fault));
    assert.notEqual(showFault(text, parsed.fault), '');
    return 'refused';
  }
  const printed = printExpression(parsed.expression);
  const again = parseExpression(printed);
  assert.ok(again.kind === 'parsed' || again.fault.code === 'too_long', printed);
  if (again.kind === 'parsed') assert.equal(printExpression(again.expression), printed);
  checkAgreement(parsed.expression, text, generator);
  return 'parsed';
};

test('expressions that are right by their types are taken, and both evaluators agree', () => {
  const generator = new ExpressionGenerator(seeded(seed));
  for (let run = 0; run < runs; run += 1) {
    const text = generator.rule();
    timed(text, () => {
      if (text.length <= 4096) assert.equal(checkRule(text, generator), 'parsed', refusalOf(text));
    });
  }
});

const refusalOf = (text: string): string => {
  const parsed = parseExpression(text);
  return parsed.kind === 'refused' ? showFault(text, parsed.fault) : '';
};

test('broken expressions are refused with a place or taken by both evaluators alike', () => {
  const generator = new ExpressionGenerator(seeded(seed + 1));
  let refused = 0;
  for (let run = 0; run < runs; run += 1) {
    const text = generator.broken(generator.rule());
    timed(text, () => {
      if (checkRule(text, generator) === 'refused') refused += 1;
    });
  }
  assert.ok(refused > runs / 2, `${refused} of ${runs} refused`);
});

test('values are the same in both evaluators', () => {
  const generator = new ExpressionGenerator(seeded(seed + 2));
  for (let run = 0; run < runs; run += 1) {
    const text = generator.value();
    timed(text, () => {
      const parsed = parseValueExpression(text);
      assert.ok(parsed.kind === 'parsed', text);
      const layout = new FieldLayout();
      const get = compileValueExpression(parsed.expression, { layout, lists });
      const values = generator.request();
      const reference = evaluateReferenceValue(parsed.expression, values, lists).value;
      checkSame(get(layout.fill(values)), reference, values);
    });
  }
});
