/** What the dashboards of the five services share: their address, their variables, the marks of restarts and alerts. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board, mark, type Section } from './board.ts';
import { number } from './number.ts';
import type { AnyPanel } from './panel.ts';
import { type Selecting, selecting, sum } from './promql.ts';
import { instanceVariable, prometheusVariable } from './variables.ts';

export type Service = 'ingest' | 'sessionizer' | 'scorer' | 'enforcer' | 'control';

export interface ServiceBoard {
  readonly service: Service;
  readonly title: string;
  readonly says: string;
  readonly sections: (of: Selecting) => readonly Section[];
}

export const scopeOf = (service: Service): Selecting =>
  selecting(`service="${service}"`, 'instance=~"$instance"');

export const serviceBoard = ({ service, title, says, sections }: ServiceBoard): Dashboard =>
  board({
    uid: `precede-${service}`,
    title: `Precede / ${title}`,
    says,
    tags: ['precede-service'],
    variables: [prometheusVariable(), instanceVariable(`service="${service}"`)],
    marks: marks(scopeOf(service), `service="${service}"`),
    sections: sections(scopeOf(service)),
  });

export const marks = ({ series }: Selecting, target: string) => [
  mark(
    'Start',
    'blue',
    `changes(${series('process_start_time_seconds')}[1m]) > 0`,
    '{{service}} {{instance}} has been started',
  ),
  mark(
    'Alert',
    'red',
    `ALERTS{alertname=~"Precede.+", alertstate="firing", ${target}}`,
    '{{alertname}} {{instance}}',
  ),
];

/** First on each board: a number that is wrong when processes are gone says nothing else. */
export const processesUp = ({ series }: Selecting, what: string): AnyPanel =>
  number({
    title: 'Processes up',
    says: `Processes of ${what} that Prometheus reaches. Fewer than you run: they are down, or out of its reach; look at the pods or containers, then at the last line of their logs.`,
    unit: 'short',
    span: 4,
    expr: sum(series('up')),
    levels: { bad: 1, below: true },
    runbook: ['PrecedeServiceDown', 'PrecedeTargetDown', 'Readiness'],
  });
