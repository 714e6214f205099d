/** Enforcer: what is decided, how fast, on which rules, and what stands behind the decision. */

import { gateways } from './enforcer-gateways.ts';
import { rules } from './enforcer-rules.ts';
import { stores } from './enforcer-stores.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { orZero, type Selecting, share, sum } from './kit/promql.ts';
import { processesUp, serviceBoard } from './kit/service-board.ts';

const decisions = 'precede_enforcer_decisions_total';

const now = (of: Selecting): readonly AnyPanel[] => [
  processesUp(of, 'the enforcer'),
  number({
    title: 'Decisions',
    says: 'Decisions a second, whatever they were. 0 while the gateway has traffic: it does not ask, or does not reach the enforcer.',
    unit: 'reqps',
    span: 4,
    expr: orZero(sum(of.rate(decisions))),
  }),
  number({
    title: 'Denied',
    says: 'Share of requests that are blocked. A jump: a new rule, a new release of a client, or lost lookbacks (see live evictions). PRECEDE_ENFORCER_LOG_ONLY=true lets everything pass while you look.',
    unit: 'percentunit',
    span: 4,
    expr: share(sum(of.rate(decisions, 'verdict="block"')), sum(of.rate(decisions))),
    levels: { warn: 0.01, bad: 0.1 },
    runbook: ['First aid'],
  }),
  number({
    title: 'Answered by the fail mode',
    says: 'Requests a second that were not decided on. With open they pass unchecked, with closed customers are refused. The cause is below.',
    unit: 'reqps',
    span: 4,
    decimals: 2,
    expr: orZero(sum(of.rate('precede_enforcer_failed_decisions_total'))),
    levels: { bad: 0.000001 },
    runbook: ['First aid'],
  }),
  number({
    title: 'Decision p99',
    says: 'Without HTTP: session, match, rules, lookback. Above 1 ms the process is short of CPU, or waits for valkey; the gateway waits with it.',
    unit: 's',
    span: 4,
    expr: of.quantile(0.99, 'precede_enforcer_decision_seconds'),
    levels: { warn: 0.001, bad: 0.025 },
  }),
  number({
    title: 'On old rules',
    says: 'Zones whose newest configuration was refused, and processes that do not follow the configuration: both go on with older rules. The log line of the enforcer has the faults.',
    unit: 'short',
    span: 4,
    expr: `${sum(of.series('precede_enforcer_zones_refused'))} + ${sum(`1 - ${of.series('precede_enforcer_config_following')}`)}`,
    levels: { bad: 1 },
    runbook: ['First aid'],
  }),
];

const deciding = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Decisions by verdict',
    says: 'block: refused; log: would have been, in log-only mode or by a rule that logs; allow: passed.',
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [{ expr: orZero(sum(of.rate(decisions), 'verdict')), legend: '{{verdict}}' }],
    colors: { allow: 'green', log: 'orange', block: 'red' },
  }),
  lines({
    title: 'Denied and logged, by phase',
    says: 'Which phase of rules, or sequence mitigation, made the decisions that are not a plain allow.',
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [
      {
        expr: orZero(sum(of.rate(decisions, 'verdict!="allow"'), 'verdict', 'rule')),
        legend: '{{verdict}} {{rule}}',
      },
    ],
  }),
  lines({
    title: 'Requests by kind',
    says: 'sequenced: operation and session known. A growing share of no_session: the gateway no longer passes the cookie or header on. unmatched: no saved operation.',
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [{ expr: orZero(sum(of.rate('precede_enforcer_requests_total'), 'kind')), legend: '{{kind}}' }],
    colors: { sequenced: 'green', unmatched: 'purple', no_session: 'orange' },
  }),
  lines({
    title: 'Time of a decision',
    says: 'Without HTTP. p99 above 1 ms: short of CPU, or valkey.',
    unit: 's',
    span: 8,
    levels: { bad: 0.001 },
    queries: [0.5, 0.99, 0.999].map((q) => ({
      expr: of.quantile(q, 'precede_enforcer_decision_seconds'),
      legend: `p${q * 100}`,
    })),
  }),
  heatmap({
    title: 'Time of a decision, spread',
    says: 'How many decisions took how long. In memory a few microseconds; with valkey a second band at its round trip.',
    unit: 's',
    span: 8,
    expr: of.buckets('precede_enforcer_decision_seconds'),
  }),
  lines({
    title: 'Answered by the fail mode, by cause',
    says: 'unknown_zone: the gateway names a zone that does not exist; not_ready: no configuration yet; deadline: PRECEDE_ENFORCER_DEADLINE; overloaded: beyond PRECEDE_ENFORCER_MAX_WAITING; store: valkey.',
    unit: 'reqps',
    span: 8,
    queries: [
      {
        expr: orZero(sum(of.rate('precede_enforcer_failed_decisions_total'), 'cause', 'mode')),
        legend: '{{cause}} ({{mode}})',
      },
    ],
    runbook: ['First aid'],
  }),
];

export const enforcer = serviceBoard({
  service: 'enforcer',
  title: 'Enforcer',
  says: 'What is decided at the gateway, how fast, on which rules, and the stores behind it.',
  sections: (of) => [
    { panels: now(of) },
    { title: 'Decisions', panels: deciding(of) },
    { title: 'Rules in force', panels: rules(of) },
    { title: 'Gateways and the record', panels: gateways(of) },
    { title: 'Sessions, rate limits, valkey', panels: stores(of) },
  ],
});
