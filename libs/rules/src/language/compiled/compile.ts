/**
 * A tree as closures over the slots of a request: literals, sets and patterns are made once, the shapes that sequence
 * rules have are closures of their own, and an evaluation of those allocates nothing.
 *
 * A condition is `(slots) => boolean`. What maps over `[*]` is visited item by item where one answer is wanted, and made
 * into an array only where items of two arrays are paired.
 */
import type {
  Argument,
  Call,
  ComparisonExpression,
  Expression,
  Quantifier,
  ValueExpression,
} from '../ast.ts';
import type { Parameter } from '../functions/definition.ts';
import type { NamedLists } from '../lists.ts';
import { toParameter } from '../parameter.ts';
import { itemOf } from '../types.ts';
import type { Value } from '../values.ts';
import { callEach, callOnce } from './call.ts';
import type { Condition, Getter } from './condition.ts';
import { compileTest, type ItemTest } from './item-test.ts';
import type { FieldLayout, Slots } from './layout.ts';
import { flatten, itemsOf, pickAll } from './pick.ts';
import { anyEqualOf, compileAnyEqual, compileShape, equalityOf } from './shapes.ts';

/** One Bool an item. */
type Conditions = (slots: Slots) => boolean[];

export interface CompileContext {
  readonly layout: FieldLayout;
  readonly lists: NamedLists;
}

/** An expression that is Bool. O(nodes). */
export const compileCondition = (expression: Expression, context: CompileContext): Condition => {
  switch (expression.kind) {
    case 'combine':
      return compileCombined(expression.operator, expression.items, context);
    case 'not':
      return compileNot(expression.of, context);
    case 'group':
      return compileCondition(expression.of, context);
    case 'quantifier':
      return compileQuantifier(expression.operator, expression.of, context);
    default:
      return compileComparison(expression, context);
  }
};

/** What a rule of two parts begins with, `field eq literal and …`, is asked without a call. */
const compileCombined = (
  operator: 'and' | 'or' | 'xor',
  items: readonly Expression[],
  context: CompileContext,
): Condition => {
  const [first, second] = items;
  const equality = first === undefined ? null : equalityOf(first, context.layout);
  if (operator !== 'and' || items.length !== 2 || equality === null)
    return combine(
      operator,
      items.map((item) => compileCondition(item, context)),
    );
  const { slot, literal } = equality;
  const rest = compileCondition(second as Expression, context);
  return (slots) => slots[slot] === literal && rest(slots);
};

/** The parts of sequence rules are negated in place; everything else is asked and turned round. */
const compileNot = (of: Expression, context: CompileContext): Condition => {
  if (of.kind === 'group') return compileNot(of.of, context);
  const equal = of.kind === 'quantifier' ? anyEqualOf(of.operator, of.of, context.layout) : null;
  if (equal !== null) return compileAnyEqual(equal.slot, equal.literal, false);
  const shaped = compileShape(of, context.layout, false);
  if (shaped !== null) return shaped;
  const condition = compileCondition(of, context);
  return (slots) => !condition(slots);
};

const combine = (operator: 'and' | 'or' | 'xor', items: readonly Condition[]): Condition => {
  const [a, b, c] = items as readonly [Condition, Condition, Condition | undefined];
  if (operator === 'xor') return (slots) => items.reduce((odd, item) => odd !== item(slots), false);
  const isAnd = operator === 'and';
  if (c === undefined) return isAnd ? (slots) => a(slots) && b(slots) : (slots) => a(slots) || b(slots);
  if (items.length === 3)
    return isAnd ? (slots) => a(slots) && b(slots) && c(slots) : (slots) => a(slots) || b(slots) || c(slots);
  return (slots) => {
    for (const item of items) if (item(slots) !== isAnd) return !isAnd;
    return isAnd;
  };
};

const compileComparison = (comparison: ComparisonExpression, context: CompileContext): Condition => {
  const shaped = compileShape(comparison, context.layout, true);
  if (shaped !== null) return shaped;
  const get = compileValue(comparison.value, context);
  const test = compileTest(comparison, context.lists);
  return (slots) => {
    const found = get(slots);
    return found !== undefined && test(found);
  };
};

const compileQuantifier = (operator: Quantifier, of: Argument, context: CompileContext): Condition => {
  const equal = anyEqualOf(operator, of, context.layout);
  if (equal !== null) return compileAnyEqual(equal.slot, equal.literal, true);
  if (of.kind === 'logical') {
    const visited = compileVisited(operator, of.of, context);
    if (visited !== null) return visited;
    const conditions = compileConditions(of.of, context);
    return operator === 'any'
      ? (slots) => conditions(slots).includes(true)
      : (slots) => !conditions(slots).includes(false);
  }
  const get = compileValue(of as ValueExpression, context);
  // A call over a missing array is missing itself, and that counts as false even under all.
  return (slots) => {
    const found = get(slots) as readonly boolean[] | undefined;
    if (found === undefined) return false;
    return operator === 'any' ? found.includes(true) : !found.includes(false);
  };
};

