/** Every instrument of the sessionizer. */
import { LIVE, SessionEnd } from '@precede/contracts';
import { estimatedBytes, type WindowsState } from '@precede/sequence';
import { type Clock, logMetricsOf, type Registry, zeroed } from '@precede/service';
import { Counter, Gauge, Histogram } from 'prom-client';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const lagSeconds = (state: WindowsState, nowMs: number): number => {
  let lagMs = 0;
  for (const sources of state.sources.values()) {
    const live = sources.get(LIVE);
    if (live !== undefined && live.held.size > 0) lagMs = Math.max(lagMs, nowMs - live.maxTimeMs);
  }
  return lagMs / 1000;
};

/** `states`: the partitions open now; they are looked at when metrics are read. */
export const createSessionizerMetrics = (
  registry: Registry,
  states: ReadonlySet<WindowsState>,
  clock: Clock,
) => {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (state: WindowsState) => number): void => {
    new Gauge({
      name: `precede_sessionizer_${name}`,
      help,
      registers,
      collect() {
        let sum = 0;
        for (const state of states) sum += read(state);
        this.set(sum);
      },
    });
  };
  gauge('open_windows', 'Session windows open now.', (state) => state.openWindows);
  gauge('held_requests', 'Requests held until the watermark passes them.', (state) => state.heldRequests);
  gauge('remembered_sessions', 'Closed sessions remembered for late requests.', (state) => state.remembered);
  gauge('state_bytes', 'Estimated memory of all session windows.', estimatedBytes);
  new Gauge({
    name: 'precede_sessionizer_watermark_lag_seconds',
    help: 'How far the largest event time of the slowest live source that holds requests lies behind the clock.',
    registers,
    collect() {
      let worst = 0;
      for (const state of states) worst = Math.max(worst, lagSeconds(state, clock.now()));
      this.set(worst);
    },
  });
  const counter = <const T extends string = never>(
    name: string,
    help: string,
    labelNames: readonly T[] = [],
  ) =>
    new Counter<T>({
      name: `precede_sessionizer_${name}_total`,
      help,
      labelNames: [...labelNames],
      registers,
    });
  return {
    log: logMetricsOf(registry),
    restoring: new Gauge({
      name: 'precede_sessionizer_restoring_partitions',
      help: 'Partitions whose windows are being read back from the changelog now.',
      registers,
    }),
    restoredRecords: counter('restored_records', 'Changelog records read back.'),
    bases: counter(
      'changelog_bases',
      'Times that the journal of a partition began anew with all that had changed.',
    ),
    requests: counter('requests', 'Requests read from requests.v1, the refused ones included.'),
    sequences: counter('sequences', 'Sequence records written: one a request that took its place.'),
    closed: zeroed(
      counter('closed_windows', 'Session windows closed, by why: gap, source_ended, bound.', ['ended']),
      { ended: Object.values(SessionEnd) },
    ),
    refused: zeroed(
      counter('refused_requests', 'Requests refused and dead-lettered, by reason.', ['reason']),
      { reason: ['late', 'window_closed', 'source_ended'] },
    ),
    repeated: counter('repeated_requests', 'Requests dropped because their event id was there already.'),
    unreadable: counter(
      'unreadable_records',
      'Records of requests.v1 dead-lettered because nobody can read them.',
    ),
    releasedEarly: counter(
      'early_releases',
      'Requests emitted before their time because too many were held.',
    ),
    forgottenEarly: counter(
      'early_forgotten',
      'Closed sessions forgotten before their time because there were too many.',
    ),
    configFaults: counter(
      'config_faults',
      'Configuration records that could not be read, and failures to follow.',
    ),
    failures: counter('failures', 'Steps or openings of a partition that failed and are tried again.'),
    aborts: counter(
      'aborted_steps',
      'Steps whose transaction was not committed: fenced, or the log was away. They are done again from the last commit.',
    ),
    rebalances: counter('rebalances', 'Times that the group has said which partitions are whose.'),
    commitSeconds: new Histogram({
      name: 'precede_sessionizer_commit_seconds',
      help: 'Time from the end of a step until its transaction was committed.',
      buckets: seconds,
      registers,
    }),
    stepSeconds: new Histogram({
      name: 'precede_sessionizer_step_seconds',
      help: 'Time of one step: decode, order, encode; not the transaction.',
      buckets: seconds,
      registers,
    }),
    restoreSeconds: new Histogram({
      name: 'precede_sessionizer_restore_seconds',
      help: 'Time until the windows of an assigned partition were back.',
      buckets: [...seconds, 60, 120],
      registers,
    }),
  };
};
export type SessionizerMetrics = ReturnType<typeof createSessionizerMetrics>;
