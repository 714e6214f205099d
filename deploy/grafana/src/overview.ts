/** Overview: is it broken, and where. The first row answers, the table names the service, its link leads on. */
import { bound } from './kit/alerts.ts';
import { board } from './kit/board.ts';
import { lines } from './kit/lines.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, orZero, selecting, sum, sumOrZero } from './kit/promql.ts';
import { marks } from './kit/service-board.ts';
import { prometheusVariable } from './kit/variables.ts';
import { now } from './overview-now.ts';
import { firing, services } from './overview-services.ts';

const of = selecting();
const decisions = 'precede_enforcer_decisions_total';

const flow: readonly AnyPanel[] = [
  lines({
    title: 'The way of a request',
    says: 'Events that ingest has accepted, requests in order, sequences counted, a second. The three lines lie on each other. Where one falls away, that service is behind: the one below in the table.',
    unit: 'cps',
    span: 12,
    queries: [
      {
        expr: orZero(sum(of.rate('precede_ingest_events_total', 'outcome="sequenced"'))),
        legend: 'accepted',
      },
      { expr: sum(of.rate('precede_sessionizer_requests_total')), legend: 'put in order' },
      {
        expr: orZero(sum(of.rate('precede_scorer_sequences_total', 'outcome="counted"'))),
        legend: 'counted',
      },
    ],
  }),
  lines({
    title: 'Decisions by verdict',
    says: 'What the enforcers answered. block: refused; log: would have been.',
    unit: 'reqps',
    span: 12,
    stacked: true,
    queries: [{ expr: sumOrZero(of.rate(decisions), 'verdict'), legend: '{{verdict}}' }],
    colors: { allow: 'green', log: 'orange', block: 'red' },
  }),
  lines({
    title: 'Lag by service',
    says: 'How long ago the oldest record was written that a service has not done. The first that climbs is the one that is behind; those after it follow.',
    unit: 's',
    span: 12,
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    queries: [{ expr: max(of.series('precede_log_lag_seconds'), 'service'), legend: '{{service}}' }],
    runbook: ['PrecedeScoresLate', 'PrecedePipelineNearRetention'],
  }),
  lines({
    title: 'Age of the scores over time',
    says: 'Of the worst zone with traffic. A saw tooth below 70 s is normal.',
    unit: 's',
    span: 12,
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    queries: [{ expr: max(of.series('precede_scorer_score_age_seconds')), legend: 'worst zone' }],
    runbook: ['PrecedeScoresLate'],
  }),
];

export const overview = board({
  uid: 'precede-overview',
  title: 'Precede / Overview',
  says: 'Is it broken, and where. Red in the first row: read the description of that number, then follow the row of its service.',
  variables: [prometheusVariable()],
  marks: marks(of, 'job="precede"'),
  sections: [
    { panels: now(of) },
    { title: 'One row a service: a click leads on', panels: [services(of)] },
    { title: 'Flow', panels: flow },
    { title: 'Alerts', panels: [firing()] },
  ],
});
