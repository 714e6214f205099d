/** Every instrument of the enforcer. Labels are closed sets; zones, rules and sessions never become labels. */
import { FailMode } from '@precede/contracts';
import { type Clock, type LogMetrics, logMetricsOf, type Registry, zeroed } from '@precede/service';
import { Counter, Gauge, Histogram } from 'prom-client';
import { FailCause } from './decision.ts';
import { DecisionCounts } from './decision-counts.ts';
import { FastHistogram } from './fast-histogram.ts';
import { type CountGateway, createGatewayMetrics } from './gateways/gateway-metrics.ts';

/** From one microsecond: a decision in memory takes a few. */
const decisionBuckets = [
  0.000_001, 0.000_002, 0.000_005, 0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005,
  0.025, 0.1,
];
const valkeyBuckets = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];

/** Why a record that is written behind the answers is not. */
const notWritten = { reason: ['full', 'closed', 'shutdown', 'refused', 'unreadable'] };

export interface EnforcerMetrics {
  readonly log: LogMetrics;
  readonly counts: DecisionCounts;
  readonly decisionTimes: { observe(seconds: number): void };
  readonly failed: Counter<'cause' | 'mode'>;
  readonly failMode: Gauge<'mode'>;
  readonly logOnly: Gauge;
  readonly zones: Gauge;
  readonly zonesRefused: Gauge;
  /** The same on every enforcer that runs the same rules. */
  readonly rulesDigest: Gauge;
  readonly snapshotsRefused: Counter<'reason'>;
  readonly configFollowing: Gauge;
  readonly configRecords: Counter<'outcome'>;
  readonly snapshotFiles: Counter<'outcome'>;
  readonly evictions: Counter<'reason' | 'segment'>;
  readonly cookies: Counter<'outcome'>;
  readonly rateEvictions: Counter;
  readonly valkeySeconds: Histogram<'call'>;
  readonly valkeyFailures: Counter<'reason'>;
  readonly valkeyConnected: Gauge;
  readonly tokens: Counter<'outcome'>;
  readonly tokenKeysLoadSeconds: Histogram<'outcome'>;
  readonly queued: Gauge;
  readonly published: Counter;
  readonly dropped: Counter<'reason'>;
  /** Of requests, for zones whose origin is the enforcer. */
  readonly feed: {
    readonly queued: Gauge;
    readonly published: Counter;
    readonly dropped: Counter<'reason'>;
  };
  readonly countGateway: CountGateway;
  /** Called before the sessions gauge is read. */
  countSessions: () => number;
  /** Called before the gauge of rate keys is read. */
  countRateKeys: () => number;
  /** Called before the gauge of waiting decisions is read. */
  countWaiting: () => number;
  /** When the last snapshot came into force, ms; NaN before the first. */
  swappedMs: number;
}

