/** The first row of the overview: eight numbers, each of which may be the answer to "what is broken". */
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, orZero, type Selecting, share, sum } from './kit/promql.ts';
import { boardLink } from './kit/runbook.ts';

const health = (of: Selecting): readonly AnyPanel[] => [
  number({
    title: 'Services without a process',
    says: 'Of the five services those that Prometheus reaches no process of. Above 0 is an outage of that service: the table below names it.',
    unit: 'short',
    span: 3,
    expr: `5 - (count(count by (service) (${of.series('up')} == 1)) or on () vector(0))`,
    levels: { bad: 1 },
    runbook: ['Readiness', 'First aid'],
  }),
  number({
    title: 'Processes down',
    says: 'Processes that Prometheus knows and does not reach.',
    unit: 'short',
    span: 3,
    expr: orZero(`count(${of.series('up')} == 0)`),
    levels: { warn: 1 },
    links: [boardLink('Runtime', 'precede-runtime')],
    runbook: ['First aid'],
  }),
  number({
    title: 'Alerts firing',
    says: 'Alerts of Precede that fire now; the list is at the end of this page, and each has a section of its name in the runbook.',
    unit: 'short',
    span: 3,
    expr: orZero('count(ALERTS{alertname=~"Precede.+", alertstate="firing"})'),
    levels: { bad: 1 },
  }),
  number({
    title: 'Sessions behind the clock',
    says: 'How far the slowest sessionizer is behind live traffic. Above a minute: scores get old; nothing is lost.',
    unit: 's',
    span: 3,
    expr: max(of.series('precede_sessionizer_watermark_lag_seconds')),
    levels: { warn: 30, bad: 60 },
    links: [boardLink('Sessionizer', 'precede-sessionizer')],
    runbook: ['Sessionizer alarms'],
  }),
];

const service = (of: Selecting): readonly AnyPanel[] => [
  number({
    title: 'Events accepted',
    says: 'Events a second that are in the log. 0 while the API has traffic: senders have stopped, or do not reach ingest.',
    unit: 'cps',
    span: 3,
    expr: orZero(sum(of.rate('precede_ingest_events_total'))),
    links: [boardLink('Ingest', 'precede-ingest')],
  }),
  number({
    title: 'Decisions',
    says: 'Decisions a second. 0 while the gateway has traffic: it does not ask, or does not reach the enforcer.',
    unit: 'reqps',
    span: 3,
    expr: orZero(sum(of.rate('precede_enforcer_decisions_total'))),
    links: [boardLink('Enforcer', 'precede-enforcer')],
  }),
  number({
    title: 'Denied',
    says: 'Share of requests that are blocked. A jump without a new rule is to be looked at before customers call.',
    unit: 'percentunit',
    span: 3,
    expr: share(
      sum(of.rate('precede_enforcer_decisions_total', 'verdict="block"')),
      sum(of.rate('precede_enforcer_decisions_total')),
    ),
    levels: { warn: 0.01, bad: 0.1 },
    links: [boardLink('Enforcer', 'precede-enforcer')],
    runbook: ['First aid'],
  }),
  number({
    title: 'Answered by the fail mode',
    says: 'Requests a second without a decision: with open they pass unchecked, with closed customers are refused.',
    unit: 'reqps',
    span: 3,
    decimals: 2,
    expr: orZero(sum(of.rate('precede_enforcer_failed_decisions_total'))),
    levels: { bad: 0.000001 },
    links: [boardLink('Enforcer', 'precede-enforcer')],
    runbook: ['First aid'],
  }),
];

export const now = (of: Selecting): readonly AnyPanel[] => [...health(of), ...service(of)];
