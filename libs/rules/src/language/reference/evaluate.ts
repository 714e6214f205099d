/**
 * The reference evaluator: every part of an expression is evaluated, nothing is skipped, and what each part gave is
 * recorded. It says what the language means, and its record is what explain.ts tells people. Plain and slow on purpose,
 * and independent of the evaluator that rules run on, which is checked against it. Not for the path of a request.
 */
import type {
  Argument,
  Call,
  ComparisonExpression,
  Expression,
  Index,
  Span,
  ValueExpression,
} from '../ast.ts';
import type { NamedLists } from '../lists.ts';
import { arrayOf, Bool, Bytes, Int, Ip, type Type } from '../types.ts';
import type { Value } from '../values.ts';
import { callFunction, itemsOf } from './bodies.ts';
import { compareBytes, toBytes } from './bytes.ts';
import { holds } from './compare.ts';

type Base = ValueExpression['base'];
export type TraceNode = Expression | ValueExpression | Base | Exclude<Argument, { kind: 'logical' }>;

/** `logical`: and, or, xor, not, any, all and parentheses; `index`: what is picked from its only child. */
export type TraceKind = 'logical' | 'comparison' | 'field' | 'index' | 'call' | 'literal';

/** What one part of an expression gave, and the parts it is made of in the order of the text. */
export interface Trace {
  readonly span: Span;
  readonly kind: TraceKind;
  readonly node: TraceNode;
  readonly type: Type;
  /** Undefined is the missing value. A comparison over `[*]` gives an array of Bool. */
  readonly value: Value | undefined;
  readonly children: readonly Trace[];
}

interface World {
  readonly facts: ReadonlyMap<string, Value>;
  readonly lists: NamedLists;
}

/**
 * Evaluates an expression over the values of one request, fields by name. A field or a list that is not there is
 * missing or empty. The value of the whole is a boolean.
 */
export const evaluateReference = (
  expression: Expression,
  facts: ReadonlyMap<string, Value>,
  lists: NamedLists,
): Trace => traceExpression(expression, { facts, lists });

/** The same for an expression that gives a value, such as the target of a redirect; its value may be missing. */
export const evaluateReferenceValue = (
  expression: ValueExpression,
  facts: ReadonlyMap<string, Value>,
  lists: NamedLists,
): Trace => traceValue(expression, { facts, lists });

const isArray = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

const made = (
  node: TraceNode,
  kind: TraceKind,
  { type, value, children = [] }: { type: Type; value: Value | undefined; children?: readonly Trace[] },
): Trace => ({ span: { start: node.start, end: node.end }, kind, node, type, value, children });

/** A part that gives Bool, or an array of Bool where it maps over `[*]`. */
const truth = (
  node: Expression,
  kind: 'logical' | 'comparison',
  value: Value,
  children: readonly Trace[],
): Trace => made(node, kind, { type: isArray(value) ? arrayOf(Bool) : Bool, value, children });

const traceExpression = (node: Expression, world: World): Trace => {
  switch (node.kind) {
    case 'combine': {
      const children = node.items.map((item) => traceExpression(item, world));
      const values = children.map((child) => child.value ?? false);
      const whole = values.reduce((left, right) => combine(node.operator, left, right));
      return truth(node, 'logical', whole, children);
    }
    case 'not': {
      const child = traceExpression(node.of, world);
      return truth(node, 'logical', negate(child.value), [child]);
    }
    case 'group': {
      const child = traceExpression(node.of, world);
      return truth(node, 'logical', child.value ?? false, [child]);
    }
    case 'quantifier': {
      const child = traceArgument(node.of, world);
      return truth(node, 'logical', quantify(node.operator, child.value), [child]);
    }
    default: {
      const left = traceValue(node.value, world);
      return truth(node, 'comparison', compare(node, left, world.lists), [left]);
    }
  }
};

