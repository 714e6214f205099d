/**
 * Variable order Markov chain: which contexts change the prediction of the next operation. A context is dropped when,
 * for every operation that followed it, the 99 % interval overlaps the one under its parent (the context without its
 * oldest operation); longest first, and a context that has kept a longer one stays. O(counts).
 */
import { createIntervals, type Interval } from './beta.ts';

/** Occurrences of one sequence in the window, with its distinct sessions. */
export interface SequenceCount {
  /** Oldest first. */
  readonly operations: readonly number[];
  readonly occurrences: number;
  readonly sessions: number;
}

export interface Context {
  readonly operations: readonly number[];
  /** What followed, by next operation. */
  readonly next: Map<number, SequenceCount>;
  /** Occurrences with any next operation. */
  total: number;
}

export const keyOf = (operations: readonly number[]): string => operations.join(',');

/** Contexts by key; the empty one has single operations as its next. */
export const contextsOf = (counts: Iterable<SequenceCount>): Map<string, Context> => {
  const contexts = new Map<string, Context>();
  for (const count of counts) {
    const operations = count.operations.slice(0, -1);
    const key = keyOf(operations);
    let context = contexts.get(key);
    if (context === undefined) {
      context = { operations, next: new Map(), total: 0 };
      contexts.set(key, context);
    }
    context.next.set(count.operations.at(-1) as number, count);
    context.total += count.occurrences;
  }
  return contexts;
};

/** The contexts that stay; the empty one always does. */
export const keptContexts = (contexts: ReadonlyMap<string, Context>): Context[] => {
  const intervals = createIntervals();
  const kept: Context[] = [];
  const hasLonger = new Set<string>();
  const longestFirst = [...contexts.values()].sort((a, b) => b.operations.length - a.operations.length);
  for (const context of longestFirst) {
    const parentKey = keyOf(context.operations.slice(1));
    const parent = contexts.get(parentKey);
    const stays =
      context.operations.length === 0 ||
      parent === undefined ||
      hasLonger.has(keyOf(context.operations)) ||
      changesPrediction(context, parent, intervals);
    if (!stays) continue;
    kept.push(context);
    hasLonger.add(parentKey);
  }
  return kept;
};

const changesPrediction = (
  context: Context,
  parent: Context,
  intervals: (k: number, n: number) => Interval,
): boolean => {
  for (const [operation, count] of context.next) {
    const own = intervals(count.occurrences, context.total);
    const general = intervals(parent.next.get(operation)?.occurrences ?? 0, parent.total);
    if (own.low > general.high || general.low > own.high) return true;
  }
  return false;
};
