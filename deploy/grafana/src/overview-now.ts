/** The top of the overview: is it broken (first line), and what does it do for its users (second). */
import { bound } from './kit/alerts.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, min, orZero, type Selecting, share, sum } from './kit/promql.ts';
import { boardLink } from './kit/runbook.ts';
import { failedShare, undecidedShare } from './parts/requests.ts';

const broken = (of: Selecting): readonly AnyPanel[] => [
  number({
    title: 'Services without a process',
    says: 'Of the five services those that Prometheus reaches no process of. Above 0 is an outage of that service: the table below names it.',
    unit: 'short',
    span: 4,
    expr: `5 - (${orZero(`count(count by (service) (${of.series('up')} == 1))`)})`,
    levels: { bad: 1 },
    runbook: ['PrecedeServiceDown', 'PrecedeNothingScraped'],
  }),
  number({
    title: 'Processes down or not ready',
    says: 'Processes that Prometheus does not reach, and those with a condition of /readyz that does not hold. Which condition: the dashboard of the service.',
    unit: 'short',
    span: 4,
    expr: `${sum(`1 - ${of.series('up')}`)} + ${sum(`1 - ${min(of.series('precede_condition_ok'), 'service', 'instance')}`)}`,
    levels: { warn: 1 },
    links: [boardLink('Runtime', 'precede-runtime')],
    runbook: ['PrecedeTargetDown', 'PrecedeRestarting', 'Readiness'],
  }),
  number({
    title: 'Alerts firing',
    says: 'Alerts of Precede that fire now; the list is at the end of this page, and each has a section of its name in the runbook.',
    unit: 'short',
    span: 4,
    expr: orZero('count(ALERTS{alertname=~"Precede.+", alertstate="firing"})'),
    levels: { bad: 1 },
  }),
  number({
    title: 'Age of the scores',
    says: 'How long the newest scores of a zone with traffic have not told all that is counted of it, of the worst zone. Up to 70 s is normal. Above 300 s scores are old; enforcement goes on.',
    unit: 's',
    span: 4,
    expr: max(of.series('precede_scorer_score_age_seconds')),
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    links: [boardLink('Scorer', 'precede-scorer')],
    runbook: ['PrecedeScoresLate', 'PrecedeScoresOld'],
  }),
  number({
    title: 'Worst lag',
    says: 'How long ago the oldest request or sequence was written that is not done, of the slowest partition. Scores are at least so late; nothing is lost before the retention of the topic, 48 hours.',
    unit: 's',
    span: 4,
    expr: max(of.series('precede_log_lag_seconds', 'topic=~"requests.v1|sequences.v1"')),
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    links: [boardLink('Sessionizer', 'precede-sessionizer'), boardLink('Scorer', 'precede-scorer')],
    runbook: ['PrecedeScoresLate', 'PrecedePipelineNearRetention'],
  }),
  number({
    title: 'Requests without a decision',
    says: 'Share of the requests of gateways that got no decision. By the fail mode, or the setting of the gateway, they pass unchecked or customers are refused. The cause: the dashboard of the enforcer.',
    unit: 'percentunit',
    span: 4,
    expr: undecidedShare(of),
    levels: { warn: bound.PrecedeEnforcerErrorsSlow, bad: bound.PrecedeEnforcerErrorsFast },
    links: [boardLink('Enforcer', 'precede-enforcer')],
    runbook: ['PrecedeEnforcerErrorsFast', 'PrecedeEnforcerErrorsSlow'],
  }),
];

const done = (of: Selecting): readonly AnyPanel[] => [
  number({
    title: 'Events accepted',
    says: 'Events a second that are in the log. 0 while the API has traffic: senders have stopped, or do not reach ingest.',
    unit: 'cps',
    span: 4,
    expr: orZero(sum(of.rate('precede_ingest_events_total'))),
    links: [boardLink('Ingest', 'precede-ingest')],
  }),
  number({
    title: 'Answers 5xx of ingest',
    says: 'Share of answers to senders that are our fault. Nothing is lost, senders keep what they have; for long, they fill up.',
    unit: 'percentunit',
    span: 4,
    expr: failedShare(of, 'ingest'),
    levels: { warn: bound.PrecedeIngestErrorsSlow, bad: bound.PrecedeIngestErrorsFast },
    links: [boardLink('Ingest', 'precede-ingest')],
    runbook: ['PrecedeIngestErrorsFast'],
  }),
  number({
    title: 'Decisions',
    says: 'Decisions a second. 0 while the gateway has traffic: it does not ask, or does not reach the enforcer.',
    unit: 'reqps',
    span: 4,
    expr: orZero(sum(of.rate('precede_enforcer_decisions_total'))),
    links: [boardLink('Enforcer', 'precede-enforcer')],
  }),
  number({
    title: 'Time to a decision, p99',
    says: 'From the request of a gateway to its answer, the slowest hundredth. Clients wait for it at every request; above 25 ms the enforcer is short of CPU, or waits for valkey.',
    unit: 's',
    span: 4,
    expr: of.quantile(0.99, 'precede_enforcer_gateway_request_seconds'),
    levels: { bad: bound.PrecedeEnforcerSlow },
    links: [boardLink('Enforcer', 'precede-enforcer')],
    runbook: ['PrecedeEnforcerSlow'],
  }),
  number({
    title: 'Denied',
    says: 'Share of requests that are blocked. A jump without a new rule is to be looked at before customers call.',
    unit: 'percentunit',
    span: 4,
    expr: share(
      sum(of.rate('precede_enforcer_decisions_total', 'verdict="block"')),
      sum(of.rate('precede_enforcer_decisions_total')),
    ),
    levels: { warn: 0.01, bad: 0.1 },
    links: [boardLink('Enforcer', 'precede-enforcer')],
    runbook: ['First aid'],
  }),
  number({
    title: 'Answers 5xx of control',
    says: 'Share of answers of the management API that are our fault: the log or ClickHouse is away. Nothing else depends on it.',
    unit: 'percentunit',
    span: 4,
    expr: failedShare(of, 'control'),
    levels: { bad: bound.PrecedeControlErrors },
    links: [boardLink('Control', 'precede-control')],
    runbook: ['PrecedeControlErrors'],
  }),
];

export const now = (of: Selecting): readonly AnyPanel[] => [...broken(of), ...done(of)];
