/** Rate, errors and duration of an interface over HTTP: of ingest and of control. */
import { heatmap } from '../kit/heatmap.ts';
import { lines } from '../kit/lines.ts';
import type { AnyPanel } from '../kit/panel.ts';
import { orZero, type Selecting, share, sum, sumOrZero } from '../kit/promql.ts';

export interface Interface {
  readonly service: 'ingest' | 'control';
  /** What 5xx and 4xx say there. */
  readonly says: string;
  /** Of the slowest hundredth, in seconds. */
  readonly slow: number;
  readonly slowSays: string;
}

const counted = ({ service }: Interface): string => `precede_${service}_requests_total`;
const timed = ({ service }: Interface): string => `precede_${service}_request_duration_seconds`;

export const failedShare = (of: Selecting, service: Interface['service']): string => {
  const name = `precede_${service}_requests_total`;
  return share(sum(of.rate(name, 'status="5xx"')), sum(of.rate(name)));
};

/** What PrecedeEnforcerErrorsFast watches: faults, and answers of a fail mode that hide one. */
export const undecidedShare = (of: Selecting): string => {
  const all = 'precede_enforcer_gateway_requests_total';
  const faults = orZero(sum(of.rate(all, 'outcome="fault"')));
  const hidden = orZero(sum(of.rate('precede_enforcer_failed_decisions_total', 'mode!="error"')));
  return share(`((${faults}) + (${hidden}))`, sum(of.rate(all)));
};

export const answers = (of: Selecting, face: Interface): readonly AnyPanel[] => [
  lines({
    title: 'Answers by status',
    says: face.says,
    unit: 'reqps',
    span: 8,
    stacked: true,
    queries: [{ expr: sumOrZero(of.rate(counted(face)), 'status'), legend: '{{status}}' }],
    colors: { '2xx': 'green', '4xx': 'orange', '5xx': 'red' },
  }),
  lines({
    title: 'Time to answer, p99',
    says: face.slowSays,
    unit: 's',
    span: 8,
    levels: { bad: face.slow },
    queries: [{ expr: of.quantile(0.99, timed(face), ['method']), legend: '{{method}}' }],
    runbook: ['Something is away'],
  }),
  heatmap({
    title: 'Time to answer, spread',
    says: 'How many answers took how long, all methods.',
    unit: 's',
    span: 8,
    expr: of.buckets(timed(face)),
  }),
];
