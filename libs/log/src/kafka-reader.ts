/**
 * Reads partitions of one topic from given offsets on, committed records only, one loop for each broker that leads some
 * of them. Consumer groups have no part in it. Whatever fails is reported and tried again, with back-off, until closed:
 * an outage is a pause. A broker that is away holds up what it leads, a partition that is refused only itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, PrecedeError, type TopicName } from '@precede/contracts';
import { BrokerError, brokerFault, toLogError } from './kafka-errors.ts';
import { type Fetched, readFetched } from './kafka-fetched.ts';
import { KafkaLink } from './kafka-link.ts';
import type { KafkaAccess } from './kafka-options.ts';
import type { FetchAnswer } from './kafka-wire.ts';

export interface Sink {
  /** False holds the partition back; `wake` the reader when it is true again. */
  hasRoom(): boolean;
  /** Called after each fetch, also where nothing came. Must not throw. */
  deliver(fetched: Fetched): void;
  /** Nothing is known about the end of the partition until the next delivery. */
  lost?(): void;
}

/** Told of each failure, and which partitions it holds up. */
export type ReaderReport = (error: unknown, partitions: readonly number[]) => void;

interface Read {
  readonly partition: number;
  readonly sink: Sink;
  offset: number;
  /** In a row. */
  failures: number;
  /** A failure of this partition is being seen to: nobody fetches it meanwhile. */
  isAside: boolean;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;

export class KafkaReader {
  readonly link: KafkaLink;
  readonly #topic: TopicName;
  readonly #report: ReaderReport;
  readonly #reads = new Map<number, Read>();
  /** By node. */
  readonly #loops = new Map<number, Promise<void>>();
  readonly #closing = new AbortController();
  #wakers: (() => void)[] = [];

  private constructor(link: KafkaLink, topic: TopicName, report: ReaderReport) {
    this.link = link;
    this.#topic = topic;
    this.#report = report;
  }

  /** Rejects where the brokers are away. Later failures are told to `report` and mended. */
  static async open(options: KafkaAccess, topic: TopicName, report: ReaderReport): Promise<KafkaReader> {
    return new KafkaReader(await KafkaLink.open(options, topic), topic, report);
  }

  start(partition: number, offset: number, sink: Sink): void {
    this.#reads.set(partition, { partition, sink, offset, failures: 0, isAside: false });
    this.#goOn();
  }

  /** No delivery follows. */
  stop(partition: number): void {
    this.#reads.delete(partition);
  }

  wake(): void {
    for (const waker of this.#wakers.splice(0)) waker();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#reads.clear();
    this.wake();
    await this.link.close();
    await Promise.all(this.#loops.values());
  }

  #goOn(): void {
    this.#runLoops();
    this.wake();
  }

  /** Every leader has its loop, every partition without one waits for it. */
  #runLoops(): void {
    if (this.#closing.signal.aborted) return;
    const leaders = this.link.leaders();
    for (const read of this.#reads.values()) {
      const nodeId = leaders.get(read.partition);
      if (nodeId === undefined) this.#setAside(read, new BrokerError(brokerFault.leaderNotAvailable));
      else if (!this.#loops.has(nodeId))
        this.#loops.set(
          nodeId,
          Promise.resolve().then(() => this.#readFrom(nodeId)),
        );
    }
  }

  async #readFrom(nodeId: number): Promise<void> {
    let failures = 0;
    for (let turn = 0; !this.#closing.signal.aborted; turn += 1) {
      // Leaders may have changed since the last turn, also of partitions whose sinks had no room.
      this.#runLoops();
      const led = this.#ledBy(nodeId);
      if (led.length === 0) break;
      const reads = led.filter((read) => !read.isAside && read.sink.hasRoom());
      if (reads.length === 0) await this.#idle();
      else
        try {
          await this.#fetch(nodeId, rotated(reads, turn));
          failures = 0;
        } catch (error) {
          await this.#hold(led, error, failures);
          failures += 1;
        }
    }
    // In the same breath as the look at what it leads: a loop that is to follow must not take this one for running.
    this.#loops.delete(nodeId);
  }

  #ledBy(nodeId: number): Read[] {
    const leaders = this.link.leaders();
    return [...this.#reads.values()].filter(({ partition }) => leaders.get(partition) === nodeId);
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  async #fetch(nodeId: number, reads: readonly Read[]): Promise<void> {
    const asked = new Map(reads.map((read) => [read.partition, { ...read, read }]));
    for (const answer of await this.link.fetch(nodeId, [...asked.values()])) {
      const { read, offset } = asked.get(answer.partition) ?? {};
      if (read !== undefined && offset === read.offset) this.#take(nodeId, read, answer);
    }
  }

  /** The answer to what was asked from the read's offset; the loop of an earlier leader may have been quicker. */
  #take(nodeId: number, read: Read, answer: FetchAnswer): void {
    const { partition, sink } = read;
    if (this.#reads.get(partition) !== read || read.isAside) return;
    let fetched: Fetched;
    try {
      if (answer.code !== 0) throw new BrokerError(answer.code);
      fetched = readFetched(this.#topic, read.offset, answer);
    } catch (error) {
      if (this.link.leaders().get(partition) === nodeId) this.#setAside(read, error);
      return;
    }
    read.offset = fetched.position;
    read.failures = 0;
    sink.deliver(fetched);
  }

  #setAside(read: Read, error: unknown): void {
    if (read.isAside) return;
    read.isAside = true;
    void this.#seeTo(read, error).then(() => {
      read.isAside = false;
      this.#goOn();
    });
  }

  async #seeTo(read: Read, error: unknown): Promise<void> {
    const isOutOfRange = error instanceof BrokerError && error.code === brokerFault.offsetOutOfRange;
    // Where its range cannot be had it is out of range again.
    const move = isOutOfRange ? await this.#moveIntoRange(read).catch(() => undefined) : undefined;
    await this.#hold([read], move ?? error, read.failures);
    read.failures += 1;
  }

  /**
   * Says what it did. Where retention was quicker, the oldest record kept is next. Where the partition ends before what
   * was read of it (an unclean election of a leader, a disk that lost its last writes), reading goes on at that end:
   * what is before it is known already.
   */
  async #moveIntoRange(read: Read): Promise<PrecedeError | undefined> {
    const { partition, offset } = read;
    const first = (await this.link.offsets([partition], 'earliest')).get(partition) ?? 0;
    const end = (await this.link.offsets([partition], 'end')).get(partition) ?? first;
    if (this.#reads.get(partition) !== read || (first <= offset && offset <= end)) return;
    read.offset = offset < first ? first : end;
    return new PrecedeError(
      ErrorCode.logUnavailable,
      `${this.#topic}/${partition} has offsets ${first} to ${end} and was read to ${offset}: it goes on at ${read.offset}.`,
    );
  }

  /** After a pause, and over leaders that were asked for anew, it may be tried again. */
  async #hold(reads: readonly Read[], error: unknown, failures: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    const partitions = reads.map(({ partition }) => partition);
    this.#report(toLogError(error, `read ${this.#topic}/${partitions}`), partitions);
    for (const { sink } of reads) sink.lost?.();
    const pauseMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    // Where nobody knows, it is tried where it was; if that fails too, that is what is reported.
    if (!signal.aborted) await this.link.refresh().catch(() => {});
  }
}

/** Each partition comes first in turn: the broker fills its answer from the front, and only the first may exceed its share. */
const rotated = <T>(list: readonly T[], by: number): T[] => {
  const first = by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
};
