/** The table of the overview: one row a service, a click leads to its dashboard. */
import { grid } from './kit/grid.ts';
import type { AnyPanel } from './kit/panel.ts';
import { count, max, min, type Selecting, sum } from './kit/promql.ts';

/** What each service does, and what of it goes wrong; a target has the label of its service, so the sums lie side by side. */
const done = [
  'precede_ingest_events_total',
  'precede_sessionizer_requests_total',
  'precede_scorer_sequences_total',
  'precede_enforcer_decisions_total',
  'precede_control_requests_total',
];
const failed: readonly (readonly [name: string, matcher?: string])[] = [
  ['precede_ingest_bodies_total', 'outcome=~"busy|unavailable"'],
  ['precede_sessionizer_failures_total'],
  ['precede_scorer_clickhouse_retries_total'],
  ['precede_enforcer_failed_decisions_total'],
  ['precede_control_requests_total', 'status="5xx"'],
];

/** 0 for a service that runs and has no such series yet. */
const eachService = (of: Selecting, parts: readonly string[]): string =>
  [...parts.map((part) => sum(part, 'service')), `0 * ${max(of.series('up'), 'service')}`].join(' or ');

export const services = (of: Selecting): AnyPanel =>
  grid({
    title: 'Services',
    says: 'Done: what the service is for, a second (events, requests, sequences, decisions, answers). Failed: what of it did not work and is tried again, refused or answered by the fail mode. Event loop: the slowest process; above 0.1 s it is short of CPU. Youngest: a small number without a rollout is a process that ends again and again.',
    unit: 'short',
    span: 24,
    height: 8,
    rows: [
      {
        label: 'service',
        title: 'Service',
        link: {
          title: 'Dashboard of ${__value.text}',
          url: '/d/precede-${__value.text}?${__url_time_range}',
        },
      },
    ],
    columns: [
      { title: 'Up', expr: sum(of.series('up'), 'service'), levels: { bad: 1, below: true } },
      { title: 'Of', expr: count(of.series('up'), 'service') },
      {
        title: 'Done',
        expr: eachService(
          of,
          done.map((name) => of.rate(name)),
        ),
        unit: 'cps',
      },
      {
        title: 'Failed',
        expr: eachService(
          of,
          failed.map(([name, ...matchers]) => of.rate(name, ...(matchers as string[]))),
        ),
        unit: 'cps',
        levels: { warn: 0.000001 },
      },
      {
        title: 'CPU',
        expr: sum(of.rate('process_cpu_seconds_total'), 'service'),
        unit: 'short',
        decimals: 2,
      },
      { title: 'Memory', expr: sum(of.series('process_resident_memory_bytes'), 'service'), unit: 'bytes' },
      {
        title: 'Event loop p99',
        expr: max(of.series('nodejs_eventloop_lag_p99_seconds'), 'service'),
        unit: 's',
        levels: { warn: 0.1, bad: 0.5 },
      },
      {
        title: 'Youngest',
        expr: min(`time() - ${of.series('process_start_time_seconds')}`, 'service'),
        unit: 's',
      },
      {
        title: 'Releases',
        expr: `count by (service) (${count(of.series('precede_build_info'), 'service', 'version', 'commit')})`,
        levels: { warn: 2 },
      },
    ],
  });
