/**
 * Branded identifiers. A plain string or number becomes one of these only through the parsers here,
 * so a zone can never be passed where a session is meant. Definitions: docs/semantics.md.
 */

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** One tenant: 32 lower-case hex digits. */
export type ZoneId = Branded<string, 'ZoneId'>;
/** A saved operation: a lower-case UUID. */
export type OperationId = Branded<string, 'OperationId'>;
/** First 8 hex digits of an operation's UUID as an unsigned 32-bit integer; unique in its zone. */
export type ShortId = Branded<number, 'ShortId'>;
/** Keyed hash of a session identifier: 32 lower-case hex digits (16 bytes). */
export type SessionId = Branded<string, 'SessionId'>;
/** A sequence rule: a lower-case UUID. */
export type RuleId = Branded<string, 'RuleId'>;
/** Where requests come from: `live`, or one import each; 1–64 of `A-Z a-z 0-9 . _ : -`. */
export type SourceId = Branded<string, 'SourceId'>;

const hex32 = /^[0-9a-f]{32}$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const source = /^[A-Za-z0-9._:-]{1,64}$/;
const shortHex = /^[0-9a-f]{8}$/;

/** The source of ordinary gateway traffic. */
export const LIVE = 'live' as SourceId;

/** Of an event id, by which a request that is sent twice is known again. */
export const maxEventIdBytes = 128;

export const isZoneId = (text: string): text is ZoneId => hex32.test(text);
export const isOperationId = (text: string): text is OperationId => uuid.test(text);
export const isSessionId = (text: string): text is SessionId => hex32.test(text);
export const isRuleId = (text: string): text is RuleId => uuid.test(text);
export const isSourceId = (text: string): text is SourceId => source.test(text);

/** The short id of an operation: the first 8 hex digits of its UUID as a number in 0 … 2³²−1. */
export const shortIdOf = (id: OperationId): ShortId => Number.parseInt(id.slice(0, 8), 16) as ShortId;

/** A short id as people see it: 8 lower-case hex digits. */
export const formatShortId = (id: ShortId | number): string => id.toString(16).padStart(8, '0');

/** The number behind 8 hex digits, or undefined where the text is no short id. */
export const parseShortId = (text: string): ShortId | undefined =>
  shortHex.test(text) ? (Number.parseInt(text, 16) as ShortId) : undefined;
