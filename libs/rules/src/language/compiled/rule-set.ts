/**
 * Many rules over one layout, found by the current operation: a rule that can only match for certain operations is not
 * asked for others. The rules never change: a set is swapped whole.
 */
import type { Expression } from '../ast.ts';
import { noLists } from '../lists.ts';
import type { Value } from '../values.ts';
import type { Condition } from './condition.ts';
import { type CompileOptions, compileExpression } from './expression.ts';
import { FieldLayout, type Slots } from './layout.ts';

export interface Rule<T> {
  /** Null: matches every request. */
  readonly expression: Expression | null;
  /** What the rule is to whoever asks: its id, its action. */
  readonly tag: T;
}

export interface CompiledRule<T> {
  readonly tag: T;
  readonly matches: Condition;
}

const currentOperation = 'cf.sequence.current_op';

/**
 * The values of cf.sequence.current_op outside of which the expression is false; null if it may be true for any. It may
 * name more than there are, never fewer.
 */
export const operationsOf = (expression: Expression): ReadonlySet<string> | null => {
  switch (expression.kind) {
    case 'group':
      return operationsOf(expression.of);
    case 'combine':
      return combined(expression.operator, expression.items.map(operationsOf));
    case 'ordering':
      return isCurrentOperation(expression) && expression.operator === 'eq'
        ? new Set([expression.literal.value as string])
        : null;
    case 'in_set':
      return isCurrentOperation(expression)
        ? new Set(expression.members.map((member) => (member as { value: string }).value))
        : null;
    default:
      return null;
  }
};

const isCurrentOperation = ({ value }: Extract<Expression, { kind: 'ordering' | 'in_set' }>): boolean =>
  value.base.kind === 'field' && value.base.field.name === currentOperation;

type Operations = ReadonlySet<string> | null;

const combined = (operator: 'and' | 'or' | 'xor', items: readonly Operations[]): Operations => {
  if (operator === 'and') return items.reduce(both, null);
  const known = items.filter((item) => item !== null);
  if (known.length < items.length) return null;
  return new Set(known.flatMap((item) => [...item]));
};

const both = (a: Operations, b: Operations): Operations =>
  a === null ? b : b === null ? a : new Set([...a].filter((each) => b.has(each)));

/** Rules that lists made at a request may hold in all; beyond it they are made each time. */
const maxMerged = 262_144;

interface Placed<T> extends CompiledRule<T> {
  /** Its place among all rules. */
  readonly at: number;
}

const always: Condition = () => true;

export class RuleSet<T> {
  readonly layout: FieldLayout;
  readonly #slot: number;
  /** Rules of an operation alone, and those that may match for any, each in order. */
  readonly #byOperation = new Map<Value | undefined, Placed<T>[]>();
  readonly #others: readonly Placed<T>[];
  /** Both in one list, made when an operation is first asked for. */
  readonly #merged = new Map<Value | undefined, readonly Placed<T>[]>();
  #mergedRules = 0;

  /** Rules in the order in which they are asked. O(rules · operations they name). */
  constructor(
    rules: readonly Rule<T>[],
    { layout = new FieldLayout(), lists = noLists }: CompileOptions = {},
  ) {
    const others: Placed<T>[] = [];
    for (const [at, { expression, tag }] of rules.entries()) {
      const matches = expression === null ? always : compileExpression(expression, { layout, lists });
      const rule = { tag, matches, at };
      const operations = expression === null ? null : operationsOf(expression);
      if (operations === null) others.push(rule);
      else for (const operation of operations) this.#add(operation, rule);
    }
    this.layout = layout;
    this.#slot = layout.fields.findIndex((field) => field.name === currentOperation);
    this.#others = others;
  }

  #add(operation: string, rule: Placed<T>): void {
    const known = this.#byOperation.get(operation);
    if (known === undefined) this.#byOperation.set(operation, [rule]);
    else known.push(rule);
  }

  /** The rules that may match, in order; all others do not. O(1), but for the first time that an operation is asked for. */
  rulesFor(slots: Slots): readonly CompiledRule<T>[] {
    const operation = slots[this.#slot];
    const own = this.#byOperation.get(operation);
    if (own === undefined) return this.#others;
    return this.#others.length === 0 ? own : (this.#merged.get(operation) ?? this.#merge(operation, own));
  }

  #merge(operation: Value | undefined, own: readonly Placed<T>[]): readonly Placed<T>[] {
    const merged = [...own, ...this.#others].sort((a, b) => a.at - b.at);
    if (this.#mergedRules + merged.length > maxMerged) return merged;
    this.#mergedRules += merged.length;
    this.#merged.set(operation, merged);
    return merged;
  }

  /** The first rule that matches; null if none does. */
  firstMatch(slots: Slots): CompiledRule<T> | null {
    const rules = this.rulesFor(slots);
    for (let at = 0; at < rules.length; at += 1) {
      const rule = rules[at] as CompiledRule<T>;
      if (rule.matches(slots)) return rule;
    }
    return null;
  }
}
