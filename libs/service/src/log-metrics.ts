/**
 * The instruments of the event log, the same in every service: rate, errors and duration of what is asked of it, and how
 * far behind it the service is. It is the observer that @precede/log tells; ages and lags are looked at when metrics are
 * read.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** One consumer of a topic, as it stands now. */
export interface ConsumerLook {
  readonly lagRecords: number;
  readonly lagSeconds: number;
  readonly stepAgeSeconds: number;
  readonly assigned: number;
  readonly open: number;
}

/** One topic that is followed from its beginning, as it stands now. */
export interface FollowedLook {
  readonly offset: number;
  readonly contactAgeSeconds: number;
}

/** As @precede/log tells them apart. */
const failureReasons = ['away', 'fenced', 'held', 'mismatch', 'other'];
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const requestSeconds = [0.001, 0.005, 0.025, 0.1, 0.25, 1, 5, 15];

/** One a registry: `logMetricsOf`. */
export class LogMetrics {
  readonly #registry: Registry;
  readonly #consumers = new Map<string, () => ConsumerLook>();
  readonly #followed = new Map<string, () => FollowedLook>();
  readonly #calls: Histogram<'call' | 'outcome'>;
  readonly #requests: Histogram<'request'>;
  readonly #records: Counter<'topic' | 'direction'>;
  readonly #failures: Counter<'topic' | 'reason'>;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    this.#calls = new Histogram({
      name: 'precede_log_call_seconds',
      help: 'Time of what this service asked of the event log or the schema registry, tries of the client included, by what it was and how it ended.',
      labelNames: ['call', 'outcome'],
      buckets: seconds,
      registers,
    });
    this.#requests = new Histogram({
      name: 'precede_log_request_seconds',
      help: 'Time of single requests that a broker of Kafka has answered, by kind of request.',
      labelNames: ['request'],
      buckets: requestSeconds,
      registers,
    });
    this.#records = new Counter({
      name: 'precede_log_records_total',
      help: 'Records read, once their step has ended well, and records written and acknowledged, by topic.',
      labelNames: ['topic', 'direction'],
      registers,
    });
    this.#failures = new Counter({
      name: 'precede_log_failures_total',
      help: 'Failures of reading, of steps and of openings of a partition, each tried again, by topic and reason.',
      labelNames: ['topic', 'reason'],
      registers,
    });
    this.#consumerGauges();
    this.#followedGauges();
  }

  called(call: string, outcome: 'ok' | 'failed', tookSeconds: number): void {
    this.#calls.observe({ call, outcome }, tookSeconds);
  }

  requested(request: string, tookSeconds: number): void {
    this.#requests.observe({ request }, tookSeconds);
  }

  moved(topic: string, direction: 'read' | 'written', count: number): void {
    this.#records.inc({ topic, direction }, count);
  }

  failed(topic: string, reason: string): void {
    this.#failures.inc({ topic, reason });
  }

  /** Of a topic processed as a member of a group; the last that was told counts. */
  consumes(topic: string, look: () => ConsumerLook): void {
    this.#startAtZero(topic);
    this.#calls.zero({ call: 'commit', outcome: 'failed' });
    this.#consumers.set(topic, look);
  }

  /** Of a topic followed from its beginning. */
  follows(topic: string, look: () => FollowedLook): void {
    this.#startAtZero(topic);
    this.#followed.set(topic, look);
  }

  #startAtZero(topic: string): void {
    for (const reason of failureReasons) this.#failures.inc({ topic, reason }, 0);
  }

  #consumerGauges(): void {
    const gauge = (name: string, help: string, of: (look: ConsumerLook) => number): void =>
      this.#gauge(name, help, this.#consumers, of);
    gauge(
      'lag_records',
      'Records between what is done of a topic and its end, over the partitions of this process; as of the last ten seconds.',
      (look) => look.lagRecords,
    );
    gauge(
      'lag_seconds',
      'How long ago the oldest record that is not done was written, at most; 0 where all is done. Of the slowest partition.',
      (look) => look.lagSeconds,
    );
    gauge(
      'step_age_seconds',
      'Time since the slowest partition last ended a step well; one that works ends some every second, with or without records.',
      (look) => look.stepAgeSeconds,
    );
    gauge('assigned_partitions', 'Partitions that are those of this process.', (look) => look.assigned);
    gauge(
      'open_partitions',
      'Partitions of this process that it works on; the others are being opened.',
      (look) => look.open,
    );
  }

  #followedGauges(): void {
    const gauge = (name: string, help: string, of: (look: FollowedLook) => number): void =>
      this.#gauge(name, help, this.#followed, of);
    gauge(
      'followed_offset',
      'The offset after the last record that was taken of a followed topic; the same in every process that has read it to its end.',
      (look) => look.offset,
    );
    gauge(
      'contact_age_seconds',
      'Time since the log last answered for a followed topic, or since the start: whether what is known of it is of now.',
      (look) => look.contactAgeSeconds,
    );
  }

  #gauge<L>(name: string, help: string, looks: ReadonlyMap<string, () => L>, of: (look: L) => number): void {
    new Gauge({
      name: `precede_log_${name}`,
      help,
      labelNames: ['topic'],
      registers: [this.#registry],
      collect() {
        for (const [topic, look] of looks) this.set({ topic }, of(look()));
      },
    });
  }
}

const known = new WeakMap<Registry, LogMetrics>();

/** Those of a registry: the log is opened, and told of them, before the service that has the others. */
export const logMetricsOf = (registry: Registry): LogMetrics => {
  const metrics = known.get(registry) ?? new LogMetrics(registry);
  known.set(registry, metrics);
  return metrics;
};
