/**
 * Sets of bytes or of code points as a flat list of inclusive ranges: [first, last, first, last, …], ascending, disjoint and
 * not adjacent. Every function keeps that form.
 */
export type Ranges = readonly number[];

export const lastByte = 0xff;
export const lastScalar = 0x10ffff;

/** From pairs in any order, overlapping or not. O(n log n). */
export const rangesOf = (pairs: readonly number[]): Ranges => {
  if (pairs.length <= 2) return pairs;
  const order: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) order.push(i);
  order.sort((a, b) => (pairs[a] as number) - (pairs[b] as number));
  const ranges: number[] = [];
  for (const i of order) append(ranges, pairs[i] as number, pairs[i + 1] as number);
  return ranges;
};

/** Adds a range that starts no earlier than the last one. */
const append = (ranges: number[], first: number, last: number): void => {
  const end = ranges.length - 1;
  if (end < 0 || first > (ranges[end] as number) + 1) ranges.push(first, last);
  else if (last > (ranges[end] as number)) ranges[end] = last;
};

export const union = (a: Ranges, b: Ranges): Ranges => {
  if (a.length === 0) return b;
  return b.length === 0 ? a : rangesOf([...a, ...b]);
};

export const negate = (ranges: Ranges, largest: number): Ranges => {
  const others: number[] = [];
  let next = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    if ((ranges[i] as number) > next) others.push(next, (ranges[i] as number) - 1);
    next = (ranges[i + 1] as number) + 1;
  }
  if (next <= largest) others.push(next, largest);
  return others;
};

export const intersect = (a: Ranges, b: Ranges): Ranges => {
  const both: number[] = [];
  for (let i = 0, k = 0; i < a.length && k < b.length; ) {
    const first = Math.max(a[i] as number, b[k] as number);
    const last = Math.min(a[i + 1] as number, b[k + 1] as number);
    if (first <= last) both.push(first, last);
    if ((a[i + 1] as number) < (b[k + 1] as number)) i += 2;
    else k += 2;
  }
  return both;
};

export const subtract = (a: Ranges, b: Ranges): Ranges => intersect(a, negate(b, lastScalar));

export const symmetricDifference = (a: Ranges, b: Ranges): Ranges => subtract(union(a, b), intersect(a, b));

/** O(log n). */
export const contains = (ranges: Ranges, value: number): boolean => {
  let low = 0;
  let high = ranges.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[2 * middle + 1] as number) < value) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && (ranges[2 * low] as number) <= value;
};
