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
  Index,
  Quantifier,
  ValueExpression,
} from '../ast.ts';
import type { FunctionBody, Parameter } from '../functions/definition.ts';
import type { NamedLists } from '../lists.ts';
import { toParameter } from '../parameter.ts';
import { itemOf } from '../types.ts';
import type { Value } from '../values.ts';
import { compileTest, type ItemTest } from './item-test.ts';
import type { FieldLayout, Slots } from './layout.ts';

export type Condition = (slots: Slots) => boolean;
export type Getter = (slots: Slots) => Value | undefined;
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
  const equality = first === undefined ? null : equalityOf(first, context);
  if (operator !== 'and' || items.length !== 2 || equality === null)
    return combine(
      operator,
      items.map((item) => compileCondition(item, context)),
    );
  const { slot, literal } = equality;
  const rest = compileCondition(second as Expression, context);
  return (slots) => slots[slot] === literal && rest(slots);
};

/** `field eq literal` without an index. */
const equalityOf = (expression: Expression, { layout }: CompileContext) => {
  if (expression.kind !== 'ordering' || expression.operator !== 'eq') return null;
  const { base, indexes } = expression.value;
  if (base.kind !== 'field' || indexes.length > 0) return null;
  return { slot: layout.slotOf(base.field), literal: expression.literal.value as Value };
};

/** The parts of sequence rules are negated in place; everything else is asked and turned round. */
const compileNot = (of: Expression, context: CompileContext): Condition => {
  if (of.kind === 'group') return compileNot(of.of, context);
  const equal = of.kind === 'quantifier' ? anyEqualOf(of.operator, of.of, context) : null;
  if (equal !== null) return compileAnyEqual(equal.slot, equal.literal, false);
  const shaped = compileShape(of, context, false);
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
  const shaped = compileShape(comparison, context, true);
  if (shaped !== null) return shaped;
  const get = compileValue(comparison.value, context);
  const test = compileTest(comparison, context.lists);
  return (slots) => {
    const found = get(slots);
    return found !== undefined && test(found);
  };
};

/** The comparisons that sequence rules are made of: a field with eq, a key of a map with an order. */
const compileShape = (expression: Expression, context: CompileContext, wanted: boolean): Condition | null => {
  const equality = equalityOf(expression, context);
  if (equality !== null) {
    const { slot, literal } = equality;
    return (slots) => (slots[slot] === literal) === wanted;
  }
  if (expression.kind !== 'ordering' || typeof expression.literal.value !== 'number') return null;
  const { base, indexes } = expression.value;
  const [index] = indexes;
  if (base.kind !== 'field' || index?.kind !== 'key' || indexes.length > 1) return null;
  const place = { slot: context.layout.slotOf(base.field), key: index.key };
  return compileMapOrder(place, expression.operator, expression.literal.value, wanted);
};

interface MapPlace {
  readonly slot: number;
  readonly key: string;
}

const numberAt = (slots: Slots, slot: number, key: string): number =>
  (slots[slot] as ReadonlyMap<string, number> | undefined)?.get(key) as number;

/** A missing key is undefined, and every order with undefined is false. */
const compileMapOrder = (
  { slot, key }: MapPlace,
  operator: string,
  literal: number,
  wanted: boolean,
): Condition | null => {
  switch (operator) {
    case 'ge':
      return (slots) => numberAt(slots, slot, key) >= literal === wanted;
    case 'gt':
      return (slots) => numberAt(slots, slot, key) > literal === wanted;
    case 'le':
      return (slots) => numberAt(slots, slot, key) <= literal === wanted;
    case 'lt':
      return (slots) => numberAt(slots, slot, key) < literal === wanted;
    default:
      return null;
  }
};

const compileQuantifier = (operator: Quantifier, of: Argument, context: CompileContext): Condition => {
  const equal = anyEqualOf(operator, of, context);
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

/** `any(field[*] eq literal)` over an array, the heart of sequence rules. */
const anyEqualOf = (operator: Quantifier, of: Argument, { layout }: CompileContext) => {
  if (operator !== 'any' || of.kind !== 'logical' || of.of.kind !== 'ordering') return null;
  const { value, operator: order, literal } = of.of;
  const isPlain = order === 'eq' && value.indexes.length === 1 && value.stars === 1;
  if (!isPlain || value.base.kind !== 'field' || value.base.field.type.kind !== 'array') return null;
  return { slot: layout.slotOf(value.base.field), literal: literal.value as Value };
};

const compileAnyEqual =
  (slot: number, literal: Value, wanted: boolean): Condition =>
  (slots) => {
    const items = slots[slot] as readonly Value[] | undefined;
    if (items === undefined) return !wanted;
    for (let at = 0; at < items.length; at += 1) if (items[at] === literal) return wanted;
    return !wanted;
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

const pickAll = (base: Getter, indexes: readonly Index[]): Getter => indexes.reduce(pickOne, base);

const pickOne = (get: Getter, index: Index): Getter => {
  if (index.kind === 'at') {
    const { at } = index;
    return (slots) => (get(slots) as readonly Value[] | undefined)?.[at];
  }
  const { key } = index as Extract<Index, { kind: 'key' }>;
  return (slots) => (get(slots) as ReadonlyMap<string, Value> | undefined)?.get(key);
};

/** Items of an array; values of a map by the order of their keys' bytes. */
const itemsOf = (found: Value): readonly Value[] => {
  if (Array.isArray(found)) return found as readonly Value[];
  const map = found as ReadonlyMap<string, Value>;
  if (map.size < 2) return [...map.values()];
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
};

/** Several stars, or an index behind one: whatever is found along the way, missing parts left out. */
const flatten = (base: Getter, indexes: readonly Index[]): Getter => {
  const steps = indexes.map((index) => (found: Value): readonly Value[] => {
    if (index.kind === 'each') return itemsOf(found);
    const item =
      index.kind === 'at'
        ? (found as readonly Value[])[index.at]
        : (found as ReadonlyMap<string, Value>).get(index.key);
    return item === undefined ? [] : [item];
  });
  return (slots) => {
    const found = base(slots);
    if (found === undefined) return undefined;
    return steps.reduce<readonly Value[]>((items, step) => items.flatMap(step), [found]);
  };
};

const compileCall = (call: Call, context: CompileContext): Getter => {
  const body = call.definition.bind(call.args.map((each): Parameter => toParameter(each)));
  const getters = call.args.map((each) => compileArgument(each, context));
  return call.isMapped ? callEach(body, getters) : callOnce(body, getters);
};

const callOnce = (body: FunctionBody, getters: readonly Getter[]): Getter => {
  // One array for all evaluations: they end before the next begins, and no call is inside itself.
  const args: (Value | undefined)[] = getters.map(() => undefined);
  return (slots) => {
    for (let at = 0; at < getters.length; at += 1) args[at] = (getters[at] as Getter)(slots);
    return body(args);
  };
};

/** The call for each item of its first argument; items for which it gives nothing are left out. */
const callEach = (body: FunctionBody, [first, ...others]: readonly Getter[]): Getter => {
  const args: (Value | undefined)[] = [undefined, ...others.map(() => undefined)];
  return (slots) => {
    const items = (first as Getter)(slots) as readonly Value[] | undefined;
    if (items === undefined) return undefined;
    for (let at = 0; at < others.length; at += 1) args[at + 1] = (others[at] as Getter)(slots);
    const results: Value[] = [];
    for (const item of items) {
      args[0] = item;
      const result = body(args);
      if (result !== undefined) results.push(result);
    }
    return results;
  };
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
