/**
 * The way of one decision request, in call order:
 *   1 zone       → its table, taken once; unknown: the fail mode answers
 *   2 session    → pseudonym by the zone's identifiers
 *   3 decide     → verdict, log-only, admission (decide.ts)
 *   4 deadline   → passed: the fail mode answers in place of the decision
 *   5 count, record in the background, answer
 * Nothing in it waits.
 */
import {
  type DecisionMade,
  ErrorCode,
  InputError,
  type Operation,
  type SessionId,
  UnavailableError,
  type ZoneId,
} from '@precede/contracts';
import { normaliseRequestHost, stripQuery } from '@precede/endpoints';
import type { Clock } from '@precede/service';
import { FailMode } from './config.ts';
import { decide, decidingRule, type Outcome } from './decide.ts';
import { decisionIdAt } from './decision-id.ts';
import { type FailModes, failModeOf } from './fail-mode.ts';
import type { EnforcerMetrics } from './metrics.ts';
import type { DecisionPublisher } from './publisher.ts';
import { reasonOf } from './reason.ts';
import type { DecideRequest } from './request.ts';
import { sessionOf } from './session.ts';
import type { MemorySessionStore } from './session-store.ts';
import type { ZoneTable } from './zone-table.ts';
import type { ZoneTables } from './zone-tables.ts';

export interface PipelineDeps {
  readonly tables: ZoneTables;
  readonly store: MemorySessionStore;
  readonly publisher: DecisionPublisher;
  readonly metrics: EnforcerMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether any configuration was read yet, from disk or to the end of the log. */
  readonly hasSnapshot: () => boolean;
  readonly failModes: FailModes;
  readonly isLogOnly: boolean;
  readonly allowSample: number;
  readonly deadlineMs: number;
}

export interface Answer {
  readonly decision: 'allow' | 'deny';
  readonly decision_id: string;
  readonly rule_id: string | null;
  readonly reason: string;
  readonly operation: OperationView | null;
  readonly logged: readonly string[];
  readonly session: boolean;
  /** Only where the fail mode answered: why there is no decision. */
  readonly failed?: FailCause;
}

interface OperationView {
  readonly operation_id: string;
  readonly method: string;
  readonly host: string;
  readonly endpoint: string;
}

export const FailCause = {
  unknownZone: 'unknown_zone',
  notReady: 'not_ready',
  deadline: 'deadline',
} as const;
export type FailCause = (typeof FailCause)[keyof typeof FailCause];

/** Longer paths and hosts are cut in decisions.v1. */
const maxRecordedText = 2048;

/** `elapsedMs` tells how long the request has been here. */
export const answerRequest = (
  deps: PipelineDeps,
  zoneId: ZoneId,
  request: DecideRequest,
  elapsedMs: () => number,
): Answer => {
  const table = deps.tables.get(zoneId);
  if (table === undefined)
    return failed(deps, zoneId, deps.hasSnapshot() ? FailCause.unknownZone : FailCause.notReady);
  const startedMs = performance.now();
  if (elapsedMs() > deps.deadlineMs) return failed(deps, zoneId, FailCause.deadline);
  const sessionId = sessionOf(request, table);
  const timeMs = request.timeMs ?? deps.clock.now();
  const isSampled = deps.allowSample > 0 && deps.random() < deps.allowSample;
  const { method, host, path } = request;
  const outcome = decide(
    table,
    deps.store,
    { method, host, path, sessionId, timeMs, isSampled },
    deps.isLogOnly,
  );
  deps.metrics.decisionSeconds.observe((performance.now() - startedMs) / 1000);
  count(deps, outcome, sessionId);
  return record(deps, table, request, { outcome, sessionId, timeMs, isSampled });
};

const count = (deps: PipelineDeps, outcome: Outcome, sessionId: SessionId | null): void => {
  deps.metrics.decisions.inc({ verdict: outcome.kind, rule: decidingRule(outcome)?.kind ?? 'none' });
  const kind = outcome.operation === null ? 'unmatched' : sessionId === null ? 'no_session' : 'sequenced';
  deps.metrics.requests.inc({ kind });
};

interface Decided {
  readonly outcome: Outcome;
  readonly sessionId: SessionId | null;
  readonly timeMs: number;
  readonly isSampled: boolean;
}

const record = (deps: PipelineDeps, table: ZoneTable, request: DecideRequest, decided: Decided): Answer => {
  const { outcome, sessionId, timeMs } = decided;
  const decisionId = decisionIdAt(timeMs);
  const reason = reasonOf(outcome, table, sessionId !== null);
  const ruleId = decidingRule(outcome)?.ruleId ?? null;
  if (outcome.kind !== 'allow' || decided.isSampled) {
    const decision: DecisionMade = {
      decisionId,
      zoneId: table.zoneId,
      sessionId,
      timeMs,
      verdict: outcome.kind,
      ruleId,
      reason,
      operationId: outcome.operation?.operationId ?? null,
      method: request.method.slice(0, 64),
      host: normaliseRequestHost(request.host).slice(0, maxRecordedText),
      path: stripQuery(request.path).slice(0, maxRecordedText),
      lookback: outcome.lookback,
      lookbackMs: outcome.lookbackMs,
      action: '',
      ruleSource: '',
      status: 0,
      raw: [],
      rawMs: [],
      rules: [],
      trace: '',
      remedy: '',
      revision: table.revision,
    };
    deps.publisher.offer(decision);
  }
  return {
    decision: outcome.kind === 'block' ? 'deny' : 'allow',
    decision_id: decisionId,
    rule_id: ruleId,
    reason,
    operation: viewOf(outcome.operation),
    logged: outcome.logged.length === 0 ? none : outcome.logged.map((rule) => rule.ruleId),
    session: sessionId !== null,
  };
};

const none: readonly string[] = [];

const viewOf = (operation: Operation | null): OperationView | null =>
  operation === null
    ? null
    : {
        operation_id: operation.operationId,
        method: operation.method,
        host: operation.host,
        endpoint: operation.endpoint,
      };

const sentences: Readonly<Record<FailCause, string>> = {
  unknown_zone: 'the enforcer has no configuration of this zone',
  not_ready: 'the enforcer has no configuration yet',
  deadline: 'the request had waited longer than the deadline',
};

/** No decision can be made. Under `error` the gateway's own setting says what happens to the request. */
const failed = (deps: PipelineDeps, zoneId: ZoneId, cause: FailCause): Answer => {
  const mode = failModeOf(deps.failModes, zoneId);
  deps.metrics.failed.inc({ cause, mode });
  const sentence = sentences[cause];
  if (mode === FailMode.error) {
    if (cause === FailCause.unknownZone) throw new InputError('/zone_id', sentence, ErrorCode.zoneUnknown);
    throw new UnavailableError(ErrorCode.logUnavailable, sentence);
  }
  const decision = mode === FailMode.open ? 'allow' : 'deny';
  return {
    decision,
    decision_id: decisionIdAt(deps.clock.now()),
    rule_id: null,
    reason: `No decision could be made, as ${sentence}; the fail mode is ${mode}.`,
    operation: null,
    logged: none,
    session: false,
    failed: cause,
  };
};
