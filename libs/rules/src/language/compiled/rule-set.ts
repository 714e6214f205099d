/**
 * Many rules over one layout, found by the current operation: a rule that can only match for certain operations is not
 * asked for others. Immutable, so that it is swapped whole.
 */
import type { Expression } from '../ast.ts';
import type { NamedLists } from '../lists.ts';
import type { Value } from '../values.ts';
import type { Condition } from './compile.ts';
import { compileExpression } from './expression.ts';
import { FieldLayout, type Slots } from './layout.ts';

export interface Rule<T> {
  readonly expression: Expression;
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

export class RuleSet<T> {
  readonly layout = new FieldLayout();
  readonly #slot: number;
  readonly #byOperation = new Map<Value | undefined, CompiledRule<T>[]>();
  readonly #others: readonly CompiledRule<T>[];

  /** Rules in the order in which they are asked. O(rules · operations they name). */
  constructor(rules: readonly Rule<T>[], lists: NamedLists = new Map()) {
    const compiled = rules.map(({ expression, tag }) => ({
      tag,
      matches: compileExpression(expression, { layout: this.layout, lists }),
      operations: operationsOf(expression),
    }));
    this.#slot = this.layout.fields.findIndex((field) => field.name === currentOperation);
    for (const { operations } of compiled)
      for (const operation of operations ?? []) this.#byOperation.set(operation, []);
    for (const rule of compiled) this.#add(rule);
    this.#others = compiled.filter((rule) => rule.operations === null).map(toRule);
  }

  #add(rule: CompiledRule<T> & { readonly operations: Operations }): void {
    if (rule.operations === null) {
      for (const list of this.#byOperation.values()) list.push(toRule(rule));
      return;
    }
    for (const operation of rule.operations) this.#byOperation.get(operation)?.push(toRule(rule));
  }

  /** The rules that may match, in order; all others do not. O(1). */
  rulesFor(slots: Slots): readonly CompiledRule<T>[] {
    return this.#byOperation.get(slots[this.#slot]) ?? this.#others;
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

const toRule = <T>({ tag, matches }: CompiledRule<T>): CompiledRule<T> => ({ tag, matches });
