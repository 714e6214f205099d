/** Sessionizer: are sessions put in order in time, does each step commit, how much is held. */
import { bound } from './kit/alerts.ts';
import { heatmap } from './kit/heatmap.ts';
import { lines } from './kit/lines.ts';
import { number } from './kit/number.ts';
import type { AnyPanel } from './kit/panel.ts';
import { max, type Selecting, share, sum, sumOrZero } from './kit/promql.ts';
import { processesUp, serviceBoard } from './kit/service-board.ts';
import { calls, following, lag } from './parts/log.ts';
import { standing } from './parts/standing.ts';

const now = (of: Selecting): readonly AnyPanel[] => [
  processesUp(of, 'the sessionizer'),
  number({
    title: 'Behind the clock',
    says: 'How far the newest request of the slowest live source that holds requests lies behind the clock. Above a minute: scores get old, nothing is lost. Its lag grows too: add a member, look at step and commit times. No lag: the clocks or buffers of senders.',
    unit: 's',
    span: 4,
    expr: max(of.series('precede_sessionizer_watermark_lag_seconds')),
    levels: { warn: 30, bad: bound.PrecedeSessionizerWatermarkLate },
    runbook: ['PrecedeSessionizerWatermarkLate'],
  }),
  number({
    title: 'Sequences written',
    says: 'Requests a second that took their place in a session. Follows what ingest accepts, some seconds later.',
    unit: 'cps',
    span: 4,
    expr: sum(of.rate('precede_sessionizer_sequences_total')),
  }),
  number({
    title: 'Requests left out',
    says: 'Share of requests that came too late for their session. They are in dead-letters.v1. Above 1 %: requests arrive further out of order than the grace of the zone.',
    unit: 'percentunit',
    span: 4,
    expr: share(
      sum(of.rate('precede_sessionizer_refused_requests_total')),
      sum(of.rate('precede_sessionizer_requests_total')),
    ),
    levels: { warn: 0.001, bad: bound.PrecedeSessionizerRequestsLate },
    runbook: ['PrecedeSessionizerRequestsLate'],
  }),
  number({
    title: 'Steps that did not commit',
    says: 'Steps a second that are done again because their transaction was not committed, or because they failed. A few around a rollout are normal. If they stay: two groups with one prefix, or Kafka takes no commits.',
    unit: 'cps',
    span: 4,
    decimals: 2,
    expr: `${sum(of.rate('precede_sessionizer_aborted_steps_total'))} + ${sum(of.rate('precede_sessionizer_failures_total'))}`,
    levels: { bad: 0.000001 },
    runbook: ['PrecedeStepsAborted', 'PrecedeSessionizerFailing', 'PrecedeExactlyOnceBroken'],
  }),
  number({
    title: 'Partitions being restored',
    says: 'Partitions whose windows are being read back; their input waits. Above 0 for 5 minutes: the log has the progress; if it stands still it is Kafka.',
    unit: 'short',
    span: 4,
    expr: sum(of.series('precede_sessionizer_restoring_partitions')),
    levels: { warn: 1 },
    runbook: ['PrecedeSessionizerRestoring'],
  }),
];

const traffic = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Requests in, sequences out',
    says: 'in: requests read; out: sequences written, one for each request that took its place, after the grace. A gap that stays is what was left out or repeated.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_sessionizer_requests_total')), legend: 'in' },
      { expr: sum(of.rate('precede_sessionizer_sequences_total')), legend: 'out' },
    ],
  }),
  lines({
    title: 'Behind the clock, by process',
    says: 'How far each process is behind the clock with its slowest live source. A saw tooth below the grace is normal.',
    unit: 's',
    span: 12,
    levels: { bad: bound.PrecedeSessionizerWatermarkLate },
    queries: [
      {
        expr: max(of.series('precede_sessionizer_watermark_lag_seconds'), 'instance'),
        legend: '{{instance}}',
      },
    ],
    runbook: ['PrecedeSessionizerWatermarkLate'],
  }),
];

const faults = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Requests left out, by reason',
    says: 'late: further out of order than the grace; window_closed: logs shipped late beside live traffic, import them as a source of their own; source_ended: after the end of an import. repeated were there already: senders that try again. unreadable: somebody else writes to requests.v1.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_sessionizer_refused_requests_total'), 'reason'), legend: '{{reason}}' },
      { expr: sum(of.rate('precede_sessionizer_repeated_requests_total')), legend: 'repeated' },
      { expr: sum(of.rate('precede_sessionizer_unreadable_records_total')), legend: 'unreadable' },
    ],
    runbook: ['PrecedeSessionizerRequestsLate', 'PrecedeSessionizerUnreadable', 'PrecedeDeadLetters'],
  }),
  lines({
    title: 'Bounds that were reached',
    says: 'early release: too many requests were held, a sender far ahead or PRECEDE_SESSIONIZER_MAX_HELD; early forgotten: closed sessions remembered for less than told, _MAX_REMEMBERED. Sequences go on; late requests are judged more strictly.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_sessionizer_early_releases_total')), legend: 'early release' },
      { expr: sum(of.rate('precede_sessionizer_early_forgotten_total')), legend: 'early forgotten' },
    ],
    runbook: ['PrecedeSessionizerReleasedEarly', 'PrecedeSessionizerForgotEarly'],
  }),
  lines({
    title: 'Windows closed, by why',
    says: 'gap: the session was silent for the gap of its zone; source_ended: an import ended; bound: there are more open sessions than a partition may keep, and the session was cut in two.',
    unit: 'cps',
    span: 12,
    queries: [
      {
        expr: sumOrZero(of.rate('precede_sessionizer_closed_windows_total'), 'ended'),
        legend: '{{ended}}',
      },
    ],
    colors: { gap: 'green', source_ended: 'blue', bound: 'red' },
    runbook: ['PrecedeSessionizerWindowsCut'],
  }),
  lines({
    title: 'Failures and rebalances',
    says: 'failed: a partition could not be opened or stepped and is tried again; aborted: a transaction was not committed; rebalanced: members came or went. All are normal during a rollout and at no other time. configuration faults: config.v1 could not be read.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_sessionizer_failures_total')), legend: 'failed' },
      { expr: sum(of.rate('precede_sessionizer_aborted_steps_total')), legend: 'aborted' },
      { expr: sum(of.rate('precede_sessionizer_rebalances_total')), legend: 'rebalanced' },
      { expr: sum(of.rate('precede_sessionizer_config_faults_total')), legend: 'configuration faults' },
    ],
    runbook: ['PrecedeSessionizerFailing', 'PrecedeSessionizerRebalancing'],
  }),
];

