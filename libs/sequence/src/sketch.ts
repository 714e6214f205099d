/**
 * Distinct sessions of a sequence by the k smallest of their hashes (k-minimum-values, Bar-Yossef et al. 2002): a sorted
 * list of at most 32 whole numbers below 2^32. Pseudonyms are keyed hashes, so they are even over their range.
 * Below 32 the count is exact; two sketches merge without loss, in any order, any number of times.
 */

export const SKETCH_SIZE = 32;
const range = 2 ** 32;

/** The first 32 bits of 16 hex digits. */
export const sketchValueOf = (pseudonym: string): number => Number.parseInt(pseudonym.slice(0, 8), 16);

/** Puts a value into a sorted sketch in place; O(32). */
export const addToSketch = (sketch: number[], value: number): void => {
  let at = sketch.length;
  while (at > 0 && (sketch[at - 1] as number) > value) at -= 1;
  if (at > 0 && sketch[at - 1] === value) return;
  if (at >= SKETCH_SIZE) return;
  sketch.splice(at, 0, value);
  if (sketch.length > SKETCH_SIZE) sketch.pop();
};

/** From any values of the sketches to be merged, doubled or not, in any order. */
export const mergeSketch = (values: Iterable<number>): number[] => {
  const merged: number[] = [];
  for (const value of values) addToSketch(merged, value);
  return merged;
};

/** Distinct sessions: exact below 32, from there on an estimate with a standard error of about 18 %. */
export const distinctOf = (sketch: ArrayLike<number>): number => {
  const last = sketch[SKETCH_SIZE - 1];
  return last === undefined ? sketch.length : Math.round((SKETCH_SIZE - 1) / ((last + 1) / range));
};
