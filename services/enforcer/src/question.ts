/** One request on its way through the rules of its zone: what is known of it, and what expressions ask of it. */
import { formatShortId, type Operation, type SessionId } from '@precede/contracts';
import { createLookback, fieldByName, type Lookback, runsAt, type Slots, type Value } from '@precede/rules';
import type { Derived, FieldContext } from './fields/context.ts';
import { readerOf } from './fields/readers.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { Client } from './ports.ts';
import type { ZoneTable } from './zone-table.ts';

export type Claims = FieldContext['claims'];

export interface Asked {
  readonly table: ZoneTable;
  readonly request: GatewayRequest;
  readonly timeMs: number;
  readonly decisionId: string;
  /** Keep the evidence of an allow too. */
  readonly isSampled: boolean;
}

const noClaims: Claims = new Map();
const empty: Lookback = Object.freeze(createLookback());

export class Question implements FieldContext {
  readonly table: ZoneTable;
  readonly request: GatewayRequest;
  readonly operation: Operation | undefined;
  /** Of nobody until the request is identified (session.ts). */
  client: Client;
  claims: Claims = noClaims;
  readonly timeMs: number;
  readonly requestId: string;
  readonly isSampled: boolean;
  readonly derived: Derived = {};
  /** What sequence rules look back on; empty without a session. */
  lookback: Lookback = empty;
  /** What the fields of the sequence are filled from; null where the zone keeps nothing for this request. */
  history: Lookback | null = null;
  /** Context for what is written of it; undefined where it is not traced. */
  traceparent: string | undefined = undefined;
  #slots: (Value | undefined)[] | undefined;
  #isFilled = false;

  constructor(asked: Asked) {
    this.table = asked.table;
    this.request = asked.request;
    this.operation = asked.table.match(asked.request);
    this.client = { zoneId: asked.table.zoneId, sessionId: null, cookie: null, setCookie: null };
    this.timeMs = asked.timeMs;
    this.requestId = asked.decisionId;
    this.isSampled = asked.isSampled;
  }

  /** A field that is read before its slot is filled. */
  fieldOf(name: string): Value | undefined {
    const field = fieldByName.get(name);
    return field === undefined ? undefined : readerOf(field)(this);
  }

  get sessionId(): SessionId | null {
    return this.client.sessionId;
  }

  get hasSession(): boolean {
    return this.client.sessionId !== null;
  }

  get zoneName(): string {
    return this.table.settings.name;
  }

  /** Who is asking, as far as it can be told apart. */
  get who(): string | null {
    return this.client.sessionId ?? this.request.clientIp;
  }

  get runs(): Lookback['runs'] {
    return runsAt(this.lookback, this.timeMs) as Lookback['runs'];
  }

  /** Slots with the current operation alone: enough to find the rules that may match. */
  get probe(): Slots {
    if (this.#slots !== undefined) return this.#slots;
    const { readers, operationSlot } = this.table.phases;
    const slots = new Array<Value | undefined>(readers.length);
    if (operationSlot >= 0)
      slots[operationSlot] =
        this.operation === undefined || this.history === null ? '' : formatShortId(this.operation.shortId);
    this.#slots = slots;
    return slots;
  }

  /** All slots, filled when a rule is first asked. */
  get slots(): Slots {
    const slots = this.probe as (Value | undefined)[];
    if (this.#isFilled) return slots;
    this.#isFilled = true;
    const { readers, operationSlot } = this.table.phases;
    for (let at = 0; at < readers.length; at += 1) if (at !== operationSlot) slots[at] = readers[at]?.(this);
    return slots;
  }
}
