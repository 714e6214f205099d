/** The tables of the overview: one row a service, a click leads to its dashboard; and what fires. */
import { bound } from './kit/alerts.ts';
import { grid } from './kit/grid.ts';
import type { AnyPanel } from './kit/panel.ts';
import { count, max, min, orZero, type Selecting, sum } from './kit/promql.ts';

type Counted = readonly [name: string, ...matchers: string[]];

/** What each service does, and what of it goes wrong; a target has the label of its service, so the sums lie side by side. */
const done: readonly Counted[] = [
  ['precede_ingest_events_total'],
  ['precede_sessionizer_requests_total'],
  ['precede_scorer_sequences_total'],
  ['precede_enforcer_decisions_total'],
  ['precede_control_requests_total'],
];
const failed: readonly Counted[] = [
  ['precede_ingest_requests_total', 'status="5xx"'],
  ['precede_sessionizer_failures_total'],
  ['precede_scorer_clickhouse_retries_total'],
  ['precede_enforcer_failed_decisions_total'],
  ['precede_control_requests_total', 'status="5xx"'],
];

/** 0 for a service that runs and has no such series yet. */
const eachService = (of: Selecting, counted: readonly Counted[]): string =>
  [
    ...counted.map(([name, ...matchers]) => sum(of.rate(name, ...matchers), 'service')),
    `0 * ${max(of.series('up'), 'service')}`,
  ].join(' or ');

const builds = (of: Selecting): string =>
  count(of.series('precede_build_info'), 'service', 'version', 'commit');

export const services = (of: Selecting): AnyPanel =>
  grid({
    title: 'Services',
    says: 'Done: what the service is for, a second (events, requests, sequences, decisions, answers). Failed: what of it did not work, and is tried again, refused, or answered by the fail mode. Lag: the oldest record that it has not done. Event loop: the slowest process; above 0.1 s it is short of CPU. Youngest: small without a rollout is a process that ends again and again. Releases: more than one outside of a rollout, and one was forgotten.',
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
        title: 'Ready',
        expr: sum(min(of.series('precede_condition_ok'), 'service', 'instance'), 'service'),
        levels: { bad: 1, below: true },
      },
      { title: 'Done', expr: eachService(of, done), unit: 'cps' },
      { title: 'Failed', expr: eachService(of, failed), unit: 'cps', levels: { warn: 0.000001 } },
      {
        title: 'Lag',
        expr: max(of.series('precede_log_lag_seconds'), 'service'),
        unit: 's',
        levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
      },
      {
        title: 'Fullest bound',
        expr: max(`${of.series('precede_budget_used')} / ${of.series('precede_budget_limit')}`, 'service'),
        unit: 'percentunit',
        levels: { warn: bound.PrecedeBoundNearlyFull },
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
        levels: { warn: 0.05, bad: bound.PrecedeProcessShortOfCpu },
      },
      {
        title: 'Youngest',
        expr: min(`time() - ${of.series('process_start_time_seconds')}`, 'service'),
        unit: 's',
      },
      { title: 'Releases', expr: count(builds(of), 'service'), levels: { warn: 2 } },
    ],
  });

export const firing = (): AnyPanel =>
  grid({
    title: 'Alerts that fire',
    says: 'Each has a section of its name in the runbook: what it means, what to look at, what to do.',
    unit: 'short',
    span: 24,
    height: 6,
    rows: [
      {
        label: 'alertname',
        title: 'Alert',
        link: { title: 'Runbook: ${__value.text}', url: '${runbook}#${__value.text}' },
      },
      { label: 'severity', title: 'Severity' },
      { label: 'service', title: 'Service' },
      { label: 'instance', title: 'Instance' },
    ],
    columns: [
      {
        title: 'Fires',
        expr: orZero(
          sum(
            'ALERTS{alertname=~"Precede.+", alertstate="firing"}',
            'alertname',
            'severity',
            'service',
            'instance',
          ),
          'alertname',
          'none',
        ),
        levels: { bad: 1 },
      },
    ],
  });
