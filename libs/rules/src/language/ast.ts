/**
 * The tree of an expression, typed and positioned. Made by the parser alone; read by the printer, both evaluators, the
 * linter and the explainer. Immutable.
 */
import type { Regex } from '../regex/regex.ts';
import type { Field } from './fields/fields.ts';
import type { FunctionDefinition } from './functions/definition.ts';
import type { Type } from './types.ts';

/** Where a node stands in the text: UTF-16 units, end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type LogicalOperator = 'and' | 'xor' | 'or';
export type OrderingOperator = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type Quantifier = 'any' | 'all';

export type BytesForm =
  | { readonly kind: 'quoted' }
  | { readonly kind: 'raw'; readonly hashes: number }
  /** `61:62:63`, parted by `:`, `-` or `.`. */
  | { readonly kind: 'octets' };

export interface BytesLiteral extends Span {
  readonly kind: 'bytes';
  readonly value: string;
  readonly form: BytesForm;
}
export interface IntLiteral extends Span {
  readonly kind: 'int';
  readonly value: number | bigint;
}
export interface IpLiteral extends Span {
  readonly kind: 'ip';
  /** 4 or 16 bytes. */
  readonly value: string;
}
export type Literal = BytesLiteral | IntLiteral | IpLiteral;

/** A member of `{…}`: a single value has `first` equal to `last`; of bytes there are single values only. */
export interface IntRange extends Span {
  readonly kind: 'int';
  readonly first: number | bigint;
  readonly last: number | bigint;
}
export interface IpRange extends Span {
  readonly kind: 'ip';
  /** Both of one family: 4 or 16 bytes. */
  readonly first: string;
  readonly last: string;
  /** The length of the prefix if it was written as CIDR, else null. */
  readonly prefix: number | null;
}
export type SetMember = BytesLiteral | IntRange | IpRange;

export type Index =
  /** `[0]` */
  | { readonly kind: 'at'; readonly at: number }
  /** `["key"]`: bytes of the key. */
  | { readonly kind: 'key'; readonly key: string }
  /** `[*]`: every item of an array; every value of a map, in the order of its keys' bytes. */
  | { readonly kind: 'each' };

export type Argument =
  | ValueExpression
  | Literal
  /** A comparison or logical expression as an argument: Bool, or Array<Bool> if it maps over `[*]`. */
  | ({ readonly kind: 'logical'; readonly of: Expression; readonly type: Type } & Span);

export interface Call extends Span {
  readonly kind: 'call';
  readonly definition: FunctionDefinition;
  readonly args: readonly Argument[];
  /** What one call returns. */
  readonly returns: Type;
  /** Whether the first argument has a `[*]`, so that the call is made for each item and gives Array<returns>. */
  readonly isMapped: boolean;
}

/** A field or a call, and what is picked from it. */
export interface ValueExpression extends Span {
  readonly kind: 'value';
  readonly base: ({ readonly kind: 'field'; readonly field: Field } & Span) | Call;
  readonly indexes: readonly Index[];
  /** Number of `[*]` among the indexes. */
  readonly stars: number;
  /** Of one item where there are stars: the whole then is Array<type>. */
  readonly type: Type;
}

/** Compares `value`; with stars, each of its items, which gives Array<Bool>. */
interface Comparison extends Span {
  readonly value: ValueExpression;
}
export type ComparisonExpression =
  /** A Bool (or an Array<Bool> in any/all) that stands alone. */
  | (Comparison & { readonly kind: 'is_true' })
  | (Comparison & {
      readonly kind: 'ordering';
      readonly operator: OrderingOperator;
      readonly literal: Literal;
    })
  /** True if a bit is set in both. */
  | (Comparison & { readonly kind: 'bitwise_and'; readonly literal: IntLiteral })
  | (Comparison & { readonly kind: 'contains'; readonly literal: BytesLiteral })
  | (Comparison & {
      readonly kind: 'matches';
      readonly pattern: string;
      readonly form: BytesForm;
      readonly regex: Regex;
    })
  /** `wildcard`, or `strict wildcard` if `isStrict`. */
  | (Comparison & { readonly kind: 'wildcard'; readonly isStrict: boolean; readonly literal: BytesLiteral })
  | (Comparison & { readonly kind: 'in_set'; readonly members: readonly SetMember[] })
  | (Comparison & { readonly kind: 'in_list'; readonly list: string });

export type Expression =
  | ComparisonExpression
  /** Two or more operands of one operator; `a and b and c` is one node. */
  | (Span & {
      readonly kind: 'combine';
      readonly operator: LogicalOperator;
      readonly items: readonly Expression[];
    })
  | (Span & { readonly kind: 'not'; readonly of: Expression })
  | (Span & { readonly kind: 'group'; readonly of: Expression })
  | (Span & { readonly kind: 'quantifier'; readonly operator: Quantifier; readonly of: Argument });
