/** From the progress of partitions and the ends of their topic to how far behind their consumer is. Pure. */
import type { PartitionProgress } from './port.ts';

export interface ConsumerLook {
  readonly lagRecords: number;
  /** Of the slowest partition: an upper bound of the age of its oldest record that is not done; 0 where all is done. */
  readonly lagSeconds: number;
  readonly stepAgeSeconds: number;
  readonly assigned: number;
  readonly open: number;
}

/** A partition whose begin or end is not known counts as done: it shows in the age of its step. */
export const lookOf = (
  progress: readonly PartitionProgress[],
  ends: ReadonlyMap<number, number>,
  nowMs: number,
): ConsumerLook => {
  let [lagRecords, lagMs, stepAgeMs, open] = [0, 0, 0, 0];
  for (const each of progress) {
    const position = each.position ?? Number.POSITIVE_INFINITY;
    const behind = Math.max(0, (ends.get(each.partition) ?? 0) - position);
    lagRecords += behind;
    if (behind > 0) lagMs = Math.max(lagMs, nowMs - (each.doneUpToMs ?? nowMs));
    stepAgeMs = Math.max(stepAgeMs, each.stepAgeMs);
    if (each.isOpen) open += 1;
  }
  return {
    lagRecords,
    lagSeconds: lagMs / 1000,
    stepAgeSeconds: stepAgeMs / 1000,
    assigned: progress.length,
    open,
  };
};
