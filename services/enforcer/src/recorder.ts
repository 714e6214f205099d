/** Writes down what was decided, behind the answer: every denial and log decision with its evidence, a sample of the allows. */
import {
  type DecidedAction,
  type DecisionMade,
  decisionToAvro,
  type SessionId,
  sessionKey,
  Topic,
} from '@precede/contracts';
import { normaliseRequestHost, stripQuery } from '@precede/endpoints';
import type { EventLog, OutgoingRecord } from '@precede/log';
import { contextHeaders } from '@precede/service';
import { denies, type Outcome, type RuleHit } from './outcome.ts';
import type { Publisher } from './publisher.ts';
import type { Question } from './question.ts';
import { remedyOf } from './reason.ts';
import { Tracer } from './trace.ts';

export interface Told {
  readonly reason: string;
  /** 0: let through. */
  readonly status: number;
}

/** Longer texts of the request are cut in decisions.v1. */
const maxRecordedText = 2048;
/** Rules that matched one request; more are left out. */
const maxRecordedRules = 50;
/** Requests that may wait for their trace: they are kept whole until then. */
const maxWaiting = 256;

export class Recorder {
  readonly #publisher: Publisher;
  readonly #tracer = new Tracer();
  #waiting = 0;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  record(question: Question, outcome: Outcome, told: Told): void {
    const isAllow = outcome.kind === 'allow';
    if (isAllow && !question.isSampled) return;
    const decision = decisionOf(question, outcome, told);
    const { hit } = outcome;
    const isTraced = !isAllow && hit !== null && hit.phaseRule !== null;
    const { traceparent } = question;
    if (!isTraced) this.#publisher.offer({ isSample: isAllow, encode: encoded(() => decision, traceparent) });
    else if (this.#waiting >= maxWaiting)
      this.#offerWith({ ...decision, trace: 'Left out: too many decisions at a time.' }, traceparent);
    else this.#offerWithTrace(() => ({ ...decision, trace: this.#tracer.trace(hit, question) }), traceparent);
  }

  #offerWith(decision: DecisionMade, traceparent: string | undefined): void {
    this.#publisher.offer({ isSample: false, encode: encoded(() => decision, traceparent) });
  }

  #offerWithTrace(decision: () => DecisionMade, traceparent: string | undefined): void {
    this.#waiting += 1;
    this.#publisher.offer({
      isSample: false,
      encode: encoded(decision, traceparent),
      onGone: () => {
        this.#waiting -= 1;
      },
    });
  }
}

const noSession = '0'.repeat(32) as SessionId;

const encoded =
  (make: () => DecisionMade, traceparent: string | undefined) =>
  (log: EventLog): OutgoingRecord => {
    const decision = make();
    return {
      topic: Topic.decisions,
      key: sessionKey(decision.zoneId, decision.sessionId ?? noSession),
      value: log.codec.encode(Topic.decisions, decisionToAvro(decision)),
      ...contextHeaders(traceparent),
    };
  };

const decisionOf = (question: Question, outcome: Outcome, { reason, status }: Told): DecisionMade => {
  const { table, request, sessionId, timeMs } = question;
  const { hit, operation, evidence } = outcome;
  return {
    decisionId: question.requestId,
    zoneId: table.zoneId,
    sessionId,
    timeMs,
    verdict: outcome.kind,
    ruleId: (hit?.ruleId ?? null) as DecisionMade['ruleId'],
    reason,
    operationId: operation?.operationId ?? null,
    method: request.method.slice(0, 64),
    host: normaliseRequestHost(request.host).slice(0, maxRecordedText),
    path: stripQuery(request.path).slice(0, maxRecordedText),
    lookback: evidence.lookback,
    lookbackMs: evidence.lookbackMs,
    action: effectOf(outcome),
    ruleSource: hit?.source ?? '',
    status,
    raw: evidence.raw,
    rawMs: evidence.rawMs,
    rules: outcome.hits.slice(0, maxRecordedRules).map(lineOf),
    trace: '',
    remedy: remedyOf(outcome, table, question.hasSession),
    revision: table.revision,
  };
};

/** What the rule does, or would do; none of an allow rule that let the request pass. */
const effectOf = ({ kind, hit }: Outcome): DecidedAction | '' => {
  if (kind === 'allow' || hit === null) return '';
  if (hit.mitigation !== null) return 'block';
  return denies(hit.effect) ? hit.effect : 'log';
};

const lineOf = ({ source, ruleId, effect, isEnforced }: RuleHit): string =>
  `${source}/${ruleId}/${effect}${isEnforced ? '' : ' (logged)'}`;
