/**
 * Sets of values of one type, as intervals on a line: integers and addresses as numbers, texts in the order of their bytes.
 * An interval has its start and not its end. Of texts too, every value has a next one (a zero byte behind it), so that
 * complements are exact.
 *
 *   Bool  false 0, true 1        Int  64 bits        Ip  IPv4 from 0, IPv6 from 2^32        Bytes  from "" without end
 */
import type { Type } from '../types.ts';
import { maxInt, minInt, toInt, type Value } from '../values.ts';

export type Point = bigint | string;

export interface Interval {
  readonly from: Point;
  /** Null for a line without end. */
  readonly to: Point | null;
}

/** Sorted; no two overlap or touch. */
export type Intervals = readonly Interval[];

const endOfV4 = 2n ** 32n;

const bools: Intervals = [{ from: 0n, to: 2n }];
const ints: Intervals = [{ from: minInt, to: maxInt + 1n }];
const ips: Intervals = [{ from: 0n, to: endOfV4 + 2n ** 128n }];
const texts: Intervals = [{ from: '', to: null }];

/** Every value of a plain type. */
export const everyOf = (kind: Type['kind']): Intervals =>
  kind === 'bool' ? bools : kind === 'int' ? ints : kind === 'ip' ? ips : texts;

const addressPoint = (bytes: string): bigint => {
  let number = 0n;
  for (const byte of bytes) number = number * 256n + BigInt(byte.charCodeAt(0));
  return bytes.length === 4 ? number : number + endOfV4;
};

/** The place of a value on the line of its type. */
export const pointOf = (kind: Type['kind'], value: Value): Point => {
  if (kind === 'ip') return addressPoint(value as string);
  return kind === 'bytes' ? (value as string) : BigInt(value as number | bigint);
};

/** The value at a place, of Int and Bytes. */
export const valueAt = (point: Point): Value => (typeof point === 'string' ? point : toInt(point));

export const nextOf = (point: Point): Point => (typeof point === 'string' ? `${point}\0` : point + 1n);

/** From a value to another, both included. */
export const between = (from: Point, last: Point): Interval => ({ from, to: nextOf(last) });
export const only = (point: Point): Intervals => [between(point, point)];

export const isSingle = ({ from, to }: Interval): boolean => to !== null && to === nextOf(from);

/** Texts that begin with `prefix`. */
export const startingWith = (prefix: string): Intervals => {
  const kept = prefix.replace(/\xff+$/, '');
  const last = kept.length - 1;
  const to = last < 0 ? null : kept.slice(0, last) + String.fromCharCode(kept.charCodeAt(last) + 1);
  return [{ from: prefix, to }];
};

const endsBefore = (a: Point | null, b: Point | null): boolean => a !== null && (b === null || a < b);

const later = (a: Point, b: Point): Point => (b > a ? b : a);

/** Any intervals as one set. O(n log n). */
export const merge = (intervals: readonly Interval[]): Intervals => {
  const merged: { from: Point; to: Point | null }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) =>
    a.from < b.from ? -1 : a.from > b.from ? 1 : 0,
  )) {
    const before = merged[merged.length - 1];
    if (before === undefined || endsBefore(before.to, from)) merged.push({ from, to });
    else if (endsBefore(before.to, to)) before.to = to;
  }
  return merged;
};

/** O(a + b). */
export const intersect = (a: Intervals, b: Intervals): Intervals => {
  const common: Interval[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const [left, right] = [a[i], b[j]];
    if (left === undefined || right === undefined) return common;
    const from = later(left.from, right.from);
    const to = endsBefore(left.to, right.to) ? left.to : right.to;
    if (to === null || from < to) common.push({ from, to });
    if (endsBefore(left.to, right.to)) i += 1;
    else j += 1;
  }
};

/** What `whole` (one interval) has and `intervals` have not. */
export const without = (whole: Intervals, intervals: Intervals): Intervals => {
  const gaps: Interval[] = [];
  let from: Point | null = (whole[0] as Interval).from;
  for (const each of intervals) {
    if (from !== null && from < each.from) gaps.push({ from, to: each.from });
    from = each.to;
  }
  const { to } = whole[0] as Interval;
  if (from !== null && endsBefore(from, to)) gaps.push({ from, to });
  return gaps;
};
