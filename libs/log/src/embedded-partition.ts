/**
 * One input partition with one owner: open, then step after step until it is told to stop. A failed step or opening
 * drops the task; it is opened anew after a pause, from the committed offset and the changelog.
 */
import type { TopicName } from '@precede/contracts';
import type { EmbeddedCore } from './embedded-core.ts';
import { pause } from './embedded-signal.ts';
import type { Assignment, Batch, LogRecord, PartitionTask, ProcessOptions, StepResult } from './port.ts';
import { Progress } from './progress.ts';

const firstPauseMs = 50;
const maxPauseMs = 5_000;
const maxBatchBytes = 16 * 1024 * 1024;
const restoreLimits = { maxRecords: 5_000, maxBytes: maxBatchBytes };

export class PartitionLoop {
  readonly partition: number;
  readonly progress: Progress;
  /** Resolves when the task is open for the first time, or the partition goes before that. */
  readonly opened: Promise<void>;
  readonly #core: EmbeddedCore;
  readonly #options: ProcessOptions;
  readonly #onChange: () => void;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #markOpened: () => void = () => undefined;
  #isOpen = false;

  constructor(core: EmbeddedCore, options: ProcessOptions, partition: number, onChange: () => void) {
    this.#core = core;
    this.#options = options;
    this.partition = partition;
    this.progress = new Progress(partition);
    this.#onChange = onChange;
    this.opened = new Promise((resolve) => {
      this.#markOpened = resolve;
    });
    this.#ended = this.#run();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Ends the running step, commits it, closes the task. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#ended;
  }

  async #run(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#stop.signal.aborted) {
      const steps = await this.#live();
      if (this.#stop.signal.aborted) break;
      pauseMs = steps > 0 ? firstPauseMs : Math.min(pauseMs * 2, maxPauseMs);
      await pause(pauseMs, this.#stop.signal);
    }
    this.#markOpened();
  }

  /** One life of a task; resolves with the number of steps that went well when it failed or was stopped. */
  async #live(): Promise<number> {
    let steps = 0;
    let task: PartitionTask | undefined;
    try {
      const position = this.#startPosition();
      task = await this.#options.open(this.#assignment(position));
      this.progress.opened(position);
      this.#setOpen(true);
      this.#markOpened();
      await this.#steps(task, position, () => {
        steps += 1;
      });
    } catch (error) {
      // A task that gave up because its partition goes has not failed.
      if (!this.#stop.signal.aborted || task !== undefined) this.#options.onError?.(error, this.partition);
    }
    this.progress.closed();
    this.#setOpen(false);
    await task?.close();
    return steps;
  }

  async #steps(task: PartitionTask, from: number, onStep: () => void): Promise<void> {
    let position = from;
    while (!this.#stop.signal.aborted) {
      const batch = await this.#nextBatch(position);
      if (this.#stop.signal.aborted) return;
      this.progress.taken(batch);
      await this.#save(await task.step(batch));
      task.committed?.();
      this.progress.stepped(batch);
      position = batch.position;
      onStep();
    }
  }

  async #nextBatch(position: number): Promise<Batch> {
    const { store, signal, clock } = this.#core;
    const { topic, maxBatchRecords = 5_000, tickMs = 250 } = this.#options;
    const limits = { maxRecords: maxBatchRecords, maxBytes: maxBatchBytes };
    const tickAt = performance.now() + tickMs;
    for (;;) {
      const { records, next, isAtEnd } = store.read(topic, this.partition, position, limits);
      const remainingMs = tickAt - performance.now();
      if (records.length > 0 || remainingMs <= 0 || this.#stop.signal.aborted)
        return { records, position: next, isAtEnd, nowMs: clock.now() };
      await signal.wait(topic, remainingMs, this.#stop.signal);
    }
  }

  async #save({ outputs, commit }: StepResult): Promise<void> {
    const { group, topic } = this.#options;
    const { store, writer } = this.#core;
    const isMoved = commit !== null && commit !== store.committed(group, topic, this.partition);
    if (outputs.length === 0 && !isMoved) return;
    const records = outputs.map((output) => store.place(output));
    const mark = { group, topic, partition: this.partition, offset: commit ?? 0 };
    await writer.write(isMoved ? { records, commit: mark } : { records });
  }

  #startPosition(): number {
    const { topic, group } = this.#options;
    const { store } = this.#core;
    return Math.max(store.committed(group, topic, this.partition) ?? 0, store.start(topic, this.partition));
  }

  #assignment(position: number): Assignment {
    const { changelog } = this.#options;
    return {
      partition: this.partition,
      position,
      signal: this.#stop.signal,
      restore: async (onRecords) => {
        if (changelog !== undefined) await this.#restore(changelog, onRecords);
      },
    };
  }

  async #restore(changelog: TopicName, onRecords: (records: readonly LogRecord[]) => void): Promise<void> {
    let position = 0;
    for (;;) {
      this.#stop.signal.throwIfAborted();
      const { records, next, isAtEnd } = this.#core.store.read(
        changelog,
        this.partition,
        position,
        restoreLimits,
      );
      if (records.length > 0) onRecords(records);
      if (isAtEnd) return;
      position = next;
      // A large state must not hold up everything else of the process.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #setOpen(isOpen: boolean): void {
    if (this.#isOpen === isOpen) return;
    this.#isOpen = isOpen;
    this.#onChange();
  }
}
