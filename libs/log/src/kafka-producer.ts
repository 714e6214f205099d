/**
 * The plain producer: idempotent, acks of all replicas. Calls that come while a request is on its way share the next
 * one, so that there are few and large requests; requests go one after the other, so that order is kept.
 * Full: a call that would exceed maxBufferedBytes is refused at once (PRECEDE_LOG_FULL).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { toLogError } from './kafka-errors.ts';
import { type Outgoing, RequestBuilder, toAllOutgoing } from './kafka-messages.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { IdempotentSender } from './kafka-sender.ts';
import type { PartitionCounts } from './kafka-topics.ts';
import type { LogProducer, OutgoingRecord, ProducerOptions } from './port.ts';

interface Call {
  readonly records: readonly Outgoing[];
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** How many of the records have been put into requests, and how many are acknowledged. */
  taken: number;
  acknowledged: number;
  isSettled: boolean;
}

/** A stretch of one call's records within a request. */
interface Part {
  readonly call: Call;
  count: number;
}

export const defaultMaxBufferedBytes = 64 * 1024 * 1024;
export const defaultSendTimeoutMs = 30_000;
// Concurrent small calls meet within it; it halves the CPU at 2,000 sends a second.
const lingerMs = 4;
const longestPauseMs = 1_000;

export interface ProducerDeps {
  readonly kafka: KafkaAccess;
  readonly counts: PartitionCounts;
}

export class BatchingProducer implements LogProducer {
  readonly #deps: ProducerDeps;
  readonly #maxBufferedBytes: number;
  readonly #sendTimeoutMs: number;
  readonly #calls: Call[] = [];
  readonly #sender: IdempotentSender;
  #bufferedBytes = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: ProducerDeps, options: ProducerOptions = {}) {
    this.#deps = deps;
    this.#sender = new IdempotentSender(deps.kafka);
    this.#maxBufferedBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes;
    this.#sendTimeoutMs = options.sendTimeoutMs ?? defaultSendTimeoutMs;
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#isClosed) throw closedError();
    if (records.length === 0) return;
    // Before the first await: calls are taken in the order they were made.
    const release = this.#reserve(bytesOf(records));
    try {
      await this.#enqueue(await this.#outgoing(records));
    } finally {
      release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#sender.close();
  }

  #reserve(bytes: number): () => void {
    const isFull = this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > this.#maxBufferedBytes;
    if (isFull)
      throw new UnavailableError(ErrorCode.logFull, 'Too many bytes wait to be acknowledged by Kafka.');
    this.#bufferedBytes += bytes;
    return () => {
      this.#bufferedBytes -= bytes;
    };
  }

  async #outgoing(records: readonly OutgoingRecord[]): Promise<readonly Outgoing[]> {
    const deadlineMs = Date.now() + this.#sendTimeoutMs;
    for (let pauseMs = 100; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
      try {
        return await toAllOutgoing(records, this.#deps.counts);
      } catch (error) {
        const known = toLogError(error, 'send');
        if (!known.retryable || this.#isClosed || Date.now() + pauseMs > deadlineMs) throw known;
        await sleep(pauseMs);
      }
  }

  #enqueue(records: readonly Outgoing[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        records,
        bytes: records.reduce((sum, r) => sum + r.bytes, 0),
        deadlineMs: Date.now() + this.#sendTimeoutMs,
        timer: setTimeout(() => settle(call, timedOut(this.#sendTimeoutMs)), this.#sendTimeoutMs),
        resolve,
        reject,
        taken: 0,
        acknowledged: 0,
        isSettled: false,
      };
      this.#calls.push(call);
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    await sleep(lingerMs);
    while (this.#calls.length > 0) await this.#sendNext();
    this.#running = undefined;
  }

  async #sendNext(): Promise<void> {
    const { builder, parts } = this.#nextRequest();
    if (parts.length === 0) return;
    try {
      await this.#sender.send(builder.build(), () => parts.some(({ call }) => !call.isSettled));
      acknowledge(parts);
    } catch (error) {
      refuse(parts, toLogError(error, 'send'));
    }
  }

  /** Takes records from the oldest calls until a request is full. */
  #nextRequest(): { builder: RequestBuilder; parts: Part[] } {
    const builder = new RequestBuilder(this.#deps.kafka.topicPrefix);
    const parts: Part[] = [];
    for (let call = this.#calls[0]; call !== undefined; call = this.#calls[0]) {
      if (!call.isSettled && !takeInto(builder, call, parts)) break;
      this.#calls.shift();
    }
    return { builder, parts };
  }
}

/** Puts the call's remaining records in; false where the request is full before their end. */
const takeInto = (builder: RequestBuilder, call: Call, parts: Part[]): boolean => {
  const part: Part = { call, count: 0 };
  while (call.taken < call.records.length) {
    if (!builder.add(call.records[call.taken] as Outgoing)) break;
    call.taken += 1;
    part.count += 1;
  }
  if (part.count > 0) parts.push(part);
  return call.taken === call.records.length;
};

const acknowledge = (parts: readonly Part[]): void => {
  for (const { call, count } of parts) {
    call.acknowledged += count;
    if (call.acknowledged === call.records.length) settle(call);
  }
};

const refuse = (parts: readonly Part[], error: unknown): void => {
  for (const { call } of parts) settle(call, error);
};

const settle = (call: Call, error?: unknown): void => {
  if (call.isSettled) return;
  call.isSettled = true;
  clearTimeout(call.timer);
  if (error === undefined) call.resolve();
  else call.reject(error);
};

const bytesOf = (records: readonly OutgoingRecord[]): number =>
  records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);

const timedOut = (ms: number): UnavailableError =>
  new UnavailableError(ErrorCode.logUnavailable, `Kafka has not acknowledged the records within ${ms} ms.`);

const closedError = (): UnavailableError =>
  new UnavailableError(ErrorCode.logUnavailable, 'The producer is closed.');
