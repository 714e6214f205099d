/** Who asks, and whether what was decided is written down. */
import { lines } from './kit/lines.ts';
import type { AnyPanel } from './kit/panel.ts';
import { orZero, type Selecting, sum } from './kit/promql.ts';

export const gateways = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Requests of gateways',
    says: 'By interface and outcome. fault: there was no decision, so the setting of the gateway counts and it lets pass or refuses; the body of the answer says why.',
    unit: 'reqps',
    span: 8,
    queries: [
      {
        expr: orZero(sum(of.rate('precede_enforcer_gateway_requests_total'), 'interface', 'outcome')),
        legend: '{{interface}} {{outcome}}',
      },
    ],
  }),
  lines({
    title: 'Decisions written',
    says: 'Decisions on their way into decisions.v1, for receipts and analysts. dropped: the record has gaps; the decisions themselves were made.',
    unit: 'cps',
    span: 8,
    queries: [
      { expr: sum(of.rate('precede_enforcer_decisions_published_total')), legend: 'written' },
      {
        expr: orZero(sum(of.rate('precede_enforcer_decisions_dropped_total'), 'reason')),
        legend: 'dropped, {{reason}}',
      },
    ],
    colors: { written: 'green' },
    runbook: ['Something is away'],
  }),
  lines({
    title: 'Requests fed to scores',
    says: 'For zones whose requests the enforcer itself publishes. dropped: their sequences are counted too low.',
    unit: 'cps',
    span: 8,
    queries: [
      { expr: sum(of.rate('precede_enforcer_requests_published_total')), legend: 'written' },
      {
        expr: orZero(sum(of.rate('precede_enforcer_requests_dropped_total'), 'reason')),
        legend: 'dropped, {{reason}}',
      },
    ],
    colors: { written: 'green' },
    runbook: ['Something is away'],
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
    runbook: ['Something is away'],
  }),
  lines({
    title: 'Tokens by outcome',
    says: 'Where a session identifier is a token. unknown_key or keys_unavailable for minutes: the address of the keys. wrong_*, no_claim: the token configuration does not fit.',
    unit: 'reqps',
    span: 12,
    stacked: true,
    queries: [
      { expr: orZero(sum(of.rate('precede_enforcer_tokens_total'), 'outcome')), legend: '{{outcome}}' },
    ],
    colors: { valid: 'green' },
  }),
];
