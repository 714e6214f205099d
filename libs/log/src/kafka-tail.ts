/** Follows a topic from its beginning: every partition, committed records, no consumer group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toLogError } from './kafka-errors.ts';
import type { Fetched } from './kafka-fetched.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { KafkaReader, type Sink } from './kafka-reader.ts';
import type { LogRecord, Tail, TailOptions, TailProgress } from './port.ts';

// What may wait for onRecords; a fetch may exceed it once.
const maxWaitingBytes = 8 * 1024 * 1024;
const longestPauseMs = 5_000;

/** A partition that is followed, until its records cannot be read: then it is followed anew. */
interface Following {
  readonly partition: number;
  /** Everything before it was given to onRecords. */
  position: number;
  /** Times in a row that what comes next could not be read. */
  failures: number;
  isOver: boolean;
}

const pauseAfter = (failures: number): number => Math.min(100 * 2 ** failures, longestPauseMs);

export class KafkaTail implements Tail {
  readonly caughtUp: Promise<void>;
  readonly #options: TailOptions;
  readonly #reader: KafkaReader;
  /** Partitions that have not reached where the topic ended at the start, and that offset. */
  readonly #behind = new Map<number, number>();
  readonly #closing = new AbortController();
  /** After the last record of each partition that was taken. */
  readonly #seen = new Map<number, number>();
  #heardAtMs = performance.now();
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
    let reader: KafkaReader | undefined;
    try {
      reader = await KafkaReader.open(kafka, options.topic, (error) => options.onError?.(error));
      const tail = new KafkaTail(options, reader);
      await tail.#start();
      return tail;
    } catch (error) {
      await reader?.close();
      throw toLogError(error, `tail ${options.topic}`);
    }
  }

  progress(): TailProgress {
    const offset = [...this.#seen.values()].reduce((sum, each) => sum + each, 0);
    return { offset, contactAgeMs: performance.now() - this.#heardAtMs };
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

  #follow(partition: number, from: number, failures = 0): void {
    this.#pass(partition, from);
    const following: Following = { partition, position: from, failures, isOver: false };
    const sink: Sink = {
      hasRoom: () => this.#waitingBytes < maxWaitingBytes,
      deliver: (fetched) => this.#take(following, fetched),
      lost: () => void this.#lookAgain(partition),
    };
    this.#reader.start(partition, from, sink);
  }

  #take(following: Following, fetched: Fetched): void {
    this.#heardAtMs = performance.now();
    if (fetched.count === 0 && !this.#behind.has(following.partition)) return;
    this.#waitingBytes += fetched.bytes;
    this.#last = this.#last.then(async () => {
      // What came after records that could not be read comes again after them.
      if (!following.isOver) await this.#give(following, fetched);
      this.#waitingBytes -= fetched.bytes;
      this.#reader.wake();
    });
  }

  async #give(following: Following, { count, read, position }: Fetched): Promise<void> {
    let records: readonly LogRecord[];
    try {
      records = count > 0 ? read() : [];
    } catch (error) {
      void this.#followAnew(following, error);
      return;
    }
    if (records.length > 0) await this.#hand(records);
    const last = records.at(-1);
    if (last !== undefined) this.#seen.set(following.partition, last.offset + 1);
    following.position = position;
    following.failures = 0;
    if (!this.#closing.signal.aborted) this.#pass(following.partition, position);
  }

  /** The records are fetched again after a pause; the other partitions go on. */
  async #followAnew(following: Following, error: unknown): Promise<void> {
    const { partition, position, failures } = following;
    following.isOver = true;
    this.#reader.stop(partition);
    this.#options.onError?.(error);
    await this.#pause(failures);
    if (!this.#closing.signal.aborted) this.#follow(partition, position, failures + 1);
  }

  /** The same records again until the receiver takes them: a tail leaves nothing out. */
  async #hand(records: readonly LogRecord[]): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; failures += 1)
      try {
        await this.#options.onRecords(records);
        return;
      } catch (error) {
        this.#options.onError?.(error);
        await this.#pause(failures);
      }
  }

  async #pause(failures: number): Promise<void> {
    await sleep(pauseAfter(failures), undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  /** A leader that follows a lost one may have less: what is gone must not be waited for. */
  async #lookAgain(partition: number): Promise<void> {
    if (!this.#behind.has(partition)) return;
    const { signal } = this.#closing;
    // Where nobody knows, the next failure asks again.
    const ends = await this.#reader.link.offsets([partition], 'stable', signal).catch(() => undefined);
    const before = this.#behind.get(partition);
    if (before !== undefined) this.#behind.set(partition, Math.min(before, ends?.get(partition) ?? before));
  }

  #pass(partition: number, position: number): void {
    const end = this.#behind.get(partition);
    if (end === undefined || position < end) return;
    this.#behind.delete(partition);
    if (this.#behind.size === 0) this.#setCaughtUp();
  }
}
