/**
 * When there is more to decide than can be decided in time: requests then are answered by the fail mode of their zone at
 * once, so that what waits in front of the process drains. Two signs: decisions that wait for a store, bounded in number,
 * and how late this process is for its own timer, which is how long a request has waited before it is even read.
 */
export interface OverloadOptions {
  /** Decisions that may wait for a store at once. */
  readonly maxWaiting: number;
  /** A request that would be later than this is not worth deciding. */
  readonly deadlineMs: number;
}

const probeMs = 20;
/** So many probes in a row must be late: one pause, as of the garbage collector, is no overload. */
const lateProbes = 3;

export class Overload {
  readonly #options: OverloadOptions;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #lagMs = 0;
  #late = 0;
  #expectedMs = performance.now() + probeMs;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#probe(), probeMs).unref();
  }

  get waiting(): number {
    return this.#waiting;
  }

  get lagMs(): number {
    return this.#lagMs;
  }

  /** Whether a further decision would come too late. */
  get isOver(): boolean {
    return this.#waiting >= this.#options.maxWaiting || this.#late >= lateProbes;
  }

  /** Counts a decision that waits until it is settled. */
  track<T>(decision: Promise<T>): Promise<T> {
    this.#waiting += 1;
    return decision.finally(() => {
      this.#waiting -= 1;
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #probe(): void {
    const nowMs = performance.now();
    this.#lagMs = Math.max(0, nowMs - this.#expectedMs);
    this.#late = this.#lagMs > this.#options.deadlineMs ? this.#late + 1 : 0;
    this.#expectedMs = nowMs + probeMs;
  }
}
