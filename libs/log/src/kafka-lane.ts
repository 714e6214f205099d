/**
 * What waits to be written to one partition, in order: at most one batch of it is on its way, and keeps its sequence
 * numbers until the broker has acknowledged it. Numbers belong to the lane, so that one partition that is in trouble
 * stops no other. Pure.
 */
import { maxBatchBytes, type Outgoing } from './kafka-messages.ts';
import type { BatchRecord } from './kafka-record-batch.ts';
import type { Identity, NumberedSet, TopicPartition } from './kafka-wire.ts';
import { Numbering } from './kafka-writer.ts';

/** Whoever waits for some of the records. */
export interface Waiter {
  /** False once it has got its answer: what has not been sent yet need not be. */
  isWaiting(): boolean;
  acknowledged(records: number): void;
  failed(error: unknown): void;
}

interface Entry {
  readonly record: BatchRecord;
  readonly bytes: number;
  readonly waiter: Waiter;
}

interface Batch {
  readonly entries: readonly Entry[];
  readonly bytes: number;
  readonly set: NumberedSet;
}

const firstPauseMs = 50;
const longestPauseMs = 1_000;

export class Lane implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  #queue: Entry[] = [];
  /** Numbered: it may have been written. */
  #batch: Batch | undefined;
  #numbering: Numbering | undefined;
  #isOnItsWay = false;
  #pauseMs = 0;
  #notBeforeMs = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  add({ record, bytes }: Outgoing, waiter: Waiter): void {
    this.#queue.push({ record, bytes, waiter });
  }

  get isEmpty(): boolean {
    return this.#batch === undefined && this.#queue.length === 0;
  }

  /** When there is something to send; Infinity while a batch is on its way, or where nothing waits. */
  get readyAtMs(): number {
    return this.#isOnItsWay || this.isEmpty ? Number.POSITIVE_INFINITY : this.#notBeforeMs;
  }

  get needsIdentity(): boolean {
    return this.#numbering === undefined;
  }

  identify(identity: Identity): void {
    this.#numbering = new Numbering(identity);
  }

  /** The batch to send now, if it has at most so many bytes or `isFirst`. Undefined where there is none. */
  take(maxBytes: number, isFirst: boolean): { set: NumberedSet; bytes: number } | undefined {
    this.#batch ??= this.#nextBatch();
    const batch = this.#batch;
    if (batch === undefined || (batch.bytes > maxBytes && !isFirst)) return undefined;
    this.#isOnItsWay = true;
    return batch;
  }

  acknowledge(): void {
    this.#isOnItsWay = false;
    this.#pauseMs = 0;
    for (const { waiter } of this.#batch?.entries ?? []) waiter.acknowledged(1);
    this.#batch = undefined;
  }

  /** The same batch again after a pause, as long as somebody waits for it. */
  retry(nowMs: number): void {
    this.#isOnItsWay = false;
    this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, firstPauseMs), longestPauseMs);
    this.#notBeforeMs = nowMs + this.#pauseMs;
    const isWanted = this.#batch?.entries.some(({ waiter }) => waiter.isWaiting()) ?? true;
    if (!isWanted) this.#drop();
  }

  /** The same records again under a new identity: the broker no longer knows the numbers of the old one. */
  renumber(nowMs: number): void {
    const entries = this.#batch?.entries ?? [];
    this.#drop();
    this.#queue = [...entries, ...this.#queue];
    this.retry(nowMs);
  }

  /** Nothing of the batch was written, and nothing will be. */
  refuse(error: unknown): void {
    for (const { waiter } of this.#batch?.entries ?? []) waiter.failed(error);
    this.#drop();
    this.#isOnItsWay = false;
  }

  // Numbers of what may or may not have been written must not be used for anything else.
  #drop(): void {
    this.#batch = undefined;
    this.#numbering = undefined;
  }

  #nextBatch(): Batch | undefined {
    const numbering = this.#numbering;
    if (numbering === undefined) return undefined;
    const entries: Entry[] = [];
    let bytes = 0;
    let taken = 0;
    for (const entry of this.#queue) {
      if (entry.waiter.isWaiting()) {
        if (bytes > 0 && bytes + entry.bytes > maxBatchBytes) break;
        entries.push(entry);
        bytes += entry.bytes;
      }
      taken += 1;
    }
    this.#queue = taken === this.#queue.length ? [] : this.#queue.slice(taken);
    if (entries.length === 0) return undefined;
    const { topic, partition } = this;
    const records = entries.map(({ record }) => record);
    const [set] = numbering.take([{ topic, partition, records }]);
    return { entries, bytes, set: set as NumberedSet };
  }
}
