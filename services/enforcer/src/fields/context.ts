/** What the fields of expressions are filled from, for one request. */
import type { Operation } from '@precede/contracts';
import type { Lookback, Value } from '@precede/rules';
import type { GatewayRequest } from '../gateway-request.ts';

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

/** Parts of the request that several fields are made from, each worked out once, when first asked for. */
export interface Derived {
  uri?: unknown;
  headers?: unknown;
  cookies?: unknown;
  args?: unknown;
  body?: unknown;
}

/** Undefined: missing. */
export type FieldReader = (context: FieldContext) => Value | undefined;
