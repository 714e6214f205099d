/**
 * Writes decisions to decisions.v1 in the background. Bounded and never waited for: when full, new decisions are
 * dropped and counted, allows (samples) from the half on, so that an outage of the log costs memory within the bound
 * and never a slower answer.
 */
import {
  type DecisionMade,
  decisionToAvro,
  PrecedeError,
  type SessionId,
  sessionKey,
  Topic,
} from '@precede/contracts';
import type { EventLog, LogProducer, OutgoingRecord } from '@precede/log';
import type { Logger } from '@precede/service';
import type { EnforcerMetrics } from './metrics.ts';
import { backoffMs, pause } from './retry.ts';

export interface PublisherDeps {
  readonly maxQueued: number;
  readonly logger: Logger;
  readonly metrics: EnforcerMetrics;
}

/** Few, large writes: the embedded log commits on the same thread that decides. */
const batchRecords = 2_000;
const lingerMs = 100;
const noSession = '0'.repeat(32) as SessionId;

export class DecisionPublisher {
  readonly #deps: PublisherDeps;
  readonly #queue: DecisionMade[] = [];
  readonly #stop = new AbortController();
  #wake: () => void = () => {};
  #isClosing = false;
  #running: Promise<void> | undefined;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** Never throws and never waits. */
  offer(decision: DecisionMade): void {
    const { maxQueued, metrics } = this.#deps;
    const room = decision.verdict === 'allow' ? Math.ceil(maxQueued / 2) : maxQueued;
    if (this.#queue.length >= room || this.#isClosing) {
      metrics.dropped.inc({ reason: this.#isClosing ? 'closed' : 'full' });
      return;
    }
    this.#queue.push(decision);
    metrics.queued.set(this.#queue.length);
    this.#wake();
  }

  /** Begins to write, once there is a log. */
  start(log: EventLog, producer: LogProducer): void {
    this.#running = this.#run(log, producer);
  }

  /** Writes what waits, for at most `timeoutMs`; what is left then is dropped and counted. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    const timer = setTimeout(() => this.#stop.abort(), timeoutMs);
    await this.#running;
    clearTimeout(timer);
    this.#drop(this.#queue.splice(0).length, 'shutdown');
  }

  async #run(log: EventLog, producer: LogProducer): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#queue.length === 0) {
        if (this.#isClosing) return;
        await this.#work();
        if (!this.#isClosing) await pause(lingerMs, this.#stop.signal);
      }
      const batch = this.#queue.splice(0, batchRecords);
      this.#deps.metrics.queued.set(this.#queue.length);
      await this.#write(this.#encode(batch, log), producer);
    }
  }

  /** Resolves when there is something to do. */
  async #work(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#queue.length === 0 && !this.#isClosing) await promise;
  }

  #encode(batch: readonly DecisionMade[], log: EventLog): OutgoingRecord[] {
    const records: OutgoingRecord[] = [];
    for (const each of batch) {
      try {
        const value = log.codec.encode(Topic.decisions, decisionToAvro(each));
        records.push({
          topic: Topic.decisions,
          key: sessionKey(each.zoneId, each.sessionId ?? noSession),
          value,
        });
      } catch (err) {
        this.#deps.logger.error({ err, decisionId: each.decisionId }, 'decision cannot be encoded');
        this.#drop(1, 'unreadable');
      }
    }
    return records;
  }

  /** Tries the same records until they are written; a decision may so be written twice, its id tells. */
  async #write(records: readonly OutgoingRecord[], producer: LogProducer): Promise<void> {
    const { logger, metrics } = this.#deps;
    for (let attempt = 0; records.length > 0; attempt++) {
      if (this.#stop.signal.aborted) return this.#drop(records.length, 'shutdown');
      try {
        await this.#unlessStopped(producer.send(records));
        return metrics.published.inc(records.length);
      } catch (err) {
        if (err instanceof PrecedeError && !err.retryable) {
          logger.error({ err, records: records.length }, 'decisions refused by the log');
          return this.#drop(records.length, 'refused');
        }
        if (attempt === 0) logger.warn({ err }, 'decisions cannot be written, trying again');
        await pause(backoffMs(attempt), this.#stop.signal);
      }
    }
  }

  /** A send may try longer than a shutdown waits. */
  async #unlessStopped(sending: Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new Error('stopped before the log acknowledged'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([sending, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #drop(count: number, reason: string): void {
    if (count > 0) this.#deps.metrics.dropped.inc({ reason }, count);
  }
}
