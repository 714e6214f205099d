/**
 * The producer of a single writer: every send is one transaction under one id, one after the other. A writer whose
 * transaction could not be ended does not take a new producer id by itself, since that might fence a newer writer:
 * from then on it is fenced too, and its owner opens another.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FencedError, type PrecedeError } from '@precede/contracts';
import { toLogError } from './kafka-errors.ts';
import { type Outgoing, toAllOutgoing } from './kafka-messages.ts';
import {
  bytesOf,
  closedError,
  defaultMaxBufferedBytes,
  defaultSendTimeoutMs,
  fullError,
  type ProducerDeps,
  timedOut,
} from './kafka-producer.ts';
import { Transactions } from './kafka-transactions.ts';
import type { LogProducer, OutgoingRecord, ProducerOptions } from './port.ts';

const longestPauseMs = 1_000;

export class SingleWriter implements LogProducer {
  readonly #transactions: Transactions;
  readonly #deps: ProducerDeps;
  readonly #maxBufferedBytes: number;
  readonly #sendTimeoutMs: number;
  #bufferedBytes = 0;
  #last: Promise<unknown> = Promise.resolve();
  #fenced: PrecedeError | undefined;
  #isClosed = false;

  private constructor(transactions: Transactions, deps: ProducerDeps, options: ProducerOptions) {
    this.#transactions = transactions;
    this.#deps = deps;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes;
    this.#sendTimeoutMs = options.sendTimeoutMs ?? defaultSendTimeoutMs;
  }

  static async open(deps: ProducerDeps, id: string, options: ProducerOptions): Promise<SingleWriter> {
    try {
      const transactions = await Transactions.open(deps.kafka, id);
      return new SingleWriter(transactions, deps, options);
    } catch (error) {
      throw toLogError(error, 'open producer');
    }
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#isClosed) throw closedError();
    const bytes = bytesOf(records);
    if (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > this.#maxBufferedBytes) throw fullError();
    this.#bufferedBytes += bytes;
    const deadlineMs = performance.now() + this.#sendTimeoutMs;
    const turn = this.#last.then(() => this.#sendNow(records, deadlineMs));
    const release = (): void => {
      this.#bufferedBytes -= bytes;
    };
    this.#last = turn.then(release, release);
    await turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#transactions.close();
  }

  async #sendNow(records: readonly OutgoingRecord[], deadlineMs: number): Promise<void> {
    if (this.#fenced !== undefined) throw this.#fenced;
    if (performance.now() > deadlineMs) throw timedOut(this.#sendTimeoutMs);
    const outgoing: readonly Outgoing[] = await toAllOutgoing(records, this.#deps.counts).catch((error) => {
      throw toLogError(error, 'send');
    });
    for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
      try {
        return await this.#transactions.run(outgoing, undefined, deadlineMs);
      } catch (error) {
        const known = this.#failed(error);
        // Nothing was written unless the end itself failed, so the whole transaction may be tried again.
        if (!known.retryable || this.#fenced !== undefined || performance.now() + pauseMs > deadlineMs)
          throw known;
        await sleep(pauseMs);
      }
  }

  #failed(error: unknown): PrecedeError {
    const known = toLogError(error, 'send');
    if (known instanceof FencedError) this.#fenced = known;
    else if (this.#transactions.isUnknown)
      this.#fenced = new FencedError('A transaction could not be ended.', error);
    return known;
  }
}
