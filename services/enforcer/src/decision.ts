/** What is decided on one request, as every interface renders it. */
import type { DecidedAction, Operation, RuleSource } from '@precede/contracts';

export const FailCause = {
  unknownZone: 'unknown_zone',
  notReady: 'not_ready',
  deadline: 'deadline',
  overloaded: 'overloaded',
  store: 'store',
} as const;
export type FailCause = (typeof FailCause)[keyof typeof FailCause];

export interface RequestHeaderChange {
  /** Lower-case. */
  readonly name: string;
  readonly operation: 'set' | 'add' | 'remove';
  /** One UTF-16 unit 0..255 a byte; empty where the operation is remove. */
  readonly value: string;
}

/** What the gateway answers in place of the origin. */
export interface DenyResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface Decision {
  readonly decision: 'allow' | 'deny';
  /** What the rule does; `log` and null let the request pass. */
  readonly action: DecidedAction | null;
  readonly decisionId: string;
  readonly ruleId: string | null;
  readonly ruleSource: RuleSource | null;
  /** One sentence for the developer behind the API. */
  readonly reason: string;
  readonly operation: Operation | null;
  /** Rules that would have done something and only log. */
  readonly logged: readonly string[];
  /** Whether the request named a session. */
  readonly hasSession: boolean;
  /** Where the decision is deny, redirects and limits included; null: the origin answers. */
  readonly response: DenyResponse | null;
  /** For the origin, where the request is let through. */
  readonly requestHeaders: readonly RequestHeaderChange[];
  /** For the answer to the client, whoever gives it: the sequence cookie. */
  readonly setCookie: string | null;
  /** Only where the fail mode answered. */
  readonly failed: FailCause | null;
}
