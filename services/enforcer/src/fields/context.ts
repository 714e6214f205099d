/** What the fields of expressions are filled from, for one request. */
import type { Operation } from '@precede/contracts';
import type { Lookback, Value } from '@precede/rules';
import type { GatewayRequest } from '../gateway-request.ts';
import type { Part } from './multipart.ts';
import type { Pairs } from './pairs.ts';
import type { Target } from './uri.ts';

export interface FieldContext {
  readonly request: GatewayRequest;
  readonly timeMs: number;
  readonly operation: Operation | undefined;
  readonly hasSession: boolean;
  readonly zoneName: string;
  /** The decision id: it names the request too. */
  readonly requestId: string;
  /** Null where the zone keeps no sequence state for this request: the sequence fields are then "", [] and {}. */
  readonly history: Lookback | null;
  /** Claims of verified tokens by the id of their token configuration. */
  readonly claims: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What readers have worked out of the request already; theirs alone. */
  readonly derived: Derived;
}

/** Name → values, in the order of the request. */
export type Lists = ReadonlyMap<string, readonly string[]>;

/** Parts of the request that several fields are made from, each worked out once, when first asked for; begins empty. */
export interface Derived {
  target?: Target;
  headers?: Lists;
  args?: Pairs;
  cookies?: Lists;
  bodyText?: string;
  /** Null: the body is none. */
  form?: Pairs | null;
  parts?: readonly Part[] | null;
  seed?: string;
}

/** Undefined: missing. Never throws, whatever the client sent. */
export type FieldReader = (context: FieldContext) => Value | undefined;

/** By name of field. */
export type FieldReaders = Readonly<Record<string, FieldReader>>;
