/** What the linter says of an expression that parses. */
import type { Expression, Span } from '../ast.ts';
import { shorten } from '../shorten.ts';

export const FindingCode = {
  /** The whole rule. */
  neverMatches: 'never_matches',
  alwaysMatches: 'always_matches',
  /** Of ordered rules: an earlier one always comes first. */
  unreachable: 'unreachable',
  /** A part of it. */
  neverTrue: 'never_true',
  alwaysTrue: 'always_true',
  /** Two operands of `and` that are never true of one request. */
  excluding: 'excluding',
  /** Two operands of `or` of which one is always true. */
  covering: 'covering',
  emptySet: 'empty_set',
  /** Compared with what the value can never be. */
  impossibleValue: 'impossible_value',
  /** An item or key that no request has. */
  neverThere: 'never_there',
  /** True of every value that is there. */
  asksPresence: 'asks_presence',
  /** any/all over a comparison that is the same for all items. */
  asksEmptiness: 'asks_emptiness',
  repeatedOperand: 'repeated_operand',
  redundantOperand: 'redundant_operand',
  redundantMember: 'redundant_member',
  emptyList: 'empty_list',
  fieldNeverFilled: 'field_never_filled',
  fieldNotPassed: 'field_not_passed',
  fieldAlias: 'field_alias',
  fieldNeedsBody: 'field_needs_body',
  methodCase: 'method_case',
  hostCase: 'host_case',
  neOfMissing: 'ne_of_missing',
  anyNe: 'any_ne',
} as const;
export type FindingCode = (typeof FindingCode)[keyof typeof FindingCode];

/** A warning says that the rule hardly does what its author wants, a notice what is good to know. */
export type Severity = 'warning' | 'notice';

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** One sentence without full stop. */
  readonly message: string;
  /** What to write instead, where that is known. */
  readonly hint?: string;
  /** Where, in UTF-16 units of the text. */
  readonly offset: number;
  readonly length: number;
}

export interface Remark {
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string | undefined;
}

export const findingAt = ({ start, end }: Span, { code, severity, message, hint }: Remark): Finding => ({
  code,
  severity,
  message,
  ...(hint === undefined ? {} : { hint }),
  offset: start,
  length: end - start,
});

/** Most characters of a part that a message repeats. */
const maxQuoted = 60;

/** A part as messages name it. */
export const brief = (printed: string): string => shorten(printed, maxQuoted);

/** Without the parentheses round it. */
export const bare = (expression: Expression): Expression =>
  expression.kind === 'group' ? bare(expression.of) : expression;