/** any/all over one comparison, negated or not: stops at the item that decides. Null for anything else. */
const compileVisited = (operator: Quantifier, of: Expression, context: CompileContext): Condition | null => {
  let isNegated = false;
  let expression = of;
  while (expression.kind === 'not' || expression.kind === 'group') {
    if (expression.kind === 'not') isNegated = !isNegated;
    expression = expression.of;
  }
  if (expression.kind === 'combine' || expression.kind === 'quantifier') return null;
  const test = compileTest(expression, context.lists);
  const decides = operator === 'any';
  const isHit: ItemTest = isNegated === decides ? (item) => !test(item) : test;
  const someHit = compileSome(expression.value, isHit, context);
  return decides ? someHit : (slots) => !someHit(slots);
};

/** Whether some item is a hit; for `all`, a hit is an item that fails. A missing array has no items. */
const compileSome = (value: ValueExpression, isHit: ItemTest, context: CompileContext): Condition => {
  const get = compileItems(value, context);
  return (slots) => {
    const items = get(slots);
    if (items === undefined) return false;
    for (let at = 0; at < items.length; at += 1) if (isHit(items[at] as Value)) return true;
    return false;
  };
};

/** The items that a mapped comparison looks at: those of `[*]`, or of a call that gives Array<Bool>. */
const compileItems = (value: ValueExpression, context: CompileContext) =>
  compileValue(value, context) as (slots: Slots) => readonly Value[] | undefined;

const compileConditions = (expression: Expression, context: CompileContext): Conditions => {
  switch (expression.kind) {
    case 'combine':
      return combineItems(
        expression.operator,
        expression.items.map((item) => compileConditions(item, context)),
      );
    case 'not': {
      const of = compileConditions(expression.of, context);
      return (slots) => of(slots).map((item) => !item);
    }
    case 'group':
      return compileConditions(expression.of, context);
    case 'quantifier':
      throw new TypeError('any and all give one Bool');
    default: {
      const get = compileItems(expression.value, context);
      const test = compileTest(expression, context.lists);
      return (slots) => get(slots)?.map(test) ?? [];
    }
  }
};

const pairs = {
  and: (a: boolean, b: boolean): boolean => a && b,
  or: (a: boolean, b: boolean): boolean => a || b,
  xor: (a: boolean, b: boolean): boolean => a !== b,
} as const;

/** Item by item, as long as the shortest. */
const combineItems = (operator: 'and' | 'or' | 'xor', operands: readonly Conditions[]): Conditions => {
  const pair = pairs[operator];
  return (slots) => {
    const [first = [], ...others] = operands.map((operand) => operand(slots));
    return others.reduce(
      (left, right) => left.slice(0, right.length).map((item, at) => pair(item, right[at] as boolean)),
      first,
    );
  };
};

/** The value of a field or call and what is picked from it; with `[*]`, all items in an array. */
export const compileValue = (value: ValueExpression, context: CompileContext): Getter => {
  const base = compileBase(value.base, context);
  const { indexes, stars } = value;
  if (stars === 0) return pickAll(base, indexes);
  if (stars > 1 || indexes[indexes.length - 1]?.kind !== 'each') return flatten(base, indexes);
  const get = pickAll(base, indexes.slice(0, -1));
  return (slots) => {
    const found = get(slots);
    return found === undefined ? undefined : itemsOf(found);
  };
};

const compileBase = (base: ValueExpression['base'], context: CompileContext): Getter => {
  if (base.kind === 'call') return compileCall(base, context);
  const slot = context.layout.slotOf(base.field);
  return (slots) => slots[slot];
};

const compileCall = (call: Call, context: CompileContext): Getter => {
  const body = call.definition.bind(call.args.map((each): Parameter => toParameter(each)));
  const getters = call.args.map((each) => compileArgument(each, context));
  return call.isMapped ? callEach(body, getters) : callOnce(body, getters);
};

const compileArgument = (argument: Argument, context: CompileContext): Getter => {
  if (argument.kind === 'value') return compileValue(argument, context);
  if (argument.kind !== 'logical') {
    const { value } = argument;
    return () => value;
  }
  return itemOf(argument.type) === null
    ? compileCondition(argument.of, context)
    : compileConditions(argument.of, context);
};
