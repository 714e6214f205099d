/** Of any service: what it asks of the event log (Kafka, or the embedded one), and how far behind it is. */
import { bound } from '../kit/alerts.ts';
import { lines } from '../kit/lines.ts';
import type { AnyPanel } from '../kit/panel.ts';
import { max, type Selecting, sum, sumOrZero } from '../kit/promql.ts';

export const calls = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Calls of the log, p99',
    says: 'What this service asks of the event log and of the schema registry, tries of the client included. commit or send above 1 s: brokers are slow (disk, replication, min.insync.replicas). schema is the registry.',
    unit: 's',
    span: 8,
    levels: { bad: 1 },
    queries: [{ expr: of.quantile(0.99, 'precede_log_call_seconds', ['call']), legend: '{{call}}' }],
    runbook: ['PrecedeKafkaAway'],
  }),
  lines({
    title: 'Calls of the log that failed',
    says: 'Each is tried again. For minutes: Kafka, or for schema the registry, is away. Failures of steps beside them: fenced is another process that took over, held a transaction that Kafka forgot to end.',
    unit: 'cps',
    span: 8,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_log_call_seconds_count', 'outcome="failed"'), 'call'),
        legend: '{{call}}',
      },
      {
        expr: sumOrZero(of.rate('precede_log_failures_total'), 'topic', 'reason'),
        legend: '{{topic}} {{reason}}',
      },
    ],
    runbook: [
      'PrecedeKafkaAway',
      'PrecedeStepsAborted',
      'PrecedeExactlyOnceBroken',
      'PrecedeTransactionHeld',
    ],
  }),
  lines({
    title: 'Requests of Kafka, p99',
    says: 'Single requests that brokers answered, by kind: which of them is slow where a call is. Fetch waits up to 0.1 s where nothing comes. Empty on the embedded log.',
    unit: 's',
    span: 8,
    queries: [{ expr: of.quantile(0.99, 'precede_log_request_seconds', ['request']), legend: '{{request}}' }],
  }),
];

export const records = (of: Selecting, span: number): AnyPanel =>
  lines({
    title: 'Records by topic',
    says: 'Records read, once their step has ended well, and records written and acknowledged. written to dead-letters.v1: something is unreadable or late.',
    unit: 'cps',
    span,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_log_records_total'), 'topic', 'direction'),
        legend: '{{topic}} {{direction}}',
      },
    ],
  });

/** Of a service that works through topics. */
export const lag = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Lag in time',
    says: 'How long ago the oldest record that is not done was written, of the slowest partition. What comes out is at least so late. Grows: the service is slower than what comes, or stands still; near the retention of the topic records are lost.',
    unit: 's',
    span: 8,
    levels: { warn: bound.PrecedeScoresLate, bad: bound.PrecedeScoresOld },
    queries: [{ expr: max(of.series('precede_log_lag_seconds'), 'topic'), legend: '{{topic}}' }],
    runbook: ['PrecedeScoresLate', 'PrecedePipelineNearRetention'],
  }),
  lines({
    title: 'Lag in records',
    says: 'Records between what is done of a topic and its end, over all partitions, as of the last ten seconds. Grows for ten minutes: add a process, up to the number of partitions.',
    unit: 'short',
    span: 8,
    queries: [{ expr: sum(of.series('precede_log_lag_records'), 'topic'), legend: '{{topic}}' }],
    runbook: ['Capacity'],
  }),
  lines({
    title: 'Time since the last good step',
    says: 'Of the slowest partition; below 1 s in good health, with or without traffic. Above 60: a partition stands still, be it restored, tried again, or waiting for Kafka or ClickHouse.',
    unit: 's',
    span: 8,
    levels: { bad: bound.PrecedePipelineStuck },
    queries: [{ expr: max(of.series('precede_log_step_age_seconds'), 'topic'), legend: '{{topic}}' }],
    runbook: ['PrecedePipelineStuck'],
  }),
  lines({
    title: 'Partitions',
    says: 'assigned: those of the processes of this service, together all of the topic; open: those worked on. Fewer open than assigned for minutes: they are being restored, or cannot be opened.',
    unit: 'short',
    span: 12,
    queries: [
      {
        expr: sum(of.series('precede_log_assigned_partitions'), 'topic'),
        legend: '{{topic}} assigned',
      },
      { expr: sum(of.series('precede_log_open_partitions'), 'topic'), legend: '{{topic}} open' },
    ],
  }),
  records(of, 12),
];

/** Of a service that follows the configuration. */
export const following = (of: Selecting, span: number): AnyPanel =>
  lines({
    title: 'How new the configuration is',
    says: 'Time since the log last answered for config.v1, by process. Above 60 s changes do not arrive, and what was known goes on working. Always 0 on the embedded log.',
    unit: 's',
    span,
    levels: { bad: bound.PrecedeConfigStale },
    queries: [
      { expr: max(of.series('precede_log_contact_age_seconds'), 'instance'), legend: '{{instance}}' },
    ],
    runbook: ['PrecedeConfigStale', 'PrecedeEnforcerRulesStale'],
  });
