/**
 * Rules by expression as they stand on config.v1: the four phases, what a rule does, named lists and token
 * configurations. Texts are as clients gave them; whether an expression compiles is asked by control before it is
 * written and by the enforcer before it takes effect.
 */
import type { RuleId } from './ids.ts';

/** In the order of a decision; sequence mitigation stands between rate limits and the late transform. */
export const Phase = {
  redirect: 'http_request_redirect',
  custom: 'http_request_firewall_custom',
  ratelimit: 'http_request_ratelimit',
  lateTransform: 'http_request_late_transform',
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** What stands in decisions for the rules of Sequence Mitigation, beside the phases. */
export const mitigationSource = 'apiShieldSequenceMitigation';
/** Where a decision comes from: the phase of its rule, or sequence mitigation. */
export type RuleSource = Phase | typeof mitigationSource;

/** Either a text, or an expression that gives one. */
export type TextOrExpression =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'expression'; readonly expression: string };

export interface BlockResponse {
  /** 400 … 599. */
  readonly status: number;
  readonly contentType: string;
  readonly content: string;
}

export interface HeaderChange {
  /** Lower-case. */
  readonly name: string;
  readonly operation: 'set' | 'add' | 'remove';
  /** Null where the operation is remove. */
  readonly value: TextOrExpression | null;
}

export type RuleAction =
  /** Null: the answer of the enforcer's own (403, or 429 of a rate limit). */
  | { readonly kind: 'block'; readonly response: BlockResponse | null }
  | { readonly kind: 'log' }
  | {
      readonly kind: 'skip';
      /** The rest of the rules of its own phase. */
      readonly isRestOfPhase: boolean;
      readonly sources: readonly RuleSource[];
    }
  | {
      readonly kind: 'redirect';
      readonly status: 301 | 302 | 303 | 307 | 308;
      readonly target: TextOrExpression;
      readonly keepsQuery: boolean;
    }
  | { readonly kind: 'rewrite'; readonly headers: readonly HeaderChange[] };

export interface RateLimit {
  /** Value expressions, or `session` for the session of the request; together they make the key. */
  readonly characteristics: readonly string[];
  readonly periodMs: number;
  /** More than so many counted requests within a period are over the limit. */
  readonly requestsPerPeriod: number;
  /** How long a key that is over the limit is held; 0: until its period ends. */
  readonly mitigationTimeoutMs: number;
  /** Which requests count; empty: those that the rule matches. */
  readonly countingExpression: string;
}

export interface ExpressionRule {
  readonly ruleId: RuleId;
  readonly phase: Phase;
  /** 1-based within its phase; lower is asked first. */
  readonly position: number;
  /** A name by which clients know the rule across changes of its id; unique in its phase. */
  readonly ref: string;
  readonly description: string;
  readonly isEnabled: boolean;
  /** `true` alone matches every request. */
  readonly expression: string;
  readonly action: RuleAction;
  /** Of rules of the phase http_request_ratelimit. */
  readonly ratelimit: RateLimit | null;
  /** Decide and record, change nothing. */
  readonly isLogOnly: boolean;
  /** 0 … 100: for this share of the sessions the rule is enforced, for all others it only logs. */
  readonly rolloutPercent: number;
  /** Grows by one with each change of the rule. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly lastUpdatedMs: number;
}

/** What is said of a phase as a whole; absent until its first change. */
export interface PhaseInfo {
  readonly phase: Phase;
  readonly description: string;
  /** Grows by one with each change of the phase. */
  readonly version: number;
  readonly lastUpdatedMs: number;
}

export const ListKind = {
  ip: 'ip',
  hostname: 'hostname',
  asn: 'asn',
  string: 'string',
  number: 'number',
} as const;
export type ListKind = (typeof ListKind)[keyof typeof ListKind];

export interface ListItem {
  /** 32 lower-case hex digits. */
  readonly itemId: string;
  /** As a list of this kind writes it: address, block, host, number, text. */
  readonly value: string;
  readonly comment: string;
  readonly createdAtMs: number;
}

export interface NamedListConfig {
  /** 32 lower-case hex digits. */
  readonly listId: string;
  /** By which expressions know it: `in $name`. */
  readonly name: string;
  readonly kind: ListKind;
  readonly description: string;
  readonly items: readonly ListItem[];
  readonly createdAtMs: number;
  readonly lastUpdatedMs: number;
}

/** A public key as RFC 7517 writes it. */
export type JsonWebKey = Readonly<Record<string, unknown>>;

export interface TokenConfiguration {
  /** Lower-case UUID; session identifiers name it: `<id>:<JSONPath>`. */
  readonly configId: string;
  readonly title: string;
  readonly description: string;
  /** Value expressions, asked in order: `http.request.headers["authorization"][0]`. A `Bearer ` in front is dropped. */
  readonly sources: readonly string[];
  /** The only ones accepted: RS256, ES256, EdDSA and the like; never none, never HMAC. */
  readonly algorithms: readonly string[];
  /** Public keys; empty where `jwksUrl` gives them. */
  readonly keys: readonly JsonWebKey[];
  /** Null: the keys are those above. */
  readonly jwksUrl: string | null;
  /** What `iss` and `aud` must be; null: not asked. */
  readonly issuer: string | null;
  readonly audience: string | null;
  /** Allowed difference of clocks for exp and nbf. */
  readonly clockToleranceMs: number;
  readonly createdAtMs: number;
  readonly lastUpdatedMs: number;
}
