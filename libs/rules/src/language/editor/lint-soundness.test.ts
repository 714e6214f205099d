import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Expression } from '../ast.ts';
import { compileExpression } from '../compiled/expression.ts';
import { FieldLayout } from '../compiled/layout.ts';
import { parseExpression } from '../expression.ts';
import { parseList } from '../list-items.ts';
import type { NamedLists } from '../lists.ts';
import type { Value } from '../values.ts';
import { nodesOf } from '../walk.ts';
import {
  anyExpression,
  anyRequest,
  crowdedExpression,
  smallExpression,
  smallRequests,
} from './expression.test-arbitraries.ts';
import { lintExpression } from './lint.ts';
import { lintRules } from './lint-rules.ts';
import { Solver } from './satisfy.ts';

const lists: NamedLists = new Map([['names', parseList('bytes', ['a', 'ABC', '10ad1de0'])]]);

const parse = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'parsed') return parsed.expression;
  throw new Error(`${text}: ${parsed.fault.message}`);
};

type Request = ReadonlyMap<string, Value>;

const evaluate = (expression: Expression, requests: readonly Request[]): readonly boolean[] => {
  const layout = new FieldLayout();
  const matches = compileExpression(expression, { layout, lists });
  return requests.map((request) => matches(layout.fill(request)));
};

const requests = fc.array(anyRequest, { minLength: 15, maxLength: 15 });

/** Parts that are Bool of themselves: any and all keep what they map over to themselves. */
const parts = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'combine':
      return [expression, ...expression.items.flatMap(parts)];
    case 'not':
    case 'group':
      return [expression, ...parts(expression.of)];
    default:
      return [expression];
  }
};

test('says never and always of a part only where no request tells otherwise', () => {
  fc.assert(
    fc.property(fc.oneof(anyExpression, crowdedExpression), requests, (text, tried) => {
      const solver = new Solver({});
      for (const part of parts(parse(text))) {
        const { isNever, isAlways } = solver.verdictOf(part);
        const results = evaluate(part, tried);

        assert.ok(!isNever || !results.includes(true), `never: ${text}`);
        assert.ok(!isAlways || !results.includes(false), `always: ${text}`);
      }
    }),
    { numRuns: 1000 },
  );
});

test('finds whatever is never or always true of few comparisons of two values', () => {
  fc.assert(
    fc.property(smallExpression, (text) => {
      const expression = parse(text);
      fc.pre([...nodesOf(expression)].filter((node) => node.kind === 'value').length <= 5);

      const results = evaluate(expression, smallRequests);
      assert.deepEqual(new Solver({}).verdictOf(expression), {
        isNever: !results.includes(true),
        isAlways: !results.includes(false),
      });
    }),
    { numRuns: 1000 },
  );
});

/** The tree without the operands that stand at these places. */
const dropped = (expression: Expression, places: ReadonlySet<string>): Expression => {
  switch (expression.kind) {
    case 'combine': {
      const kept = expression.items.filter(({ start, end }) => !places.has(`${start} ${end}`));
      const items = kept.map((item) => dropped(item, places));
      return items.length === 1 && items[0] !== undefined ? items[0] : { ...expression, items };
    }
    case 'not':
    case 'group':
      return { ...expression, of: dropped(expression.of, places) };
    default:
      return expression;
  }
};

test('calls an operand redundant only where the rule is the same without it', () => {
  const operand = fc.oneof(
    anyExpression,
    fc.constantFrom('ssl', 'http.host eq "a"', 'http.host in {"a" "b"}'),
  );
  const combined = fc
    .tuple(operand, fc.constantFrom(' and ', ' or '), operand, operand)
    .map(([one, operator, other, third]) => `(${one})${operator}(${other})${operator}${third}`);
  fc.assert(
    fc.property(fc.oneof(anyExpression, crowdedExpression, combined), requests, (text, tried) => {
      const expression = parse(text);
      const places = lintExpression(expression)
        .filter(({ code }) => code === 'redundant_operand' || code === 'repeated_operand')
        .filter(({ offset }) => [...nodesOf(expression)].some((node) => node.start === offset))
        .map(({ offset, length }) => `${offset} ${offset + length}`);
      const isOdd = [...nodesOf(expression)].some(
        (node) => node.kind === 'combine' && node.operator === 'xor',
      );
      fc.pre(!isOdd);

      const without = dropped(expression, new Set(places));
      assert.deepEqual(evaluate(without, tried), evaluate(expression, tried), text);
    }),
    { numRuns: 300 },
  );
});

test('calls a rule unreachable only where an earlier one matches whatever it matches', () => {
  fc.assert(
    fc.property(fc.array(crowdedExpression, { minLength: 2, maxLength: 4 }), requests, (texts, tried) => {
      const rules = texts.map((text) => ({ expression: parse(text), name: text, endsRound: true }));
      const results = rules.map(({ expression }) => evaluate(expression, tried));
      for (const [at, findings] of lintRules(rules).entries()) {
        if (!findings.some(({ code }) => code === 'unreachable')) continue;
        for (const request of tried.keys())
          assert.ok(!results[at]?.[request] || results.slice(0, at).some((earlier) => earlier[request]));
      }
    }),
    { numRuns: 150 },
  );
});
