/**
 * The way of one decision request, in call order:
 *   1 zone       → its table, taken once; unknown, too late or too many at a time: the fail mode answers
 *   2 session    → pseudonym by the zone's identifiers
 *   3 decide     → the rules of all phases, roll-out and log-only, admission (decide.ts)
 *   4 answer     → what the gateway does (respond.ts)
 *   5 count, record in the background
 * Waits only where a session store or a token asks the network, and then no longer than the deadline.
 */
import {
  ErrorCode,
  FailMode,
  InputError,
  PrecedeError,
  UnavailableError,
  type ZoneId,
} from '@precede/contracts';
import { andThen, type Clock, type Soon, type Tracing } from '@precede/service';
import { type DecideStores, decide } from './decide.ts';
import { type Decision, FailCause } from './decision.ts';
import { decisionIdAt } from './decision-id.ts';
import { traceDecision } from './decision-span.ts';
import { type FailModes, failModeOf } from './fail-mode.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { EnforcerMetrics } from './metrics.ts';
import { isLogged, type Outcome } from './outcome.ts';
import type { Overload } from './overload.ts';
import { Question } from './question.ts';
import { reasonOf } from './reason.ts';
import type { Recorder } from './recorder.ts';
import type { RequestFeed } from './request-feed.ts';
import { failClosedResponse, responseOf } from './respond.ts';
import { identify } from './session.ts';
import type { ZoneTable } from './zone-table.ts';
import type { ZoneTables } from './zone-tables.ts';

export interface PipelineDeps {
  readonly tables: ZoneTables;
  readonly stores: DecideStores;
  readonly recorder: Recorder;
  readonly feed: RequestFeed;
  readonly metrics: EnforcerMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly overload: Overload;
  readonly tracing: Tracing;
  /** Whether any configuration was read yet, from disk or to the end of the log. */
  readonly hasSnapshot: () => boolean;
  readonly failModes: FailModes;
  readonly allowSample: number;
  readonly deadlineMs: number;
}

/** `elapsedMs` tells how long the request has been here. Null: the only zone there is. */
export type Decide = (
  zoneId: ZoneId | null,
  request: GatewayRequest,
  elapsedMs: () => number,
) => Soon<Decision>;

export const createDecide =
  (deps: PipelineDeps): Decide =>
  (wanted, request, elapsedMs) => {
    const zoneId = wanted ?? onlyZone(deps.tables);
    const table = deps.tables.get(zoneId);
    if (table === undefined)
      return failed(deps, { zoneId }, deps.hasSnapshot() ? FailCause.unknownZone : FailCause.notReady);
    const place = { zoneId, table };
    if (elapsedMs() > deps.deadlineMs) return failed(deps, place, FailCause.deadline);
    if (deps.overload.isOver) return failed(deps, place, FailCause.overloaded);
    try {
      const decision = decideIn(deps, table, request);
      return decision instanceof Promise ? inTime(deps, place, decision, elapsedMs()) : decision;
    } catch (error) {
      return storeFailed(deps, place, error);
    }
  };

/** An enforcer of one zone need not be told which. With several nothing is guessed: tenants must not mix. */
const onlyZone = (tables: ZoneTables): ZoneId => {
  const [zoneId, ...others] = tables.zoneIds();
  if (zoneId !== undefined && others.length === 0) return zoneId;
  throw new InputError('/zone_id', 'must be given here or in the path where there is not exactly one zone');
};

const decideIn = (deps: PipelineDeps, table: ZoneTable, request: GatewayRequest): Soon<Decision> => {
  const startedMs = performance.now();
  const question = questionOf(deps, table, request);
  return andThen(identify(question), () =>
    andThen(decide(deps.stores, question), (outcome) => {
      deps.metrics.decisionTimes.observe((performance.now() - startedMs) / 1000);
      count(deps, outcome, question.hasSession);
      if (deps.tracing.isOn) question.traceparent = traceDecision(deps.tracing, question, outcome, startedMs);
      return answer(deps, question, outcome);
    }),
  );
};

const questionOf = (deps: PipelineDeps, table: ZoneTable, request: GatewayRequest): Question => {
  const timeMs = request.timeMs ?? deps.clock.now();
  return new Question({
    ...{ table, request, timeMs },
    decisionId: decisionIdAt(timeMs),
    isSampled: deps.allowSample > 0 && deps.random() < deps.allowSample,
  });
};

