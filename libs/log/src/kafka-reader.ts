/**
 * Reads partitions of one topic from given offsets on, committed records only, one loop a broker. Consumer groups have
 * no part in it. Whatever fails is tried again over new connections, with back-off, until closed: an outage is a pause.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicName } from '@precede/contracts';
import { isOutOfRange, toLogError } from './kafka-errors.ts';
import { type Fetched, type FetchedPartition, readFetched } from './kafka-fetched.ts';
import { KafkaLink } from './kafka-link.ts';
import type { KafkaAccess } from './kafka-options.ts';

export interface Sink {
  /** False holds the partition back; `wake` the reader when it is true again. */
  hasRoom(): boolean;
  /** Called after each fetch, also where nothing came. Must not throw. */
  deliver(fetched: Fetched): void;
  /** Nothing is known about the end of the partition until the next delivery. */
  lost?(): void;
}

interface Read {
  readonly partition: number;
  offset: number;
  readonly sink: Sink;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;

export class KafkaReader {
  readonly #options: KafkaAccess;
  readonly #topic: TopicName;
  readonly #onError: (error: unknown) => void;
  readonly #reads = new Map<number, Read>();
  readonly #loops = new Map<number, Promise<void>>();
  #link: KafkaLink;
  #recovery: Promise<void> | undefined;
  #isClosed = false;
  #wakers: (() => void)[] = [];

  private constructor(
    options: KafkaAccess,
    topic: TopicName,
    link: KafkaLink,
    onError: (e: unknown) => void,
  ) {
    this.#options = options;
    this.#topic = topic;
    this.#link = link;
    this.#onError = onError;
  }

  /** Rejects where the brokers are away. Later failures are told to `onError` and mended. */
  static async open(
    options: KafkaAccess,
    topic: TopicName,
    onError: (e: unknown) => void,
  ): Promise<KafkaReader> {
    const link = await KafkaLink.open(options, topic);
    return new KafkaReader(options, topic, link, onError);
  }

  get link(): KafkaLink {
    return this.#link;
  }

  start(partition: number, offset: number, sink: Sink): void {
    this.#reads.set(partition, { partition, offset, sink });
    this.#runLoops();
  }

  /** No delivery follows. */
  stop(partition: number): void {
    this.#reads.delete(partition);
  }

  wake(): void {
    for (const waker of this.#wakers.splice(0)) waker();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reads.clear();
    this.wake();
    await this.#link.close();
    await Promise.all([...this.#loops.values(), this.#recovery]);
    await this.#link.close();
  }

  #runLoops(): void {
    this.wake();
    if (this.#isClosed || this.#recovery !== undefined) return;
    try {
      for (const nodeId of this.#link.leaders(this.#reads.keys()).keys()) this.#runLoop(nodeId);
    } catch (error) {
      this.#recover(error);
    }
  }

  #runLoop(nodeId: number): void {
    if (this.#loops.has(nodeId)) return;
    const link = this.#link;
    const loop = this.#readFrom(link, nodeId).then(
      () => void this.#loops.delete(nodeId),
      (error: unknown) => {
        this.#loops.delete(nodeId);
        if (link === this.#link) this.#recover(error);
      },
    );
    this.#loops.set(nodeId, loop);
  }

  async #readFrom(link: KafkaLink, nodeId: number): Promise<void> {
    while (!this.#isClosed && link === this.#link) {
      const led = link.leaders(this.#reads.keys()).get(nodeId) ?? [];
      if (led.length === 0) return;
      const reads = led.map((p) => this.#reads.get(p)).filter((r) => r?.sink.hasRoom()) as Read[];
      if (reads.length === 0) await this.#idle();
      else await this.#fetch(link, nodeId, reads);
    }
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  async #fetch(link: KafkaLink, nodeId: number, reads: readonly Read[]): Promise<void> {
    let fetched: readonly FetchedPartition[];
    try {
      fetched = await link.fetch(nodeId, reads);
    } catch (error) {
      if (!isOutOfRange(error)) throw error;
      return this.#moveToOldest(link, reads);
    }
    for (const answer of fetched) {
      const read = reads.find((r) => r.partition === answer.partition);
      if (read !== undefined) this.#take(read, answer);
    }
  }

  /** Retention has overtaken the reader (or the topic was made anew): the oldest kept record is next. */
  async #moveToOldest(link: KafkaLink, reads: readonly Read[]): Promise<void> {
    const partitions = reads.map((r) => r.partition);
    const oldest = await link.offsets(partitions, 'earliest');
    const ends = await link.offsets(partitions, 'end');
    for (const read of reads) {
      const first = oldest.get(read.partition) ?? 0;
      const end = ends.get(read.partition) ?? first;
      if (read.offset < first || read.offset > end) read.offset = first;
    }
  }

  #take(read: Read, answer: FetchedPartition): void {
    if (this.#reads.get(read.partition) !== read) return;
    const fetched = readFetched(this.#topic, read.offset, answer);
    read.offset = fetched.position;
    read.sink.deliver(fetched);
  }

  #recover(error: unknown): void {
    if (this.#isClosed || this.#recovery !== undefined) return;
    this.#onError(toLogError(error, `read ${this.#topic}`));
    for (const read of this.#reads.values()) read.sink.lost?.();
    this.#recovery = this.#reconnect().then(() => {
      this.#recovery = undefined;
      this.#runLoops();
    });
  }

  async #reconnect(): Promise<void> {
    await this.#link.close();
    this.wake();
    for (let pauseMs = firstPauseMs; !this.#isClosed; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await sleep(pauseMs);
      const link = await KafkaLink.open(this.#options, this.#topic).catch(() => undefined);
      if (link === undefined) continue;
      this.#link = link;
      return;
    }
  }
}
