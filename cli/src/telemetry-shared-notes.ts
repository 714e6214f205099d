/** Notes on the instruments that more than one service has. */
import { Topic } from '@precede/contracts';
import type { Note } from './telemetry-notes.ts';

const topics = (...names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
const consumed = topics(Topic.requests, Topic.sequences, Topic.sessions, Topic.decisions, Topic.audit);
const consumer = { topic: `the topics that a service consumes: ${consumed}` };
const followed = { topic: topics(Topic.config) };
const everyTopic = { topic: topics(...Object.values(Topic)) };
const quiet = 'For context; no alert.';

const condition: Readonly<Record<string, Note>> = {
  ok: {
    labels: {
      condition: '`log`, `config`, `partitions`, `clickhouse`, `snapshot`, `topics`, `draining`',
    },
    watch:
      '0 for minutes outside of a rollout; the table of conditions in [operations.md](operations.md#readiness) says what each waits for. `draining` is 0 while the process ends.',
  },
};

const budgets: readonly (readonly [service: string, budgets: readonly string[]])[] = [
  ['ingest', ['in_flight_bytes']],
  ['sessionizer', ['open_windows', 'held_requests', 'remembered_sessions', 'state_bytes']],
  ['scorer', ['open_counts_bytes', 'window_bytes']],
  ['enforcer', ['sessions', 'rate_keys', 'waiting_decisions', 'publish_queue', 'feed_queue']],
];
const budgetLabels = {
  budget: budgets.map(([service, names]) => `${service}: ${topics(...names)}`).join('; '),
};

const budget: Readonly<Record<string, Note>> = {
  used: {
    labels: budgetLabels,
    watch:
      '`precede_budget_used / precede_budget_limit` above 0.9: what happens at 1 stands in [configuration.md](configuration.md) beside the bound. `sessions`, `rate_keys` and `remembered_sessions` may be full in good health: what they forget is counted by itself.',
  },
  limit: { labels: budgetLabels, watch: quiet },
};

const log: Readonly<Record<string, Note>> = {
  call_seconds: {
    labels: {
      call: '`send`, `commit` (a step’s transaction, or its records and offset), `ends`, `ping`, `schema` (the registry)',
      outcome: '`ok`, `failed`',
    },
    watch:
      '`commit` or `send` with p99 above 1 s: brokers are slow. `failed` for minutes: Kafka, or for `schema` the registry, is away.',
  },
  request_seconds: {
    labels: {
      request:
        'kinds of request that our client sends: `Fetch` (waits up to 0.1 s where nothing comes), `Produce`, `ListOffsets`, `Metadata`, `FindCoordinator`, `InitProducerId`, `AddPartitionsToTxn`, `AddOffsetsToTxn`, `TxnOffsetCommit`, `EndTxn`, `OffsetFetch`, `ApiVersions`, `SaslHandshake`, `SaslAuthenticate` …',
    },
    watch: 'Which request is slow where `precede_log_call_seconds` is. None on the embedded log.',
  },
  records_total: {
    labels: { ...everyTopic, direction: '`read`, `written`' },
    watch:
      'The rates of the pipeline, topic by topic. `written` to `dead-letters.v1`: something unreadable or late.',
  },
  failures_total: {
    labels: {
      ...everyTopic,
      reason:
        '`away`, `fenced` (another process has taken over), `held` (Kafka forgot to end a transaction), `mismatch` (offsets were moved by somebody else), `other`',
    },
    watch:
      'More than a few a minute outside of a rollout: the log line beside it says why. `fenced` again and again: two groups with one prefix. `held`: ended by us; see *Kafka forgets to end a transaction*.',
  },
  lag_records: {
    labels: consumer,
    watch:
      'Grows for ten minutes: the consumer is slower than what comes. Counts what is read and not yet done too.',
  },
  lag_seconds: {
    labels: consumer,
    watch:
      'The one to alert on: scores and records are at least so late. Near the retention of the topic records are lost.',
  },
  step_age_seconds: {
    labels: consumer,
    watch:
      'Above 60: a partition stands still, be it restored, tried again, or waiting for Kafka or ClickHouse. A healthy one is below 1, with or without traffic.',
  },
  assigned_partitions: {
    labels: consumer,
    watch: 'All processes of a service together: the partitions of the topic.',
  },
  open_partitions: {
    labels: consumer,
    watch: 'Below `assigned_partitions` for minutes: see `step_age_seconds`.',
  },
  followed_offset: {
    labels: followed,
    watch: 'Differs between processes for minutes: the one with less has not got the last changes.',
  },
  contact_age_seconds: {
    labels: followed,
    watch:
      'Above 60: changes of the configuration do not arrive; what was known goes on working. Near 0 says that quiet is quiet. Always 0 on the embedded log.',
  },
};

const clickhouse: Readonly<Record<string, Note>> = {
  call_seconds: {
    labels: { call: '`query`, `insert`, `command`, `ping`', outcome: '`ok`, `failed`' },
    watch:
      '`failed` for minutes: ClickHouse is away; in control scores answer 503, in the scorer they get old. p99 of `insert` above 5 s: it is slow.',
  },
};

export const sharedNotes: Readonly<Record<string, Readonly<Record<string, Note>>>> = {
  condition,
  budget,
  log,
  clickhouse,
};
