/**
 * An epoch is a range of offsets of a partition: the records of one hour of append time within one block of offsets.
 * Its borders are a function of the log alone, so every scorer that ever reads them, a zombie and a replay too, counts
 * growing prefixes of the same epochs, and the maximum of what they wrote is exact (docs/adr/0004).
 */

/** Bounds what a restart replays and how long the counts of an import stay open. Part of the meaning of stored counts: never change it. */
export const EPOCH_OFFSETS = 524_288;

const hourMs = 3_600_000;

/** Follows one partition from the beginning of an epoch on. */
export class Epochs {
  #appendHour = 0;

  /** Hours since 1970 · 2^32 + block of offsets: rises with the offset, below 2^53. */
  of(record: { readonly offset: number; readonly appendTimeMs: number }): number {
    this.#appendHour = Math.max(this.#appendHour, Math.floor(record.appendTimeMs / hourMs));
    return this.#appendHour * 2 ** 32 + Math.floor(record.offset / EPOCH_OFFSETS);
  }
}
