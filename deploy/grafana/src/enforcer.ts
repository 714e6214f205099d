/** Enforcer: what is decided, how fast, on which rules, and what stands behind the decision. */

import { gateways, record } from './enforcer-gateways.ts';
import { rules } from './enforcer-rules.ts';
import { stores } from './enforcer-stores.ts';
import { bound } from './kit/alerts.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { orZero, type Selecting, share, sum, sumOrZero } from './kit/promql.ts';
import { processesUp, serviceBoard } from './kit/service-board.ts';
import { calls } from './parts/log.ts';
import { undecidedShare } from './parts/requests.ts';
import { standing } from './parts/standing.ts';

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
    title: 'Requests without a decision',
    says: 'Share of the requests of gateways that got no decision. By the fail mode, or the setting of the gateway, they pass unchecked or customers are refused. The cause is below.',
    unit: 'percentunit',
    span: 4,
    expr: undecidedShare(of),
    levels: { warn: bound.PrecedeEnforcerErrorsSlow, bad: bound.PrecedeEnforcerErrorsFast },
    runbook: ['PrecedeEnforcerErrorsFast', 'PrecedeEnforcerErrorsSlow'],
  }),
  number({
    title: 'Time to a decision, p99',
    says: 'From the request of a gateway to its answer, all interfaces. Above 25 ms the process is short of CPU, or waits for valkey; clients wait for it at every request. Near PRECEDE_ENFORCER_DEADLINE the fail mode answers.',
    unit: 's',
    span: 4,
    expr: of.quantile(0.99, 'precede_enforcer_gateway_request_seconds'),
    levels: { bad: bound.PrecedeEnforcerSlow },
    runbook: ['PrecedeEnforcerSlow'],
  }),
  number({
    title: 'On old rules',
    says: 'Zones whose newest configuration was refused, processes that do not follow the configuration, and sets of rules beyond the first that are in force at one time. All of them decide on older rules; the table below says which. For some seconds after each change that is normal.',
    unit: 'short',
    span: 4,
    expr: [
      sum(of.series('precede_enforcer_zones_refused')),
      sum(`1 - ${of.series('precede_enforcer_config_following')}`),
      `(count(count_values("digest", ${of.series('precede_enforcer_rules_digest')})) - 1)`,
    ].join(' + '),
    levels: { warn: 1 },
    runbook: ['PrecedeEnforcerRulesDiffer', 'PrecedeEnforcerRulesRefused', 'PrecedeEnforcerRulesStale'],
  }),
];

const deciding = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Decisions by verdict',
    says: 'block: refused; log: would have been, in log-only mode or by a rule that logs; allow: passed.',
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [{ expr: sumOrZero(of.rate(decisions), 'verdict'), legend: '{{verdict}}' }],
    colors: { allow: 'green', log: 'orange', block: 'red' },
  }),
  lines({
    title: 'Denied and logged, by phase and action',
    says: 'Which phase of rules, or sequence mitigation, made the decisions that are not a plain allow, and what the rule does, or would do where it only logs.',
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [
      {
        expr: sumOrZero(of.rate(decisions, 'verdict!="allow"'), 'rule', 'action', 'verdict'),
        legend: '{{verdict}}: {{action}} by {{rule}}',
      },
    ],
  }),
  lines({
    title: 'Requests by kind',
    says: 'sequenced: operation and session known. A growing share of no_session: the gateway no longer passes the cookie or header on. unmatched: no saved operation.',
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [{ expr: sumOrZero(of.rate('precede_enforcer_requests_total'), 'kind'), legend: '{{kind}}' }],
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
        expr: sumOrZero(of.rate('precede_enforcer_failed_decisions_total'), 'cause', 'mode'),
        legend: '{{cause}} ({{mode}})',
      },
    ],
    runbook: ['PrecedeEnforcerErrorsFast', 'PrecedeEnforcerErrorsSlow'],
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
    { title: 'Gateways', panels: gateways(of) },
    { title: 'The record of decisions', panels: record(of) },
    { title: 'Sessions, rate limits, valkey', panels: stores(of) },
    { title: 'The log', panels: calls(of) },
    { title: 'Readiness and bounds', panels: standing(of) },
  ],
});
