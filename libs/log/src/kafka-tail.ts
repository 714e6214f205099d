/** Follows a topic from its beginning: every partition, committed records, no consumer group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toLogError } from './kafka-errors.ts';
import type { Fetched } from './kafka-fetched.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { KafkaReader, type Sink } from './kafka-reader.ts';
import type { LogRecord, Tail, TailOptions } from './port.ts';

// What may wait for onRecords; a fetch may exceed it once.
const maxWaitingBytes = 8 * 1024 * 1024;
const longestPauseMs = 5_000;

export class KafkaTail implements Tail {
  readonly caughtUp: Promise<void>;
  readonly #options: TailOptions;
  readonly #reader: KafkaReader;
  /** Partitions that have not reached where the topic ended at the start, and that offset. */
  readonly #behind = new Map<number, number>();
  readonly #closing = new AbortController();
  #setCaughtUp: () => void = () => {};
  #waitingBytes = 0;
  #last: Promise<void> = Promise.resolve();

  private constructor(options: TailOptions, reader: KafkaReader) {
    this.#options = options;
    this.#reader = reader;
    this.caughtUp = new Promise((resolve) => {
      this.#setCaughtUp = resolve;
    });
  }

  static async open(kafka: KafkaAccess, options: TailOptions): Promise<KafkaTail> {
    const report = (error: unknown): void => options.onError?.(error);
    try {
      const reader = await KafkaReader.open(kafka, options.topic, report);
      const tail = new KafkaTail(options, reader);
      await tail.#start();
      return tail;
    } catch (error) {
      throw toLogError(error, `tail ${options.topic}`);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reader.close();
    await this.#last;
    // Nobody may wait for ever on what will not come.
    this.#setCaughtUp();
  }

  async #start(): Promise<void> {
    const { link } = this.#reader;
    const partitions = link.partitions();
    const first = await link.offsets(partitions, 'earliest');
    // What an open transaction wrote was not yet in the topic.
    const ends = await link.offsets(partitions, 'stable');
    for (const partition of partitions) this.#behind.set(partition, ends.get(partition) ?? 0);
    for (const partition of partitions) this.#follow(partition, first.get(partition) ?? 0);
  }

  #follow(partition: number, from: number): void {
    this.#pass(partition, from);
    const sink: Sink = {
      hasRoom: () => this.#waitingBytes < maxWaitingBytes,
      deliver: (fetched) => this.#take(partition, fetched),
    };
    this.#reader.start(partition, from, sink);
  }

  #take(partition: number, { count, read, position, bytes }: Fetched): void {
    if (count === 0 && !this.#behind.has(partition)) return;
    this.#waitingBytes += bytes;
    this.#last = this.#last.then(async () => {
      if (count > 0) await this.#hand(read);
      this.#waitingBytes -= bytes;
      this.#reader.wake();
      if (!this.#closing.signal.aborted) this.#pass(partition, position);
    });
  }

  /** The same records again until the receiver takes them: a tail leaves nothing out. */
  async #hand(read: () => readonly LogRecord[]): Promise<void> {
    for (let pauseMs = 100; !this.#closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
      try {
        await this.#options.onRecords(read());
        return;
      } catch (error) {
        this.#options.onError?.(error);
        await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
  }

  #pass(partition: number, position: number): void {
    const end = this.#behind.get(partition);
    if (end === undefined || position < end) return;
    this.#behind.delete(partition);
    if (this.#behind.size === 0) this.#setCaughtUp();
  }
}
