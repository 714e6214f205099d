/**
 * The decision on one request, in memory and without waiting: lookup → verdict → log-only → admission.
 * Says what was decided and on what evidence; how that reads is reason.ts, how it travels http.ts.
 */
import type { Operation, SessionId, ShortId, Verdict } from '@precede/contracts';
import { decideMitigation, type MitigationRule, type MitigationVerdict, runsAt } from '@precede/rules';
import type { MemorySessionStore } from './session-store.ts';
import type { ZoneTable } from './zone-table.ts';

export interface Outcome {
  /** What happens to the request: under log-only `log` where `verdict` says block. */
  readonly kind: Verdict;
  /** What the rules said; null where the request matches no saved operation. */
  readonly verdict: MitigationVerdict | null;
  readonly operation: Operation | null;
  /** Rules that would have denied: the log rules that fired and, under log-only, the denying one. */
  readonly logged: readonly MitigationRule[];
  /** What the decision saw, oldest first; the allow of an unsampled request does not keep it. */
  readonly lookback: readonly ShortId[];
  readonly lookbackMs: readonly number[];
}

export interface Question {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly sessionId: SessionId | null;
  readonly timeMs: number;
  /** Keep the evidence of an allow too. */
  readonly isSampled: boolean;
}

const nothing: readonly never[] = Object.freeze([]);

const unmatched: Outcome = Object.freeze({
  kind: 'allow',
  verdict: null,
  operation: null,
  logged: nothing,
  lookback: nothing,
  lookbackMs: nothing,
});

/**
 * Decides on one snapshot and enters an admitted request into the lookback before it returns, so that the next request
 * of the session sees it. A request without a session has an empty lookback: allow rules deny it.
 */
export const decide = (
  table: ZoneTable,
  store: MemorySessionStore,
  question: Question,
  isLogOnly: boolean,
): Outcome => {
  const operation = table.matcher.match(question.method, question.host, question.path);
  if (operation === undefined) return unmatched;
  const { sessionId, timeMs } = question;
  const state = sessionId === null ? undefined : store.get(table.zoneId, sessionId);
  const runs = state === undefined ? nothing : runsAt(state, timeMs);
  const verdict = decideMitigation(table.rules, operation.shortId, runs);

  const isDenial = verdict.kind === 'block';
  const kind = isDenial && isLogOnly ? 'log' : verdict.kind;
  // The lists of a session are live, so evidence is copied before the request is entered.
  const keeps = kind !== 'allow' || question.isSampled;
  const lookback = keeps ? runs.slice() : nothing;
  const lookbackMs = keeps && state !== undefined && runs.length > 0 ? state.runsMs.slice() : nothing;

  if (sessionId !== null && kind !== 'block')
    store.admit(table.zoneId, sessionId, state, operation.shortId, timeMs);
  return { kind, verdict, operation, logged: loggedBy(verdict, isDenial && isLogOnly), lookback, lookbackMs };
};

const loggedBy = (verdict: MitigationVerdict, isSpared: boolean): readonly MitigationRule[] =>
  isSpared && verdict.rule !== null ? [...verdict.logged, verdict.rule] : verdict.logged;

/** The rule that a decision is recorded under: the first that would have denied, the one that denied, or the one that let pass. */
export const decidingRule = (outcome: Outcome): MitigationRule | null =>
  outcome.kind === 'log' ? (outcome.logged[0] ?? null) : (outcome.verdict?.rule ?? null);
