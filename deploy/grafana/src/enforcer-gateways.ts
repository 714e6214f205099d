/** Who asks, and whether what was decided is written down. */
import { bound } from './kit/alerts.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import type { AnyPanel } from './kit/panel.ts';
import { type Selecting, sum, sumOrZero } from './kit/promql.ts';

export const gateways = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Requests of gateways',
    says: 'By interface and outcome. fault: there was no decision, so the setting of the gateway counts and it lets pass or refuses; the body of the answer says why. refused: a request that is none, or without its token: a gateway is set up wrongly.',
    unit: 'reqps',
    span: 8,
    queries: [
      {
        expr: sum(of.rate('precede_enforcer_gateway_requests_total'), 'interface', 'outcome'),
        legend: '{{interface}} {{outcome}}',
      },
    ],
    runbook: ['PrecedeEnforcerErrorsFast', 'PrecedeEnforcerErrorsSlow'],
  }),
  lines({
    title: 'Time to answer a gateway, p99',
    says: 'From its request to the answer, reading and rendering included, by interface. Clients wait for it at every request.',
    unit: 's',
    span: 8,
    levels: { bad: bound.PrecedeEnforcerSlow },
    queries: [
      {
        expr: of.quantile(0.99, 'precede_enforcer_gateway_request_seconds', ['interface']),
        legend: '{{interface}}',
      },
    ],
    runbook: ['PrecedeEnforcerSlow'],
  }),
  heatmap({
    title: 'Time to answer a gateway, spread',
    says: 'How many requests took how long, all interfaces. A band near PRECEDE_ENFORCER_DEADLINE is what the fail mode answers.',
    unit: 's',
    span: 8,
    expr: of.buckets('precede_enforcer_gateway_request_seconds'),
  }),
];

export const record = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Decisions written',
    says: 'Decisions on their way into decisions.v1, for receipts and analysts. dropped: the record has gaps; the decisions themselves were made.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_enforcer_decisions_published_total')), legend: 'written' },
      {
        expr: sumOrZero(of.rate('precede_enforcer_decisions_dropped_total'), 'reason'),
        legend: 'dropped, {{reason}}',
      },
    ],
    colors: { written: 'green' },
    runbook: ['PrecedeEnforcerDecisionsDropped'],
  }),
  lines({
    title: 'Requests fed to scores',
    says: 'For zones whose requests the enforcer itself publishes. dropped: their sequences are counted too low.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_enforcer_requests_published_total')), legend: 'written' },
      {
        expr: sumOrZero(of.rate('precede_enforcer_requests_dropped_total'), 'reason'),
        legend: 'dropped, {{reason}}',
      },
    ],
    colors: { written: 'green' },
    runbook: ['PrecedeEnforcerRequestsDropped'],
  }),
  lines({
    title: 'Queues to the log',
    says: 'Records that wait to be written, by process. Near PRECEDE_ENFORCER_PUBLISH_QUEUE or PRECEDE_ENFORCER_FEED_QUEUE: about to be dropped; the log is slow or away.',
    unit: 'short',
    span: 12,
    queries: [
      {
        expr: sum(of.series('precede_enforcer_publish_queue_records'), 'instance'),
        legend: 'decisions {{instance}}',
      },
      {
        expr: sum(of.series('precede_enforcer_feed_queue_records'), 'instance'),
        legend: 'requests {{instance}}',
      },
    ],
    runbook: ['PrecedeBoundNearlyFull'],
  }),
  lines({
    title: 'Tokens by outcome',
    says: 'Where a session identifier is a token. unknown_key or keys_unavailable for minutes: the address of the keys. wrong_*, no_claim: the token configuration does not fit.',
    unit: 'reqps',
    span: 12,
    stacked: true,
    queries: [
      { expr: sumOrZero(of.rate('precede_enforcer_tokens_total'), 'outcome'), legend: '{{outcome}}' },
    ],
    colors: { valid: 'green' },
  }),
];
