/** The cases of the Rules language (../rules/*.jsonl) through the parser, the printer and both evaluators. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  compiledEvaluator,
  type ExpressionFaultCode,
  parseCase,
  parseExpression,
  printExpression,
  referenceEvaluator,
  runCase,
} from '@precede/rules';

const folder = new URL('../rules/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));

interface Stated {
  readonly id: string;
  readonly expression: string;
  readonly error?: string;
  readonly line?: number;
  readonly column?: number;
}

const statedIn = (file: string): readonly Stated[] =>
  readFileSync(new URL(file, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Stated);

/** The codes of each kind of fault that the cases name. */
const codesOf: Readonly<Record<string, readonly ExpressionFaultCode[]>> = {
  syntax: ['syntax', 'unfinished', 'type', 'unknown_field'],
  string: ['text', 'type'],
  number: ['number', 'range', 'type'],
  address: ['address', 'range', 'type'],
  regex: ['regex', 'type'],
  wildcard: ['wildcard', 'type'],
  'unknown-field': ['unknown_field'],
  'unknown-function': ['unknown_function'],
  type: ['type', 'argument_type', 'argument_value'],
  arguments: ['argument_count', 'argument_kind', 'argument_value', 'place', 'star', 'syntax'],
  index: ['index'],
  list: ['list_name', 'type'],
  limit: ['too_long', 'too_deep'],
};

for (const file of files) {
  const cases = statedIn(file);

  test(`${file}: both evaluators give what each case states`, () => {
    for (const evaluator of [compiledEvaluator, referenceEvaluator]) {
      const wrong = cases.flatMap((stated) =>
        runCase(parseCase(stated), evaluator).mismatches.map((mismatch) => ({ stated, mismatch })),
      );
      assert.deepEqual(wrong, []);
    }
  });

  test(`${file}: faults are of their kind and stand in their place`, () => {
    for (const stated of cases) {
      const parsed = parseExpression(stated.expression);
      if (stated.error === undefined || parsed.kind === 'parsed') continue;
      const { code, line, column, message } = parsed.fault;
      assert.ok(codesOf[stated.error]?.includes(code), `${stated.id}: ${stated.error} is ${code}`);
      assert.match(message, /^\S.*[^.]$/s, stated.id);
      if (stated.line === undefined) continue;
      assert.deepEqual({ line, column }, { line: stated.line, column: stated.column }, stated.id);
    }
  });

  test(`${file}: what is printed reads as the same expression`, () => {
    for (const stated of cases) {
      const parsed = parseExpression(stated.expression);
      if (parsed.kind === 'refused') continue;
      const printed = printExpression(parsed.expression);
      const again = parseExpression(printed);
      assert.ok(again.kind === 'parsed', `${stated.id}: ${printed}`);
      assert.equal(printExpression(again.expression), printed);
      const run = runCase({ ...parseCase(stated), expression: printed });
      assert.deepEqual(run.mismatches, [], stated.id);
    }
  });
}

test('no case is there twice, and none is without an answer', () => {
  const all = files.flatMap(statedIn);

  assert.equal(new Set(all.map((each) => each.id)).size, all.length);
  assert.ok(all.length > 1000, `${all.length} cases`);
  assert.ok(all.reduce((sum, each) => sum + parseCase(each).requests.length, 0) > 2000);
});
