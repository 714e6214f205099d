/**
 * The events on the topics, as the services see them: plain values, times in milliseconds since the epoch,
 * ids branded. `avro.ts` turns them into what the schemas in ../avro describe and back.
 */
import type { RuleSource } from './expression-rules.ts';
import type { OperationId, RuleId, SessionId, ShortId, SourceId, ZoneId } from './ids.ts';
import type { ConfigKind } from './zone-config.ts';

/** One request that matched a saved operation and carries a session (requests.v1). */
export interface RequestObserved {
  readonly kind: 'request';
  readonly zoneId: ZoneId;
  readonly sessionId: SessionId;
  readonly operation: ShortId;
  /** Event time, ms. */
  readonly timeMs: number;
  readonly source: SourceId;
  readonly status: number | null;
  readonly durationMs: number | null;
  readonly bytes: number | null;
  /** A retry with the same id is the same request; at most 128 bytes. */
  readonly eventId: string | null;
}

/** A source has sent its last request; stands in every partition of requests.v1. */
export interface SourceEnded {
  readonly kind: 'source_ended';
  readonly zoneId: ZoneId;
  readonly source: SourceId;
}
export type RequestEvent = RequestObserved | SourceEnded;

/** A request no operation matches (unmatched.v1); path without its query. */
export interface UnmatchedObserved {
  readonly zoneId: ZoneId;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly timeMs: number;
  readonly status: number | null;
}

/**
 * One sequenced request (sequences.v1): the operations up to and with it, collapsed, oldest first, at most 10.
 * `runLengths[i]` is how often operation i stood in a row so far, `ageMs[i]` how long before this request its run's
 * last request was (0 for the last). A last run length above 1 means that this request completes no new collapsed occurrence.
 */
export interface SequenceObserved {
  readonly zoneId: ZoneId;
  readonly timeMs: number;
  readonly source: SourceId;
  readonly operations: readonly ShortId[];
  readonly runLengths: readonly number[];
  readonly ageMs: readonly number[];
  /** First 8 bytes of the session id: 16 hex digits, for distinct counts only. */
  readonly pseudonym: string;
}

export const SessionEnd = { gap: 'gap', sourceEnded: 'source_ended', bound: 'bound' } as const;
export type SessionEnd = (typeof SessionEnd)[keyof typeof SessionEnd];

/** A closed session window (sessions.v1). `operations` and `timesMs` are raw, in order, bounded; `cut` tells how many of the oldest are missing. */
export interface SessionClosed {
  readonly zoneId: ZoneId;
  readonly sessionId: SessionId;
  readonly source: SourceId;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Requests in the window, the cut ones included. */
  readonly length: number;
  readonly operations: readonly ShortId[];
  readonly timesMs: readonly number[];
  readonly cut: number;
  readonly ended: SessionEnd;
}

/** A request held until the watermark passes it. */
export interface HeldRequest {
  readonly operation: ShortId;
  readonly timeMs: number;
  readonly offset: number;
  readonly eventId: string | null;
}

/**
 * The state of one session of a source (sessionizer.changelog.v1), enough to go on exactly where it was.
 * `length` is 0 while no window is open: then requests are held for one, or the record only remembers what has closed.
 */
export interface WindowState {
  readonly kind: 'window';
  readonly zoneId: ZoneId;
  readonly sessionId: SessionId;
  readonly source: SourceId;
  /** Emitted part: raw operations and times, in order, the newest `operations.length` of `length`. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly length: number;
  readonly operations: readonly ShortId[];
  readonly timesMs: readonly number[];
  /** The newest collapsed runs (at most 10), oldest first. */
  readonly runOperations: readonly ShortId[];
  readonly runLengths: readonly number[];
  readonly runLastMs: readonly number[];
  /** Not yet emitted. Empty since held requests have records of their own (JournalHeld). */
  readonly held: readonly HeldRequest[];
  /** Event ids of the window's emitted requests, newest last, bounded. */
  readonly eventIds: readonly string[];
  /** Requests of the session at or before this time are refused: a window has closed over them. null: none has. */
  readonly closedMs: number | null;
}

/** Watermark of one source of a zone in one partition. */
export interface WatermarkState {
  readonly kind: 'watermark';
  readonly zoneId: ZoneId;
  readonly source: SourceId;
  readonly maxTimeMs: number;
  readonly hasEnded: boolean;
  /** As in WindowState, for sessions that are no longer remembered. */
  readonly closedMs: number | null;
  /** Append time of the source's newest record. */
  readonly seenMs: number;
}
/** Begins the journal of a partition anew: chunks of another generation are void. */
export interface JournalHead {
  readonly kind: 'head';
  readonly generation: number;
  /** The bounds that the chunks of this generation were made under, by name. */
  readonly bounds: Readonly<Record<string, number | null>>;
  /** The input's offset after the step; what is committed must be the same. */
  readonly position: number;
  /** How many JournalHeld belong to it. */
  readonly held: number;
}

