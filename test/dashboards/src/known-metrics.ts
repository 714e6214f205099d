/** Every metric that a target serves, with its labels: from the registries of the services, not from a scrape. */
import { type Instrument, instruments, noteOf } from '@precede/cli/instruments';
import { createMetrics } from '@precede/service';

export interface Known {
  readonly labels: ReadonlySet<string>;
  /** Values of a label where they are a closed set, as docs/telemetry.md lists them. */
  values(label: string): readonly string[];
}

/** What Prometheus adds to each target. */
const targetLabels = ['job', 'service', 'instance'];

const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** prom-client types neither of the two, though every metric has them. */
interface Described {
  readonly name: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
}

const entries = (metric: Described, values: Known['values']): [string, Known][] =>
  (suffixes[metric.type] ?? ['']).map((suffix) => [
    `${metric.name}${suffix}`,
    {
      labels: new Set([
        ...targetLabels,
        ...(metric.labelNames ?? []),
        ...(suffix === '_bucket' ? ['le'] : []),
      ]),
      values,
    },
  ]);

const noValues = (): readonly string[] => [];

const valuesIn =
  (instrument: Instrument) =>
  (label: string): readonly string[] =>
    [...(noteOf(instrument)?.labels?.[label] ?? '').matchAll(/`([^`]+)`/g)].map(([, value = '']) => value);

const shared = (createMetrics().getMetricsAsArray() as unknown as readonly Described[]).flatMap((metric) =>
  entries(metric, noValues),
);

export const known: ReadonlyMap<string, Known> = new Map([
  ...shared,
  ...instruments().flatMap((each) =>
    entries({ name: each.name, type: each.type, labelNames: each.labels }, valuesIn(each)),
  ),
  ['up', { labels: new Set(targetLabels), values: noValues }],
  ['ALERTS', { labels: new Set([...targetLabels, 'alertname', 'alertstate', 'severity']), values: noValues }],
]);
