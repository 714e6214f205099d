/**
 * All texts of a rule by expression, parsed and checked for what its phase needs: when it matches, what it counts by,
 * where it redirects to, what it writes into headers. Control asks it before a rule is written, the enforcer before it
 * takes effect.
 */
import type { ExpressionRule, HeaderChange, TextOrExpression } from '@precede/contracts';
import type { Expression, ValueExpression } from '../language/ast.ts';
import { parseExpression, parseValueExpression } from '../language/expression.ts';
import type { ExpressionFault } from '../language/faults.ts';
import { positionIn } from '../language/faults.ts';
import type { NamedLists } from '../language/lists.ts';
import { printType, type Type } from '../language/types.ts';

/** What a rule says in texts of the language. */
export type RuleTexts = Pick<ExpressionRule, 'expression' | 'action' | 'ratelimit'>;

/** Where in an ExpressionRule: `['ratelimit', 'characteristics', 0]`. */
export type RulePath = readonly (string | number)[];

export interface RuleFault {
  readonly path: RulePath;
  readonly fault: ExpressionFault;
}

/** Null: matches every request. */
export type Match = Expression | null;
export type ParsedText =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'expression'; readonly expression: ValueExpression };
/** What a rate limit counts by; `session` is that of the request. */
export type Characteristic = ValueExpression | 'session';

export interface ParsedHeader extends Omit<HeaderChange, 'value'> {
  readonly value: ParsedText | null;
}

export interface ParsedRule {
  readonly match: Match;
  readonly characteristics: readonly Characteristic[];
  /** Undefined: what the rule matches. */
  readonly counting: Match | undefined;
  readonly target: ParsedText | null;
  readonly headers: readonly ParsedHeader[];
}

export type ParseRuleResult =
  | { readonly kind: 'parsed'; readonly rule: ParsedRule }
  | { readonly kind: 'faults'; readonly faults: readonly RuleFault[] };

/** The whole of an expression that matches every request. */
export const matchAll = 'true';
/** The characteristic that is no field: the session of the request. */
export const sessionCharacteristic = 'session';

/** Faults in the order of the rule. `lists` are the named lists that exist. O(characters). */
export const parseRule = (texts: RuleTexts, lists: NamedLists): ParseRuleResult => {
  const reader = new RuleReader(lists);
  const { expression, action, ratelimit } = texts;
  const rule: ParsedRule = {
    match: reader.match(expression, ['expression']),
    characteristics: (ratelimit?.characteristics ?? []).map((text, at) =>
      reader.characteristic(text, ['ratelimit', 'characteristics', at]),
    ),
    counting:
      ratelimit === null || ratelimit.countingExpression === ''
        ? undefined
        : reader.match(ratelimit.countingExpression, ['ratelimit', 'countingExpression']),
    target: action.kind === 'redirect' ? reader.text(action.target, ['action', 'target']) : null,
    headers:
      action.kind === 'rewrite'
        ? action.headers.map((header, at) => ({
            ...header,
            value: header.value === null ? null : reader.text(header.value, ['action', 'headers', at]),
          }))
        : [],
  };
  return reader.faults.length === 0 ? { kind: 'parsed', rule } : { kind: 'faults', faults: reader.faults };
};

/** Stands for what could not be parsed; a rule with faults is given to nobody. */
const nothing: ParsedText = { kind: 'value', value: '' };
const plainKinds: ReadonlySet<Type['kind']> = new Set(['bytes', 'int', 'ip', 'bool']);

class RuleReader {
  readonly faults: RuleFault[] = [];
  readonly #lists: NamedLists;

  constructor(lists: NamedLists) {
    this.#lists = lists;
  }

  match(text: string, path: RulePath): Match {
    if (text.trim() === matchAll) return null;
    const parsed = parseExpression(text, { lists: this.#lists });
    if (parsed.kind === 'parsed') return parsed.expression;
    this.faults.push({ path, fault: parsed.fault });
    return null;
  }

  characteristic(text: string, path: RulePath): Characteristic {
    if (text.trim() === sessionCharacteristic) return 'session';
    return this.#plainValue(text, path) ?? 'session';
  }

  text(given: TextOrExpression, path: RulePath): ParsedText {
    if (given.kind === 'value') return given;
    const expression = this.#plainValue(given.expression, path);
    return expression === undefined ? nothing : { kind: 'expression', expression };
  }

  /** One value that reads as text. */
  #plainValue(text: string, path: RulePath): ValueExpression | undefined {
    const parsed = parseValueExpression(text, { lists: this.#lists });
    if (parsed.kind === 'refused') {
      this.faults.push({ path, fault: parsed.fault });
      return undefined;
    }
    const { expression } = parsed;
    if (plainKinds.has(expression.type.kind)) return expression;
    this.faults.push({ path, fault: notPlain(text, expression) });
    return undefined;
  }
}

const notPlain = (text: string, { start, end, type }: ValueExpression): ExpressionFault => ({
  code: 'type',
  message: `one text, number or address is needed here, this is ${printType(type)}`,
  hint: 'pick one item: ["name"][0], or join(…, ",")',
  offset: start,
  length: end - start,
  ...positionIn(text, start),
});
