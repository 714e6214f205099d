/**
 * The plain producer: idempotent, acks of all replicas. Each partition is a lane of its own; each broker has one
 * request on its way, which carries what has come for its partitions meanwhile, so that there are few and large
 * requests. A partition that nobody leads, or whose replicas are away, waits without holding up the others.
 * Full: a call that would exceed maxBufferedBytes is refused at once (PRECEDE_LOG_FULL).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { Brokers } from './kafka-brokers.ts';
import { BrokerError, brokerFault, isNumberingLost, isTransient, toLogError } from './kafka-errors.ts';
import { Lane, type Waiter } from './kafka-lane.ts';
import { maxRequestBytes, type Outgoing, toAllOutgoing } from './kafka-messages.ts';
import type { KafkaAccess } from './kafka-options.ts';
import type { PartitionCounts } from './kafka-topics.ts';
import { type Identity, initProducerId, type NumberedSet, nameOf, produce } from './kafka-wire.ts';
import { isWritten } from './kafka-writer.ts';
import type { LogProducer, OutgoingRecord, ProducerOptions } from './port.ts';

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
  readonly #brokers: Brokers;
  /** The one that was sent longest ago first. */
  readonly #lanes = new Map<string, Lane>();
  readonly #busyNodes = new Set<number>();
  #bufferedBytes = 0;
  #running: Promise<void> | undefined;
  #wake: () => void = () => {};
  #hasNews = false;
  #isLingering = false;
  #isClosed = false;

  constructor(deps: ProducerDeps, options: ProducerOptions = {}) {
    this.#deps = deps;
    this.#brokers = new Brokers(deps.kafka);
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
    await this.#brokers.drop();
  }

  #reserve(bytes: number): () => void {
    const isFull = this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > this.#maxBufferedBytes;
    if (isFull) throw fullError();
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
    const call = new Call(records.length, this.#sendTimeoutMs);
    for (const record of records) this.#laneOf(record).add(record, call);
    this.#running ??= this.#run();
    this.#linger();
    return call.done;
  }

  #linger(): void {
    if (this.#isLingering) return;
    this.#isLingering = true;
    setTimeout(() => {
      this.#isLingering = false;
      this.#notify();
    }, lingerMs);
  }

  #notify(): void {
    this.#hasNews = true;
    this.#wake();
  }

  #laneOf({ topic, partition }: Outgoing): Lane {
    const named = { topic: this.#deps.kafka.topicPrefix + topic, partition };
    const known = this.#lanes.get(nameOf(named));
    if (known !== undefined) return known;
    const lane = new Lane(named);
    this.#lanes.set(nameOf(named), lane);
    return lane;
  }

  async #run(): Promise<void> {
    await sleep(lingerMs);
    for (;;) {
      this.#hasNews = false;
      const nowMs = performance.now();
      const lanes = [...this.#lanes.values()];
      const ready = lanes.filter((lane) => lane.readyAtMs <= nowMs);
      const isStarted = ready.length > 0 && (await this.#start(ready));
      if (lanes.every((lane) => lane.isEmpty)) break;
      // Those that are ready wait for their brokers; of the others, for the first pause to end.
      const next = lanes.map((lane) => lane.readyAtMs).filter((atMs) => atMs > nowMs);
      if (!isStarted) await this.#changed(Math.min(...next));
    }
    this.#running = undefined;
  }

  /** Until a request ends, records come, or a pause does. */
  async #changed(pauseEndsMs: number): Promise<void> {
    const leftMs = pauseEndsMs - performance.now();
    if (this.#hasNews || leftMs <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (leftMs < Number.POSITIVE_INFINITY) timer = setTimeout(resolve, leftMs);
    });
    clearTimeout(timer);
  }

  /** Starts a request to each broker that has none; false where all are busy. */
  async #start(lanes: readonly Lane[]): Promise<boolean> {
    let byNode: Map<number, Lane[]>;
    try {
      await this.#identify(lanes.filter((lane) => lane.needsIdentity));
      byNode = await this.#brokers.leaders(lanes);
    } catch (error) {
      await this.#failed(lanes, error);
      return true;
    }
    let isStarted = false;
    for (const [nodeId, own] of byNode) {
      if (this.#busyNodes.has(nodeId)) continue;
      isStarted = true;
      this.#busyNodes.add(nodeId);
      void this.#sendTo(nodeId, own).finally(() => {
        this.#busyNodes.delete(nodeId);
        this.#notify();
      });
    }
    return isStarted;
  }

  async #identify(lanes: readonly Lane[]): Promise<void> {
    if (lanes.length === 0) return;
    const broker = await this.#brokers.any();
    const identity: Identity = await initProducerId(broker, { transactionalId: null, timeoutMs: 0 });
    for (const lane of lanes) lane.identify(identity);
  }

  /** Never rejects. */
  async #sendTo(nodeId: number, lanes: readonly Lane[]): Promise<void> {
    const taken = this.#take(lanes);
    if (taken.size === 0) return;
    try {
      if (nodeId < 0) throw new BrokerError(brokerFault.leaderNotAvailable);
      const broker = await this.#brokers.node(nodeId);
      const codes = await produce(broker, { transactionalId: null, sets: [...taken.values()] });
      const faults = new Map<number, Lane[]>();
      for (const [lane, set] of taken) {
        const code = codes.get(set) as number;
        if (isWritten(code)) lane.acknowledge();
        else faults.set(code, [...(faults.get(code) ?? []), lane]);
      }
      for (const [code, own] of faults) await this.#failed(own, new BrokerError(code));
    } catch (error) {
      await this.#failed([...taken.keys()], error);
    }
  }

  /** The next batch of as many of the lanes as one request may carry. */
  #take(lanes: readonly Lane[]): Map<Lane, NumberedSet> {
    const taken = new Map<Lane, NumberedSet>();
    let bytes = 0;
    for (const lane of lanes) {
      const batch = lane.take(maxRequestBytes - bytes, bytes === 0);
      if (batch === undefined) continue;
      bytes += batch.bytes;
      taken.set(lane, batch.set);
      this.#lanes.delete(nameOf(lane));
      this.#lanes.set(nameOf(lane), lane);
    }
    return taken;
  }

  async #failed(lanes: readonly Lane[], error: unknown): Promise<void> {
    const nowMs = performance.now();
    for (const lane of lanes)
      if (isNumberingLost(error)) lane.renumber(nowMs);
      else if (isTransient(error)) lane.retry(nowMs);
      else lane.refuse(toLogError(error, 'send'));
    // Connections that others use are left to them.
    if (this.#busyNodes.size <= 1 && !(error instanceof BrokerError)) await this.#brokers.drop();
    else await this.#brokers.refresh().catch(() => {});
  }
}

/** One send: done when all of its records are acknowledged, or when the first fails or its time is over. */
class Call implements Waiter {
  readonly done: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #left: number;
  #isSettled = false;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(records: number, timeoutMs: number) {
    this.#left = records;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.failed(timedOut(timeoutMs)), timeoutMs);
  }

  isWaiting(): boolean {
    return !this.#isSettled;
  }

  acknowledged(records: number): void {
    this.#left -= records;
    if (this.#left > 0 || this.#isSettled) return;
    this.#settle();
    this.#resolve();
  }

  failed(error: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
  }
}

export const bytesOf = (records: readonly OutgoingRecord[]): number =>
  records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);

export const timedOut = (ms: number): UnavailableError =>
  new UnavailableError(ErrorCode.logUnavailable, `Kafka has not acknowledged the records within ${ms} ms.`);

export const fullError = (): UnavailableError =>
  new UnavailableError(ErrorCode.logFull, 'Too many bytes wait to be acknowledged by Kafka.');

export const closedError = (): UnavailableError =>
  new UnavailableError(ErrorCode.logUnavailable, 'The producer is closed.');
