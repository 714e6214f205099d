/**
 * How far the owner of one partition has come, for whoever watches: kept by both adapters, looked at from outside. Times
 * of records are those of the log, ages are measured on the monotonic clock, as a clock that is set must raise no alarm.
 */
import type { Batch, PartitionProgress } from './port.ts';

export class Progress {
  readonly #partition: number;
  #position: number | null = null;
  #steppedAtMs = performance.now();
  #doneUpToMs: number | null = null;
  #isOpen = false;

  constructor(partition: number) {
    this.#partition = partition;
  }

  opened(position: number): void {
    this.#position = position;
    this.#isOpen = true;
    this.#steppedAtMs = performance.now();
  }

  /** Its task is gone; where it is opened anew, what was done stays done. */
  closed(): void {
    this.#isOpen = false;
  }

  /** Before a step: what is not known yet of the records before it is bounded by the first of it. */
  taken({ records }: Pick<Batch, 'records'>): void {
    const [first] = records;
    if (first !== undefined) this.#doneUpToMs ??= first.appendTimeMs;
  }

  /** The step has ended well and is committed. */
  stepped({ records, position, isAtEnd, nowMs }: Batch): void {
    const last = records.at(-1);
    this.#position = position;
    this.#steppedAtMs = performance.now();
    this.#doneUpToMs = Math.max(
      this.#doneUpToMs ?? Number.NEGATIVE_INFINITY,
      last?.appendTimeMs ?? Number.NEGATIVE_INFINITY,
      isAtEnd ? nowMs : Number.NEGATIVE_INFINITY,
    );
    if (this.#doneUpToMs === Number.NEGATIVE_INFINITY) this.#doneUpToMs = null;
  }

  look(): PartitionProgress {
    return {
      partition: this.#partition,
      position: this.#position,
      stepAgeMs: performance.now() - this.#steppedAtMs,
      doneUpToMs: this.#doneUpToMs,
      isOpen: this.#isOpen,
    };
  }
}
