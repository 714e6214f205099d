/**
 * One input partition while it is ours: open → step, commit, step, commit … → close, and again after any failure.
 * Opening goes in this order: fence earlier owners (which aborts what they left), read the committed offset, restore,
 * then read from exactly that offset.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { toLogError } from './kafka-errors.ts';
import { Inbox } from './kafka-inbox.ts';
import type { KafkaReader } from './kafka-reader.ts';
import type { Assignment, LogRecord, PartitionTask, ProcessOptions, StepResult } from './port.ts';
import { Progress } from './progress.ts';

/** How the results of one partition take effect. */
export interface Committer {
  commit(result: StepResult): Promise<void>;
  /** Ends once more what an earlier owner of the partition has left open. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface SlotDeps {
  readonly options: ProcessOptions;
  readonly reader: KafkaReader;
  openCommitter(partition: number, signal: AbortSignal): Promise<Committer>;
  /** The committed offset, or the oldest kept. */
  startOf(partition: number, committer: Committer, signal: AbortSignal): Promise<number>;
  restore(
    partition: number,
    onRecords: (r: readonly LogRecord[]) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Resolves when the group has confirmed that we are its member. */
  confirmed(signal: AbortSignal): Promise<void>;
  onOpen(partition: number, isOpen: boolean): void;
}

const defaultMaxBatchRecords = 5_000;
const defaultTickMs = 250;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

export class Slot {
  readonly #deps: SlotDeps;
  readonly #partition: number;
  readonly #stopping = new AbortController();
  readonly progress: Progress;
  readonly #life: Promise<void>;
  #inbox: Inbox | undefined;
  #failures = 0;
  /** How far reading got; while records are taken, one further, since those may be what cannot be read. */
  #reached = 0;
  /** Short of it nothing says that what failed has passed: the same records come again. */
  #failedBefore = 0;

  constructor(deps: SlotDeps, partition: number) {
    this.#deps = deps;
    this.#partition = partition;
    this.progress = new Progress(partition);
    this.#life = this.#live();
  }

  /** Ends the running step, commits it if the log still takes it, closes the task. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#inbox?.wake();
    await this.#life;
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted)
      try {
        await this.#session();
      } catch (error) {
        await this.#failed(toFailure(error));
      }
  }

  /** After a failure somebody else may be the owner: opening again would fence them, so the group is asked first. */
  async #failed(error: unknown): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    this.#deps.options.onError?.(error, this.#partition);
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs);
    this.#failures += 1;
    this.#failedBefore = this.#reached;
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
    await this.#deps.confirmed(signal);
  }

  async #session(): Promise<void> {
    const partition = this.#partition;
    const { signal } = this.#stopping;
    const committer = await this.#deps.openCommitter(partition, signal);
    try {
      const position = await this.#deps.startOf(partition, committer, signal);
      if (signal.aborted) return;
      const task = await this.#deps.options.open(this.#assignment(position));
      await this.#work(task, committer, position);
    } finally {
      await committer.close();
    }
  }

  #assignment(position: number): Assignment {
    const partition = this.#partition;
    const { signal } = this.#stopping;
    const restore: Assignment['restore'] = (onRecords) => this.#deps.restore(partition, onRecords, signal);
    return { partition, position, signal, restore };
  }

  async #work(task: PartitionTask, committer: Committer, position: number): Promise<void> {
    const { options, reader, onOpen } = this.#deps;
    const most = options.maxBatchRecords ?? defaultMaxBatchRecords;
    try {
      const inbox = await this.#inboxFrom(position, 2 * most);
      if (this.#stopping.signal.aborted) return;
      this.#reached = position;
      reader.start(this.#partition, position, inbox);
      this.progress.opened(position);
      onOpen(this.#partition, true);
      await this.#steps(task, committer, inbox, most);
    } finally {
      reader.stop(this.#partition);
      this.progress.closed();
      await task.close();
      onOpen(this.#partition, false);
    }
  }

  /** Knows the end of the partition as it is now, after the restore: the first tick must not take it for read. */
  async #inboxFrom(position: number, maxRecords: number): Promise<Inbox> {
    const ends = await this.#deps.reader.link.offsets([this.#partition], 'end', this.#stopping.signal);
    this.#inbox = new Inbox(position, ends.get(this.#partition) ?? 0, maxRecords);
    return this.#inbox;
  }

  async #steps(task: PartitionTask, committer: Committer, inbox: Inbox, most: number): Promise<void> {
    const tickMs = this.#deps.options.tickMs ?? defaultTickMs;
    while (!this.#stopping.signal.aborted) {
      await inbox.wait(tickMs);
      if (this.#stopping.signal.aborted) return;
      this.#reached += 1;
      const taken = inbox.take(most);
      this.#reached = taken.position;
      this.#deps.reader.wake();
      const batch = { ...taken, nowMs: Date.now() };
      this.progress.taken(batch);
      const result = await task.step(batch);
      await committer.commit(result);
      task.committed?.();
      this.progress.stepped(batch);
      if (taken.position >= this.#failedBefore) this.#failures = 0;
    }
  }
}

/** Errors of the task are its own; those of kafkajs are put into our words. */
const toFailure = (error: unknown): unknown => {
  const name = (error as { name?: unknown } | null)?.name;
  return typeof name === 'string' && name.startsWith('KafkaJS') ? toLogError(error, 'process') : error;
};
