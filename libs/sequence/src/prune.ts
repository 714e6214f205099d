/**
 * Variable order Markov chain: which contexts change the prediction of the next operation. A context is dropped when,
 * for every operation that followed it, the 99 % interval overlaps the one under its parent (the context without its
 * oldest operation); longest first, and a context that has kept a longer one stays. O(counts).
 * Source: the method as Cloudflare published it for API Shield Sequence Analytics; context trees as in Rissanen 1983.
 */
import { createIntervalTest } from './beta.ts';
import type { SequenceIndex } from './sequence-index.ts';
import { type SequenceCount, tableOf } from './table.ts';

/** Which numbers of the index are contexts that stay; the empty one always does. `counts` by number. */
export const keptContexts = (index: SequenceIndex, counts: Float64Array): Uint8Array => {
  // Contexts without occurrences of their own are added at the end of the index meanwhile.
  const known = counts.length;
  for (let node = 1; node < known; node += 1) index.contextOf(node);
  const totals = new Float64Array(index.size);
  for (let node = 1; node < known; node += 1) {
    const context = index.contextOf(node);
    totals[context] = (totals[context] as number) + (counts[node] as number);
  }
  const changes = changedPredictions(index, counts, totals);
  return withParents(index, totals, changes);
};

/** Contexts with an operation that follows them more or less often than it follows their parent. */
const changedPredictions = (index: SequenceIndex, counts: Float64Array, totals: Float64Array): Uint8Array => {
  const areApart = createIntervalTest();
  const changes = new Uint8Array(index.size);
  for (let node = 1; node < counts.length; node += 1) {
    const own = counts[node] as number;
    const context = index.contextOf(node);
    if (own === 0 || (index.depth[node] as number) < 2 || changes[context] === 1) continue;
    const parentContext = index.parent[context] as number;
    const parentTotal = totals[parentContext] as number;
    const general = counts[index.parent[node] as number] as number;
    if (parentTotal === 0 || areApart(own, totals[context] as number, general, parentTotal))
      changes[context] = 1;
  }
  return changes;
};

/** A context that stays keeps all shorter ones. */
const withParents = (index: SequenceIndex, totals: Float64Array, changes: Uint8Array): Uint8Array => {
  const kept = new Uint8Array(index.size);
  kept[0] = 1;
  // Children have larger numbers than their parents, so this meets them first.
  for (let node = index.size - 1; node > 0; node -= 1) {
    if ((totals[node] as number) === 0) continue;
    if (changes[node] === 1) kept[node] = 1;
    if (kept[node] === 1) kept[index.parent[node] as number] = 1;
  }
  return kept;
};

/** The same from a list: the contexts that stay, the empty one among them, oldest operation first. */
export const keptContextsOf = (list: readonly SequenceCount[]): number[][] => {
  const { index, counts } = tableOf(list);
  const kept = keptContexts(index, counts);
  return [...kept.keys()].filter((node) => kept[node] === 1).map((node) => index.operations(node));
};
