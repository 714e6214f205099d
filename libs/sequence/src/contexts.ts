/** The counts of a zone as contexts: what followed each sequence of operations, and how often. */
import type { SequenceCount } from './table.ts';

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
