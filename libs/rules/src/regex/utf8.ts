/**
 * The UTF-8 encodings of a set of code points as an automaton over bytes: nodes in an array, children before parents, the root
 * last. Equal nodes are one, so what sequences share at their ends is stored once (Daciuk et al. 2000, for sorted input).
 */
import { lastScalar, type Ranges } from './ranges.ts';

/** [first byte, last byte, child, …] ascending; a child is the index of a node, or `accepted`. */
export type Utf8Node = readonly number[];
export const accepted = -1;

export interface Utf8Automaton {
  readonly nodes: readonly Utf8Node[];
}

const known = new WeakMap<Ranges, Utf8Automaton>();

/** Remembered as long as the set is. O(ranges). */
export const utf8AutomatonOf = (set: Ranges): Utf8Automaton => {
  const found = known.get(set);
  if (found !== undefined) return found;
  const builder = new Utf8Builder();
  for (let i = 0; i < set.length; i += 2) addRange(builder, set[i] as number, set[i + 1] as number);
  const made = { nodes: builder.finish() };
  known.set(set, made);
  return made;
};

/** The encoding of one code point, as bytes. */
export const utf8TextOf = (scalar: number): string =>
  String.fromCharCode(...encode(scalar, lengthLimits.findIndex((limit) => scalar <= limit) + 1));

const lengthLimits = [0x7f, 0x7ff, 0xffff, lastScalar];

/** Splits a range into such whose encodings are all combinations of one range of bytes for each place. */
const addRange = (builder: Utf8Builder, first: number, last: number): void => {
  if (first <= 0xdfff && last >= 0xd800) {
    if (first < 0xd800) addRange(builder, first, 0xd7ff);
    if (last > 0xdfff) addRange(builder, 0xe000, last);
    return;
  }
  for (const limit of lengthLimits)
    if (first <= limit && limit < last) {
      addRange(builder, first, limit);
      addRange(builder, limit + 1, last);
      return;
    }
  const length = lengthLimits.findIndex((limit) => last <= limit) + 1;
  addAligned(builder, first, last, length);
};

const addAligned = (builder: Utf8Builder, first: number, last: number, length: number): void => {
  for (let i = 1; i < length; i++) {
    const low = (1 << (6 * i)) - 1;
    if ((first & ~low) === (last & ~low)) continue;
    const split = (first & low) !== 0 ? (first | low) + 1 : (last & low) !== low ? last & ~low : 0;
    if (split === 0) continue;
    addAligned(builder, first, split - 1, length);
    addAligned(builder, split, last, length);
    return;
  }
  builder.add(encode(first, length), encode(last, length));
};

const leads = [0, 0, 0xc0, 0xe0, 0xf0];

const encode = (scalar: number, length: number): readonly number[] => {
  if (length === 1) return [scalar];
  const bytes = [(leads[length] as number) | (scalar >> (6 * (length - 1)))];
  for (let i = length - 2; i >= 0; i--) bytes.push(0x80 | ((scalar >> (6 * i)) & 0x3f));
  return bytes;
};

class Utf8Builder {
  readonly #nodes: Utf8Node[] = [];
  readonly #numbers = new Map<string, number>();
  /** The path of the sequence added last; each node lacks the child of its last range. */
  readonly #open: number[][] = [[]];

  /** Sequences come in ascending order; the ranges of a place are equal or disjoint. */
  add(first: readonly number[], last: readonly number[]): void {
    let shared = 0;
    while (shared < first.length && this.#isShared(shared, first, last)) shared++;
    this.#close(shared + 1);
    for (let i = shared; i < first.length; i++) {
      if (i > shared) this.#open.push([]);
      (this.#open[i] as number[]).push(first[i] as number, last[i] as number, accepted);
    }
  }

  finish(): readonly Utf8Node[] {
    this.#close(1);
    const root = this.#open[0] as number[];
    this.#nodes.push(root);
    return this.#nodes;
  }

  #isShared(place: number, first: readonly number[], last: readonly number[]): boolean {
    const node = this.#open[place];
    return node !== undefined && node.at(-3) === first[place] && node.at(-2) === last[place];
  }

  /** Leaves `depth` nodes open. */
  #close(depth: number): void {
    while (this.#open.length > depth) {
      const child = this.#numberOf(this.#open.pop() as number[]);
      const parent = this.#open.at(-1) as number[];
      parent[parent.length - 1] = child;
    }
  }

  #numberOf(node: Utf8Node): number {
    const key = node.join();
    const found = this.#numbers.get(key);
    if (found !== undefined) return found;
    this.#nodes.push(node);
    this.#numbers.set(key, this.#nodes.length - 1);
    return this.#nodes.length - 1;
  }
}
