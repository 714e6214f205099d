/**
 * Which occurrences one sequenced request completes. Suffixes only: every other n-gram of the window was completed,
 * and counted, by an earlier request.
 */
import type { SequenceObserved, ShortId } from '@precede/contracts';

/** Longest sequence kept, and how many previous collapsed operations make a lookback. */
export const MAX_LENGTH = 9;

/** Operations with how often each stood in a row. */
type Runs = Pick<SequenceObserved, 'operations' | 'runLengths'>;

/** A repeat of the same operation completes raw occurrences only. */
export const completesCollapsed = (event: Runs): boolean => event.runLengths.at(-1) === 1;

/** The newest operations with their repeats, newest first, at most 9. */
export const rawNewestFirst = (event: Runs): ShortId[] => {
  const raw: ShortId[] = [];
  for (let i = event.operations.length - 1; i >= 0 && raw.length < MAX_LENGTH; i -= 1)
    for (let n = event.runLengths[i] ?? 1; n > 0 && raw.length < MAX_LENGTH; n -= 1)
      raw.push(event.operations[i] as ShortId);
  return raw;
};

/** The newest collapsed operations, newest first, at most 9. */
export const collapsedNewestFirst = (event: Runs): ShortId[] => {
  const newest: ShortId[] = [];
  for (let i = event.operations.length - 1; i >= 0 && newest.length < MAX_LENGTH; i -= 1)
    newest.push(event.operations[i] as ShortId);
  return newest;
};

/** How many of the newest operations come before the first direct repeat, which both forms share. */
export const sharedLength = (event: Runs): number => {
  let shared = 0;
  for (let i = event.operations.length - 1; i >= 0 && shared < MAX_LENGTH; i -= 1) {
    shared += 1;
    if (event.runLengths[i] !== 1) break;
  }
  return shared;
};

/** Each operation once of the 9 collapsed ones before this request. */
export const lookbackStarts = ({ operations }: Runs): ShortId[] => {
  const starts: ShortId[] = [];
  const last = operations.length - 1;
  for (let i = Math.max(0, last - MAX_LENGTH); i < last; i += 1) {
    const start = operations[i] as ShortId;
    if (!starts.includes(start)) starts.push(start);
  }
  return starts;
};