export const createEnforcerMetrics = (registry: Registry, clock: Clock): EnforcerMetrics => {
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: T[]): Counter<T> =>
    new Counter({ name: `precede_enforcer_${name}`, help, labelNames, registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> =>
    new Gauge({ name: `precede_enforcer_${name}`, help, labelNames, registers });
  const metrics: EnforcerMetrics = {
    log: logMetricsOf(registry),
    counts: new DecisionCounts(registry),
    decisionTimes: new FastHistogram({
      name: 'precede_enforcer_decision_seconds',
      help: 'Time of a decision without HTTP: session, match, rules, lookback.',
      buckets: decisionBuckets,
      registers,
    }).series(),
    failed: zeroed(
      counter('failed_decisions_total', 'Requests that the fail mode answered, by cause and mode.', [
        'cause',
        'mode',
      ]),
      { cause: Object.values(FailCause), mode: Object.values(FailMode) },
    ),
    failMode: gauge('fail_mode', '1 for the fail mode of zones without one of their own.', ['mode']),
    logOnly: gauge('log_only', '1 while denials are only recorded.'),
    zones: gauge('zones', 'Zones with a snapshot in force.'),
    zonesRefused: gauge('zones_refused', 'Zones whose newest snapshot was refused.'),
    rulesDigest: gauge(
      'rules_digest',
      'A number made of every zone and its revision in force: the same on all enforcers that run the same rules; it means nothing else.',
    ),
    snapshotsRefused: counter('snapshots_refused_total', 'Zone snapshots that did not compile.', ['reason']),
    configFollowing: gauge('config_following', '1 once config.v1 has been read to its end and is followed.'),
    configRecords: zeroed(counter('config_records_total', 'Records of config.v1 read.', ['outcome']), {
      outcome: ['applied', 'unreadable'],
    }),
    snapshotFiles: counter('snapshot_files_total', 'Snapshot files, by what became of them.', ['outcome']),
    evictions: zeroed(
      counter(
        'session_evictions_total',
        'Sessions forgotten for room: live ones were used within the lookback gap and may now be denied.',
        ['reason', 'segment'],
      ),
      { reason: ['live', 'idle'], segment: ['probation', 'established'] },
    ),
    cookies: counter('sequence_cookies_total', 'Sequence cookies read, by what they were.', ['outcome']),
    rateEvictions: counter(
      'rate_evictions_total',
      'Keys of rate limits forgotten for room, with their counts.',
      [],
    ),
    valkeySeconds: new Histogram({
      name: 'precede_enforcer_valkey_seconds',
      help: 'Time of a call of valkey, failed ones included.',
      labelNames: ['call'],
      buckets: valkeyBuckets,
      registers,
    }),
    valkeyFailures: zeroed(
      counter('valkey_failures_total', 'Calls of valkey that gave no answer, by reason.', ['reason']),
      { reason: ['away', 'timeout', 'refused'] },
    ),
    valkeyConnected: gauge('valkey_connected', '1 while valkey takes commands; 0 also where none is used.'),
    tokens: counter(
      'tokens_total',
      'Tokens that requests were asked for, by outcome; where one is not valid the next session identifier is asked.',
      ['outcome'],
    ),
    tokenKeysLoadSeconds: new Histogram({
      name: 'precede_enforcer_token_keys_load_seconds',
      help: 'Time of requests for the keys that tokens are verified with, by outcome.',
      labelNames: ['outcome'],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    queued: gauge('publish_queue_records', 'Decisions that wait to be written.'),
    published: counter('decisions_published_total', 'Decisions written to decisions.v1.', []),
    dropped: zeroed(
      counter('decisions_dropped_total', 'Decisions that were not written.', ['reason']),
      notWritten,
    ),
    feed: {
      queued: gauge('feed_queue_records', 'Requests that wait to be published, of zones with this origin.'),
      published: counter('requests_published_total', 'Requests published to requests.v1 and discovery.', []),
      dropped: zeroed(
        counter('requests_dropped_total', 'Requests that were not published.', ['reason']),
        notWritten,
      ),
    },
    countSessions: () => 0,
    countRateKeys: () => 0,
    countWaiting: () => 0,
    countGateway: createGatewayMetrics(registry),
    swappedMs: Number.NaN,
  };
  new Gauge({
    name: 'precede_enforcer_snapshot_age_seconds',
    help: 'Time since a zone snapshot last came into force; NaN before the first.',
    registers,
    collect() {
      this.set((clock.now() - metrics.swappedMs) / 1000);
    },
  });
  new Gauge({
    name: 'precede_enforcer_sessions',
    help: 'Sessions held in memory.',
    registers,
    collect() {
      this.set(metrics.countSessions());
    },
  });
  new Gauge({
    name: 'precede_enforcer_waiting_decisions',
    help: 'Decisions that wait for a session store.',
    registers,
    collect() {
      this.set(metrics.countWaiting());
    },
  });
  new Gauge({
    name: 'precede_enforcer_rate_keys',
    help: 'Keys of rate limits held in memory.',
    registers,
    collect() {
      this.set(metrics.countRateKeys());
    },
  });
  return metrics;
};
