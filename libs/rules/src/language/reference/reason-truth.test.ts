import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseExpression } from '../expression.ts';
import type { Value } from '../values.ts';
import { evaluateReference } from './evaluate.ts';
import { type Explanation, explain } from './explain.ts';

const explained = (text: string, facts: Record<string, Value>): Explanation => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'refused') throw new Error(`${text}: ${parsed.fault.message}`);
  return explain(evaluateReference(parsed.expression, new Map(Object.entries(facts)), new Map()), text);
};

const ops = 'cf.sequence.previous_ops';
const op = 'cf.sequence.current_op';
const since = 'cf.sequence.msec_since_op';

const plainParts = [
  'ssl',
  'http.host eq "a"',
  `${op} ne "a"`,
  `${since}["a"] gt 1`,
  `any(${ops}[*] eq "a")`,
  `all(not ${ops}[*] contains "a")`,
];
const { expression: expressions } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...plainParts),
    tie('expression').map((of) => `not ${of}`),
    tie('expression').map((of) => `(${of})`),
    fc
      .array(tie('expression'), { minLength: 2, maxLength: 3 })
      .chain((parts) => fc.constantFrom(' and ', ' or ', ' xor ').map((operator) => parts.join(operator))),
  ),
}));
const few = fc.constantFrom('', 'a', 'b');
const requests = fc
  .record(
    { ssl: fc.boolean(), 'http.host': few, [op]: few, [ops]: fc.array(few, { maxLength: 3 }) },
    { requiredKeys: [] },
  )
  .map((facts) => facts as Record<string, Value>);

test('the part that the sentence names has the truth that it says', () => {
  fc.assert(
    fc.property(expressions, requests, (text, facts) => {
      const { sentence: said, tree } = explained(text, facts);
      const named = /^(no )?rule match: `(.*?)` is (true|false)(;| because |$)/.exec(said);
      assert.ok(named !== null, said);
      const [, no, part = '', truth] = named;
      assert.equal(no === undefined, tree.value);
      if (part.endsWith('…')) return;
      assert.equal(String(explained(part, facts).tree.value), truth, said);
    }),
    { numRuns: 500 },
  );
});
