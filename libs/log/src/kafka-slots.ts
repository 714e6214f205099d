/**
 * Which partitions are open here. An assignment stops what goes at once, whatever earlier ones still wait for: a slot
 * that is not told might take its place back from the next owner. It opens what comes when all that has stopped.
 */
interface Stoppable {
  stop(): Promise<void>;
}

export class Slots<S extends Stoppable> {
  readonly #open: (partition: number) => S;
  readonly #slots = new Map<number, S>();
  #newest: readonly number[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(open: (partition: number) => S) {
    this.#open = open;
  }

  /** Those that are here now. */
  all(): Iterable<S> {
    return this.#slots.values();
  }

  /** Resolves when what is not among them has stopped, of earlier assignments too. */
  assign(partitions: readonly number[]): Promise<void> {
    this.#newest = partitions;
    const stopped = this.#stopOthers(new Set(partitions));
    this.#last = Promise.all([this.#last, stopped]).then(() => this.#openMissing(partitions));
    return this.#last;
  }

  #stopOthers(stays: ReadonlySet<number>): Promise<unknown> {
    const leaving = [...this.#slots].filter(([partition]) => !stays.has(partition));
    for (const [partition] of leaving) this.#slots.delete(partition);
    return Promise.all(leaving.map(([, slot]) => slot.stop()));
  }

  #openMissing(partitions: readonly number[]): void {
    // A newer assignment has come meanwhile and opens what is in it.
    if (partitions !== this.#newest) return;
    for (const partition of partitions)
      if (!this.#slots.has(partition)) this.#slots.set(partition, this.#open(partition));
  }
}