/** Element by element, as far as the shorter array goes. */
const combine = (operator: 'and' | 'or' | 'xor', left: Value, right: Value): Value => {
  if (isArray(left) && isArray(right))
    return left
      .slice(0, Math.min(left.length, right.length))
      .map((item, at) => combine(operator, item, right[at] ?? false));
  const [a, b] = [left === true, right === true];
  if (operator === 'and') return a && b;
  return operator === 'or' ? a || b : a !== b;
};

const negate = (value: Value | undefined): Value => (isArray(value) ? value.map(negate) : value !== true);

/** Over a missing array both are false; only a comparison makes an empty array of it (see `compare`). */
const quantify = (operator: 'any' | 'all', value: Value | undefined): boolean => {
  if (!isArray(value)) return false;
  return operator === 'any' ? value.some((item) => item === true) : value.every((item) => item === true);
};

/** Over `[*]` an array of Bool, which is empty if the array compared is missing. */
const compare = (node: ComparisonExpression, left: Trace, lists: NamedLists): Value =>
  left.type.kind === 'array'
    ? itemsOf(left.value).map((item) => holds(node, item, lists))
    : holds(node, left.value, lists);

const traceArgument = (node: Argument, world: World): Trace => {
  switch (node.kind) {
    case 'value':
      return traceValue(node, world);
    case 'logical':
      return traceExpression(node.of, world);
    case 'bytes':
      return made(node, 'literal', { type: Bytes, value: node.value });
    case 'int':
      return made(node, 'literal', { type: Int, value: node.value });
    case 'ip':
      return made(node, 'literal', { type: Ip, value: node.value });
    default:
      return node satisfies never;
  }
};

const traceValue = (node: ValueExpression, world: World): Trace => {
  const base =
    node.base.kind === 'call'
      ? traceCall(node.base, world)
      : made(node.base, 'field', {
          type: node.base.field.type,
          value: world.facts.get(node.base.field.name),
        });
  if (node.indexes.length === 0) return base;
  const type = node.stars > 0 ? arrayOf(node.type) : node.type;
  return made(node, 'index', { type, value: pick(base.value, node.indexes), children: [base] });
};

const at = (value: Value, index: Index): Value | undefined => {
  if (index.kind === 'at') return itemsOf(value)[index.at];
  return index.kind === 'key' && value instanceof Map ? value.get(index.key) : undefined;
};

/** All items, or all values in the order of the bytes of their keys. */
const each = (value: Value): readonly Value[] =>
  value instanceof Map
    ? [...value].sort(([a], [b]) => compareBytes(toBytes(a), toBytes(b))).map(([, item]) => item)
    : itemsOf(value);

/**
 * Missing if anything before the first `[*]` is missing. After it there is an array: later stars flatten, and an item
 * that has not what an index asks for is left out.
 */
export const pick = (value: Value | undefined, indexes: readonly Index[]): Value | undefined => {
  let found = value === undefined ? [] : [value];
  let hasStar = false;
  for (const index of indexes) {
    if (!hasStar && found.length === 0) return undefined;
    hasStar ||= index.kind === 'each';
    found =
      index.kind === 'each'
        ? found.flatMap(each)
        : found.map((item) => at(item, index)).filter((item) => item !== undefined);
  }
  return hasStar ? found : found[0];
};

/** A mapped call is made for each item of its first argument; an item that gives nothing is left out. */
const traceCall = (node: Call, world: World): Trace => {
  const children = node.args.map((argument) => traceArgument(argument, world));
  const call = (args: readonly (Value | undefined)[]): Value | undefined =>
    callFunction(node.definition.name, args);
  const [first, ...others] = children.map((child) => child.value);
  if (!node.isMapped)
    return made(node, 'call', { type: node.returns, value: call([first, ...others]), children });
  const value =
    first === undefined
      ? undefined
      : itemsOf(first)
          .map((item) => call([item, ...others]))
          .filter((result) => result !== undefined);
  return made(node, 'call', { type: arrayOf(node.returns), value, children });
};
