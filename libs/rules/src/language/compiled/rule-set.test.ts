import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '@precede/testkit/seeded';
import fc from 'fast-check';
import type { Expression } from '../ast.ts';
import { parseExpression } from '../expression.ts';
import { ExpressionGenerator } from '../fuzz/expressions.test-arbitraries.ts';
import { parseList } from '../list-items.ts';
import type { Value } from '../values.ts';
import { compileExpression } from './expression.ts';
import { FieldLayout } from './layout.ts';
import { operationsOf, RuleSet } from './rule-set.ts';

const parsed = (text: string): Expression => {
  const result = parseExpression(text);
  assert.ok(result.kind === 'parsed', text);
  return result.expression;
};

const operations: readonly (readonly [text: string, expected: readonly string[] | null])[] = [
  ['cf.sequence.current_op eq "a"', ['a']],
  ['((cf.sequence.current_op == "a"))', ['a']],
  ['cf.sequence.current_op in {"a" "b" "a"}', ['a', 'b']],
  ['cf.sequence.current_op in {}', []],
  ['ssl and cf.sequence.current_op eq "a"', ['a']],
  ['cf.sequence.current_op in {"a" "b"} and cf.sequence.current_op in {"b" "c"}', ['b']],
  ['cf.sequence.current_op eq "a" or cf.sequence.current_op eq "b"', ['a', 'b']],
  ['cf.sequence.current_op eq "a" or ssl', null],
  ['cf.sequence.current_op eq "a" xor ssl', null],
  ['cf.sequence.current_op eq "a" xor cf.sequence.current_op eq "b"', ['a', 'b']],
  ['not cf.sequence.current_op eq "a"', null],
  ['cf.sequence.current_op ne "a"', null],
  ['http.host eq "a"', null],
  ['http.host in {"a"}', null],
  ['lower(cf.sequence.current_op) eq "a"', null],
  ['cf.sequence.previous_ops[0] eq "a"', null],
];

test('a rule without an expression matches every request, in its place', () => {
  const [first, last] = ['ssl', 'not ssl'].map(parsed);
  const set = new RuleSet([
    { expression: first ?? null, tag: 1 },
    { expression: null, tag: 2 },
    { expression: last ?? null, tag: 3 },
  ]);

  assert.equal(set.firstMatch([true])?.tag, 1);
  assert.equal(set.firstMatch([false])?.tag, 2);
});

test('the sets of one layout share its slots', () => {
  const layout = new FieldLayout();
  const one = new RuleSet([{ expression: parsed('ssl'), tag: 1 }], { layout });
  const other = new RuleSet([{ expression: parsed('http.host eq "a" and ssl'), tag: 2 }], { layout });

  assert.equal(layout.fields.length, 2);
  assert.equal(one.firstMatch([true, 'a'])?.tag, 1);
  assert.equal(other.firstMatch([true, 'a'])?.tag, 2);
});

test('finds the operations outside of which a rule cannot match', () => {
  for (const [text, expected] of operations) {
    const found = operationsOf(parsed(text));
    assert.deepEqual(found === null ? null : [...found].sort(), expected, text);
  }
});

const rulesOf = (texts: readonly string[]) =>
  texts.map((text, at) => ({ expression: parsed(text), tag: at }));

test('asks only the rules that may match, in their order', () => {
  const set = new RuleSet(
    rulesOf([
      'cf.sequence.current_op eq "b" and ssl',
      'http.host eq "h"',
      'cf.sequence.current_op in {"a" "b"}',
      'cf.sequence.current_op eq "c"',
    ]),
  );
  const slotsOf = (values: readonly (readonly [string, Value])[]) => set.layout.fill(new Map(values));
  const tagsFor = (operation: string): readonly number[] =>
    set.rulesFor(slotsOf([['cf.sequence.current_op', operation]])).map((rule) => rule.tag);

  assert.deepEqual(tagsFor('a'), [1, 2]);
  assert.deepEqual(tagsFor('b'), [0, 1, 2]);
  assert.deepEqual(tagsFor(''), [1]);
  assert.deepEqual(
    set.rulesFor(slotsOf([])).map((rule) => rule.tag),
    [1],
  );
  assert.equal(set.firstMatch(slotsOf([['cf.sequence.current_op', 'b']]))?.tag, 2);
  assert.equal(set.firstMatch(slotsOf([['cf.sequence.current_op', 'd']])), null);
});

test('a set without a rule of an operation asks all its rules of every request', () => {
  const set = new RuleSet(rulesOf(['ssl', 'http.host eq "a"']));
  const slots = set.layout.fill(new Map<string, Value>([['http.host', 'a']]));

  assert.deepEqual(
    set.rulesFor(slots).map((rule) => rule.tag),
    [0, 1],
  );
  assert.equal(set.firstMatch(slots)?.tag, 1);
  assert.equal(new RuleSet([]).firstMatch([]), null);
});

test('looks in the lists it is given', () => {
  const lists = new Map([['office', parseList('bytes', ['a'])]]);
  const set = new RuleSet(rulesOf(['http.host in $office']), { lists });

  assert.equal(set.firstMatch(set.layout.fill(new Map([['http.host', 'a']])))?.tag, 0);
});

test('matches the same rules as each of them alone', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const generator = new ExpressionGenerator(seeded(seed));
      const texts = Array.from({ length: 6 }, (_, at) =>
        at % 2 === 0
          ? generator.rule(2)
          : `cf.sequence.current_op eq "${generator.pick(['10ad1de0', '20ad1de0'])}" and ${generator.rule(1)}`,
      ).filter((text) => text.length <= 4096);
      const rules = rulesOf(texts);
      const set = new RuleSet(rules);
      const values = generator.request();

      const slots = set.layout.fill(values);
      const found = set.rulesFor(slots).filter((rule) => rule.matches(slots));

      const expected = rules.filter(({ expression }) => {
        const layout = new FieldLayout();
        return compileExpression(expression, { layout })(layout.fill(values));
      });
      assert.deepEqual(
        found.map((rule) => rule.tag),
        expected.map((rule) => rule.tag),
      );
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 300) },
  );
});