const steps = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Time of a commit',
    says: 'From the end of a step until its transaction was committed. p99 above 1 s: brokers are slow (disk, replication, min.insync.replicas), and sequences come late by as much.',
    unit: 's',
    span: 8,
    levels: { bad: bound.PrecedeSessionizerCommitsSlow },
    queries: [0.5, 0.99].map((q) => ({
      expr: of.quantile(q, 'precede_sessionizer_commit_seconds'),
      legend: `p${q * 100}`,
    })),
    runbook: ['PrecedeSessionizerCommitsSlow'],
  }),
  lines({
    title: 'Time of a step',
    says: 'Decode, order, encode; not the transaction. p99 above 1 s: the process is short of CPU.',
    unit: 's',
    span: 8,
    levels: { bad: 1 },
    queries: [0.5, 0.99].map((q) => ({
      expr: of.quantile(q, 'precede_sessionizer_step_seconds'),
      legend: `p${q * 100}`,
    })),
  }),
  heatmap({
    title: 'Time of a commit, spread',
    says: 'How many commits took how long. A second band is a broker, or a coordinator, that is slower.',
    unit: 's',
    span: 8,
    expr: of.buckets('precede_sessionizer_commit_seconds'),
  }),
];

const state = (of: Selecting): readonly AnyPanel[] => [
  lines({
    title: 'Memory of the windows',
    says: 'Estimated memory of all session windows, by process. The memory limit wants 512 MiB and twice this; more members share it.',
    unit: 'bytes',
    span: 8,
    queries: [
      { expr: sum(of.series('precede_sessionizer_state_bytes'), 'instance'), legend: '{{instance}}' },
    ],
    runbook: ['PrecedeBoundNearlyFull'],
  }),
  lines({
    title: 'What the windows hold',
    says: 'open: session windows; held: requests that wait until the watermark passes them; remembered: closed sessions, for late requests. Bounds are PRECEDE_SESSIONIZER_MAX_WINDOWS, _MAX_HELD and _MAX_REMEMBERED a partition.',
    unit: 'short',
    span: 8,
    queries: [
      { expr: sum(of.series('precede_sessionizer_open_windows')), legend: 'open' },
      { expr: sum(of.series('precede_sessionizer_held_requests')), legend: 'held' },
      { expr: sum(of.series('precede_sessionizer_remembered_sessions')), legend: 'remembered' },
    ],
  }),
  lines({
    title: 'Restoring',
    says: 'After each start and each rebalance windows are read back from the changelog, and the input of their partition waits. Partitions being read back, and how long one took, as the mean since the start of the slowest process: above 60 s give the windows more processes.',
    unit: 'short',
    span: 8,
    queries: [
      { expr: sum(of.series('precede_sessionizer_restoring_partitions')), legend: 'partitions' },
      {
        expr: max(
          `${of.series('precede_sessionizer_restore_seconds_sum')} / (${of.series('precede_sessionizer_restore_seconds_count')} > 0)`,
        ),
        legend: 'seconds, mean',
      },
    ],
    runbook: ['PrecedeSessionizerRestoring'],
  }),
  lines({
    title: 'The changelog',
    says: 'Records read back, and times that the journal of a partition began anew with all that had changed. For sizing; no alert.',
    unit: 'cps',
    span: 12,
    queries: [
      { expr: sum(of.rate('precede_sessionizer_restored_records_total')), legend: 'read back' },
      { expr: sum(of.rate('precede_sessionizer_changelog_bases_total')), legend: 'begun anew' },
    ],
  }),
  following(of, 12),
];

export const sessionizer = serviceBoard({
  service: 'sessionizer',
  title: 'Sessionizer',
  says: 'Requests put in order within their sessions, exactly once: how far behind, what is left out, what is held.',
  sections: (of) => [
    { panels: now(of) },
    { title: 'Traffic', panels: traffic(of) },
    { title: 'Lag', panels: lag(of) },
    { title: 'What is left out, and why', panels: faults(of) },
    { title: 'Steps', panels: steps(of) },
    { title: 'State', panels: state(of) },
    { title: 'The log', panels: calls(of) },
    { title: 'Readiness and bounds', panels: standing(of) },
  ],
});