/** A request that a step took, as far as windows need it. */
export type JournalRequest = Pick<
  RequestObserved,
  'zoneId' | 'source' | 'sessionId' | 'operation' | 'timeMs' | 'eventId'
>;

/** What one step was given and took, or a part of it: the windows before it and this make the windows after it. */
export interface JournalChunk {
  readonly kind: 'chunk';
  readonly generation: number;
  /** From 0, without gaps, within its generation. */
  readonly sequence: number;
  /** Settings in force from this chunk on; those of other zones are as before. */
  readonly settings: readonly {
    readonly zoneId: ZoneId;
    readonly inactivityGapMs: number;
    readonly graceMs: number;
  }[];
  /** Every source that a request of the step named, with the append time of its newest record after the step. */
  readonly sources: readonly {
    readonly zoneId: ZoneId;
    readonly source: SourceId;
    readonly seenMs: number;
  }[];
  readonly requests: readonly JournalRequest[];
  readonly offsets: readonly number[];
  /** Sources that ended, by their place in `sources`, each before the request at place `before`. */
  readonly ends: readonly { readonly before: number; readonly source: number }[];
  /** The clock at the end of the step; null: it goes on in the next chunk. */
  readonly tickMs: number | null;
  readonly isAtEnd: boolean;
  /** As in the head. */
  readonly position: number;
}

/** Requests that were held when the journal began anew: a session of any size is records of a bounded one. */
export interface JournalHeld {
  readonly kind: 'held';
  readonly generation: number;
  /** From 0, without gaps, within its generation. */
  readonly sequence: number;
  readonly requests: readonly JournalRequest[];
  readonly offsets: readonly number[];
}

export type ChangelogEntry = WindowState | WatermarkState | JournalHead | JournalChunk | JournalHeld;

export const Verdict = { allow: 'allow', block: 'block', log: 'log' } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** A decision worth keeping (decisions.v1): every block and log, allows by sample. */
export interface DecisionMade {
  /** UUIDv7. */
  readonly decisionId: string;
  readonly zoneId: ZoneId;
  readonly sessionId: SessionId | null;
  readonly timeMs: number;
  readonly verdict: Verdict;
  readonly ruleId: RuleId | null;
  /** Plain sentence for a person. */
  readonly reason: string;
  readonly operationId: OperationId | null;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** The lookback the decision saw, oldest first, with the time of each. */
  readonly lookback: readonly ShortId[];
  readonly lookbackMs: readonly number[];
  /** What the rule does or would do; empty: no rule. */
  readonly action: DecidedAction | '';
  /** Of the rule; empty: no rule. */
  readonly ruleSource: RuleSource | '';
  /** Status answered in place of the origin; 0: let through. */
  readonly status: number;
  /** What expressions saw: operations of the last hour, repeats kept, oldest first. */
  readonly raw: readonly ShortId[];
  readonly rawMs: readonly number[];
  /** Every rule that matched: `source/rule id/what it did or would do`. */
  readonly rules: readonly string[];
  /** How the expression of the rule came to its value, a line a part; empty for sequence mitigation. */
  readonly trace: string;
  /** What would have let the request pass, one sentence; empty where it passed. */
  readonly remedy: string;
  /** Of the zone, that was decided on. */
  readonly revision: number;
}

export const DecidedAction = {
  log: 'log',
  block: 'block',
  limit: 'limit',
  redirect: 'redirect',
} as const;
export type DecidedAction = (typeof DecidedAction)[keyof typeof DecidedAction];

export const AuditAction = { create: 'create', update: 'update', delete: 'delete' } as const;
export type AuditAction = (typeof AuditAction)[keyof typeof AuditAction];

/** One thing of a zone's configuration that was changed (audit.v1), in the transaction of the change itself. */
export interface ConfigChanged {
  readonly zoneId: ZoneId;
  /** Of the zone, that the change made; with `place` unique in the zone. */
  readonly revision: number;
  /** From 0 within the revision. */
  readonly place: number;
  readonly timeMs: number;
  /** Name of the token that asked; never the token. */
  readonly actor: string;
  /** What kind of thing: a kind of config.v1. */
  readonly resource: ConfigKind;
  readonly resourceId: string;
  readonly action: AuditAction;
  /** As the management API shows the thing, JSON; empty: it was not there before, is not there after. */
  readonly before: string;
  readonly after: string;
}

export const DropReason = {
  unreadable: 'unreadable',
  late: 'late',
  windowClosed: 'window_closed',
  sourceEnded: 'source_ended',
} as const;
export type DropReason = (typeof DropReason)[keyof typeof DropReason];

/** A record that could not be read or came too late (dead-letters.v1). */
export interface DeadLetter {
  readonly reason: DropReason;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** What was wrong, for a person. */
  readonly message: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}
