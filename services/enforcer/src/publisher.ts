/**
 * Writes records to the log in the background. Bounded and never waited for: when full, new ones are dropped and counted,
 * those that can best be missed from the half on, so that an outage of the log costs memory within the bound and never a
 * slower answer.
 */
import { PrecedeError } from '@precede/contracts';
import type { EventLog, LogProducer, OutgoingRecord } from '@precede/log';
import type { Logger } from '@precede/service';
import { backoffMs, pause } from './retry.ts';

export interface PublisherCounts {
  readonly queued: { set(value: number): void };
  readonly published: { inc(count: number): void };
  readonly dropped: { inc(labels: { readonly reason: string }, count?: number): void };
}

export interface PublisherDeps {
  readonly maxQueued: number;
  readonly logger: Logger;
  readonly counts: PublisherCounts;
}

export interface Publication {
  /** Left out from the half of the queue on. */
  readonly isSample: boolean;
  /** Called when its turn comes, and not if it never does. May throw: then it is counted as unreadable. */
  encode(log: EventLog): OutgoingRecord;
  /** Called once, when it is encoded or dropped. */
  onGone?(): void;
}

/** Few, large writes: the embedded log commits on the same thread that decides. */
const batchRecords = 2_000;
const lingerMs = 100;

export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #queue: Publication[] = [];
  readonly #stop = new AbortController();
  #wake: () => void = () => {};
  #isClosing = false;
  #running: Promise<void> | undefined;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** Records that wait. */
  get size(): number {
    return this.#queue.length;
  }

  /** Never throws and never waits. */
  offer(publication: Publication): void {
    const { maxQueued, counts } = this.#deps;
    const room = publication.isSample ? Math.ceil(maxQueued / 2) : maxQueued;
    if (this.#queue.length >= room || this.#isClosing) {
      counts.dropped.inc({ reason: this.#isClosing ? 'closed' : 'full' });
      publication.onGone?.();
      return;
    }
    this.#queue.push(publication);
    counts.queued.set(this.#queue.length);
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
      this.#deps.counts.queued.set(this.#queue.length);
      await this.#write(this.#encode(batch, log), producer);
    }
  }

  /** Resolves when there is something to do. */
  async #work(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#queue.length === 0 && !this.#isClosing) await promise;
  }

  #encode(batch: readonly Publication[], log: EventLog): OutgoingRecord[] {
    const records: OutgoingRecord[] = [];
    for (const publication of batch) {
      try {
        records.push(publication.encode(log));
      } catch (err) {
        this.#deps.logger.error({ err }, 'a record cannot be encoded');
        this.#drop(1, 'unreadable');
      } finally {
        publication.onGone?.();
      }
    }
    return records;
  }

  /** Tries the same records until they are written; one may so be written twice, its id tells. */
  async #write(records: readonly OutgoingRecord[], producer: LogProducer): Promise<void> {
    const { logger, counts } = this.#deps;
    for (let attempt = 0; records.length > 0; attempt++) {
      if (this.#stop.signal.aborted) return this.#drop(records.length, 'shutdown');
      try {
        await this.#unlessStopped(producer.send(records));
        return counts.published.inc(records.length);
      } catch (err) {
        if (err instanceof PrecedeError && !err.retryable) {
          logger.error({ err, records: records.length }, 'records refused by the log');
          return this.#drop(records.length, 'refused');
        }
        if (attempt === 0) logger.warn({ err }, 'records cannot be written, trying again');
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
    if (count > 0) this.#deps.counts.dropped.inc({ reason }, count);
  }
}
