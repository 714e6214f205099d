/** Of scorer and control: how ClickHouse answers. */
import { heatmap } from '../kit/heatmap.ts';
import { lines } from '../kit/lines.ts';
import type { AnyPanel } from '../kit/panel.ts';
import { type Selecting, sum, sumOrZero } from '../kit/promql.ts';

export const clickhouseCalls = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Calls of ClickHouse',
    says: 'Calls a second by what was asked, each try of a repeated one counted; failed ones below the axis of health: for minutes, ClickHouse is away.',
    unit: 'cps',
    span: 8,
    queries: [
      {
        expr: sum(of.rate('precede_clickhouse_call_seconds_count', 'outcome="ok"'), 'call'),
        legend: '{{call}}',
      },
      {
        expr: sumOrZero(of.rate('precede_clickhouse_call_seconds_count', 'outcome="failed"'), 'call'),
        legend: '{{call}} failed',
      },
    ],
    runbook: ['PrecedeClickHouseAway'],
  }),
  lines({
    title: 'Calls of ClickHouse, p99',
    says: 'Time of single calls. insert above 5 s: ClickHouse is slow (merges, disk, too many parts); query above 5 s: people wait for scores.',
    unit: 's',
    span: 8,
    levels: { bad: 5 },
    queries: [{ expr: of.quantile(0.99, 'precede_clickhouse_call_seconds', ['call']), legend: '{{call}}' }],
    runbook: ['PrecedeClickHouseAway'],
  }),
  heatmap({
    title: 'Calls of ClickHouse, spread',
    says: 'How many calls took how long, all kinds. A band that climbs is ClickHouse under merges, or short of disk.',
    unit: 's',
    span: 8,
    expr: of.buckets('precede_clickhouse_call_seconds'),
  }),
];