const count = ({ metrics }: PipelineDeps, { kind, hit, operation }: Outcome, hasSession: boolean): void =>
  metrics.counts.count(
    kind,
    hit,
    operation === undefined ? 'unmatched' : hasSession ? 'sequenced' : 'no_session',
  );

const answer = (deps: PipelineDeps, question: Question, outcome: Outcome): Decision => {
  const { table, client, requestId: decisionId, hasSession } = question;
  const { hit } = outcome;
  const reason = reasonOf(outcome, table, hasSession);
  const response = responseOf(outcome, table, decisionId);
  deps.feed.publish(question, outcome);
  deps.recorder.record(question, outcome, { reason, status: response?.status ?? 0 });
  return {
    decision: response === null ? 'allow' : 'deny',
    action: actionOf(outcome),
    decisionId,
    ruleId: hit?.ruleId ?? null,
    ruleSource: hit?.source ?? null,
    reason,
    operation: outcome.operation ?? null,
    logged: outcome.kind === 'allow' ? none : loggedIn(outcome),
    hasSession,
    response,
    requestHeaders: outcome.requestHeaders,
    setCookie: client.setCookie,
    failed: null,
  };
};

const none: readonly string[] = [];
/** Rules that an answer names; more are in the metrics alone. */
const maxLogged = 100;

const loggedIn = ({ hits }: Outcome): readonly string[] =>
  hits
    .filter(isLogged)
    .slice(0, maxLogged)
    .map(({ ruleId }) => ruleId);

/** Of the rule that decided: what it did, or `log`. */
export const actionOf = ({ kind, hit }: Outcome): Decision['action'] => {
  if (kind === 'allow' || hit === null) return null;
  if (kind === 'log') return 'log';
  return hit.effect === 'limit' || hit.effect === 'redirect' ? hit.effect : 'block';
};

// Without a decision -------------------------------------------------------------------------------------------------

interface Place {
  readonly zoneId: ZoneId;
  readonly table?: ZoneTable;
}

/** The fail mode answers where the store is late; what it does then still counts for the session. */
const inTime = async (
  deps: PipelineDeps,
  place: Place,
  decision: Promise<Decision>,
  elapsedMs: number,
): Promise<Decision> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, deps.deadlineMs - elapsedMs));
  });
  try {
    const made = await Promise.race([deps.overload.track(decision), late]);
    return made ?? failed(deps, place, FailCause.deadline);
  } catch (error) {
    return storeFailed(deps, place, error);
  } finally {
    clearTimeout(timer);
  }
};

const storeFailed = (deps: PipelineDeps, place: Place, error: unknown): Decision => {
  if (error instanceof UnavailableError) return failed(deps, place, FailCause.store, error);
  throw error;
};

const sentences: Readonly<Record<FailCause, string>> = {
  unknown_zone: 'the enforcer has no configuration of this zone',
  not_ready: 'the enforcer has no configuration yet',
  deadline: 'the request had waited longer than the deadline',
  overloaded: 'more requests came than can be decided in time',
  store: 'the session store is away',
};

/** No decision can be made. Under `error` the gateway's own setting says what happens to the request. */
const failed = (
  deps: PipelineDeps,
  { zoneId, table }: Place,
  cause: FailCause,
  error?: unknown,
): Decision => {
  const mode = table?.settings.failMode ?? failModeOf(deps.failModes, zoneId);
  deps.metrics.failed.inc({ cause, mode });
  deps.tracing.active()?.set({ 'precede.fail.cause': cause, 'precede.fail.mode': mode });
  const sentence = sentences[cause];
  if (mode === FailMode.error) {
    if (cause === FailCause.unknownZone) throw new InputError('/zone_id', sentence, ErrorCode.zoneUnknown);
    const code = error instanceof PrecedeError ? error.code : ErrorCode.logUnavailable;
    throw new UnavailableError(code, sentence, error);
  }
  const decisionId = decisionIdAt(deps.clock.now());
  const isOpen = mode === FailMode.open;
  return {
    decision: isOpen ? 'allow' : 'deny',
    action: isOpen ? null : 'block',
    decisionId,
    ruleId: null,
    ruleSource: null,
    reason: `No decision could be made, as ${sentence}; the fail mode is ${mode}.`,
    operation: null,
    logged: none,
    hasSession: false,
    response: isOpen ? null : failClosedResponse(table?.settings.hasDecisionHeader ?? true, decisionId),
    requestHeaders: [],
    setCookie: null,
    failed: cause,
  };
};
