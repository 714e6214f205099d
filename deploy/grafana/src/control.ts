/** Control: does the management API answer, do changes of configuration come through. */
import { bound } from './kit/alerts.ts';
import { lines } from './kit/lines.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { orZero, type Selecting, sum, sumOrZero } from './kit/promql.ts';
import { processesUp, serviceBoard } from './kit/service-board.ts';
import { clickhouseCalls } from './parts/clickhouse.ts';
import { calls, following } from './parts/log.ts';
import { answers, failedShare } from './parts/requests.ts';
import { conditions } from './parts/standing.ts';

const away = 'Something is away';

const now = (of: Selecting): readonly AnyPanel[] => [
  processesUp(of, 'control'),
  number({
    title: 'Requests',
    says: 'Requests of the management API a second: people, scripts, the command line.',
    unit: 'reqps',
    span: 4,
    decimals: 2,
    expr: orZero(sum(of.rate('precede_control_requests_total'))),
  }),
  number({
    title: 'Answers 5xx',
    says: 'Share of answers that are our fault: the log (changes) or ClickHouse (scores, progress) is away. Ingest, scoring and enforcement go on without control.',
    unit: 'percentunit',
    span: 4,
    expr: failedShare(of, 'control'),
    levels: { bad: bound.PrecedeControlErrors },
    runbook: ['PrecedeControlErrors'],
  }),
  number({
    title: 'Changes not made',
    says: 'Changes of configuration of the last hour that did not come through. unavailable: the log; fenced: two controls run and the older one ends.',
    unit: 'short',
    span: 4,
    decimals: 0,
    expr: orZero(
      sum(`increase(${of.series('precede_control_writes_total', 'outcome=~"unavailable|fenced|busy"')}[1h])`),
    ),
    levels: { warn: 1, bad: 10 },
    runbook: ['PrecedeControlFenced'],
  }),
  number({
    title: 'Changes waiting',
    says: 'Changes that wait for the one before them. Above 10 for minutes: a script writes one by one what fits in one body.',
    unit: 'short',
    span: 4,
    expr: sum(of.series('precede_control_waiting_writes')),
    levels: { warn: 10 },
  }),
  number({
    title: 'Zones configured',
    says: '0 on an instance that has zones: do not write anything, look at config.v1 first.',
    unit: 'short',
    span: 4,
    expr: `max(${of.series('precede_control_zones')})`,
    levels: { bad: 1, below: true },
    runbook: [away, 'Keeping data'],
  }),
];

const face = {
  service: 'control',
  says: '5xx: the log or ClickHouse is away. Many 4xx: a client with a wrong token or body.',
  slow: 5,
  slowSays: 'By method. GET above 5 s: ClickHouse is slow. Others are changes and wait for the log.',
} as const;

const changes = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Changes by outcome',
    says: 'written is well; refused: the body had faults and the answer names them; unavailable: the log; busy: too many at once; fenced: another control has taken over.',
    unit: 'cps',
    span: 8,
    queries: [{ expr: sumOrZero(of.rate('precede_control_writes_total'), 'outcome'), legend: '{{outcome}}' }],
    colors: { written: 'green', unavailable: 'red', fenced: 'red', busy: 'orange' },
    runbook: ['PrecedeControlFenced'],
  }),
  lines({
    title: 'Time of a change',
    says: 'From a planned change to its being in the log and applied. p99 above 5 s: the log is slow.',
    unit: 's',
    span: 8,
    levels: { bad: 5 },
    queries: [0.5, 0.99].map((q) => ({
      expr: of.quantile(q, 'precede_control_write_duration_seconds'),
      legend: `p${q * 100}`,
    })),
  }),
  lines({
    title: 'Records of the configuration, recoveries',
    says: 'applied: records of config.v1 taken. unreadable: any is a fault, somebody else writes there. recovered: the log was read again as the outcome of a write was unknown; several an hour: the log is unstable.',
    unit: 'cps',
    span: 8,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_control_config_records_total'), 'outcome'),
        legend: '{{outcome}}',
      },
      { expr: sum(of.rate('precede_control_recoveries_total')), legend: 'recovered' },
    ],
    colors: { applied: 'green', unreadable: 'red' },
    runbook: ['PrecedeControlFenced', 'PrecedeConfigUnreadable'],
  }),
];

export const control = serviceBoard({
  service: 'control',
  title: 'Control',
  says: 'The management API: how it answers, and whether changes of configuration come through.',
  sections: (of) => [
    { panels: now(of) },
    { title: 'The API', panels: answers(of, face) },
    { title: 'Changes', panels: changes(of) },
    { title: 'ClickHouse', panels: clickhouseCalls(of) },
    { title: 'The log', panels: calls(of) },
    { title: 'Readiness and configuration', panels: [conditions(of, 12), following(of, 12)] },
  ],
});
