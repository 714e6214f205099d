/**
 * The automaton both matchers run: states in typed arrays, made from the tree back to front, so that every state knows where it
 * leads when it is made. The graph and the order of its branches are Thompson's, with one care: x* of something that can be
 * empty is (x+)?, or else the preferred way through the loop comes out wrong.
 *
 * | kind | first | second | third |
 * |---|---|---|---|
 * | ranges | place in `ranges` | number of ranges | |
 * | split | preferred state | other state | |
 * | look | next state | the assertion | |
 * | capture | next state | slot | |
 * | match | | | |
 */
import { type Hir, startsAtText } from './hir.ts';
import { isUnicodeLook, isWordLook, type Look } from './look.ts';
import type { Ranges } from './ranges.ts';
import { accepted, type Utf8Node, utf8AutomatonOf } from './utf8.ts';

export const StateKind = { ranges: 0, split: 1, look: 2, capture: 3, match: 4 } as const;
export type StateKind = (typeof StateKind)[keyof typeof StateKind];

export interface Nfa {
  readonly size: number;
  readonly kind: Uint8Array;
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** [first byte, last byte, next state, …] ascending within a state. */
  readonly ranges: Int32Array;
  /** After group 0 has been opened. */
  readonly start: number;
  /** Group 0 included. */
  readonly groupCount: number;
  /** A match can only start where the text starts. */
  readonly isAnchored: boolean;
  readonly hasLook: boolean;
  readonly hasUnicodeLook: boolean;
  /** Class of a byte: bytes of one class are never told apart. */
  readonly classOf: Uint8Array;
  /** One byte of each class. */
  readonly sampleOf: Uint8Array;
}

/** States that every automaton has beside those of its tree. */
export const extraStates = 2;

export const buildNfa = (hir: Hir, groupCount: number): Nfa => {
  const builder = new NfaBuilder(hir.states + extraStates);
  const match = builder.addMatch();
  const start = builder.compile(hir, match);
  return builder.finish(start, groupCount, startsAtText(hir));
};

class NfaBuilder {
  readonly #kind: Uint8Array;
  readonly #first: Int32Array;
  readonly #second: Int32Array;
  readonly #ranges: number[] = [];
  readonly #bounds = new Uint8Array(257);
  #size = 0;
  #hasLook = false;
  #hasWordLook = false;
  #hasUnicodeLook = false;

  constructor(capacity: number) {
    this.#kind = new Uint8Array(capacity);
    this.#first = new Int32Array(capacity);
    this.#second = new Int32Array(capacity);
  }

  addMatch(): number {
    return this.#add(StateKind.match, 0, 0);
  }

  /** The state to enter `hir` by, that leads to `next` when it has matched. Recursion is as deep as the pattern. */
  compile(hir: Hir, next: number): number {
    switch (hir.kind) {
      case 'empty':
        return next;
      case 'literal':
        return this.#compileLiteral(hir.bytes, next);
      case 'bytes':
        return this.#compileBytes(hir.set, next);
      case 'scalars':
        return this.#compileScalars(utf8AutomatonOf(hir.set).nodes, next);
      case 'look':
        return this.#compileLook(hir.look, next);
      case 'concatenation':
        return hir.items.reduceRight((state, item) => this.compile(item, state), next);
      case 'alternation':
        return this.#compileBranches(hir.branches, next);
      case 'repetition':
        return this.#compileRepetition(hir, next);
      case 'capture':
        return this.#compileCapture(hir.group, hir.item, next);
      default:
        return hir satisfies never;
    }
  }

  finish(start: number, groupCount: number, isAnchored: boolean): Nfa {
    if (this.#hasLook) this.#boundLooks();
    return {
      size: this.#size,
      kind: this.#kind,
      first: this.#first,
      second: this.#second,
      ranges: Int32Array.from(this.#ranges),
      start,
      groupCount,
      isAnchored,
      hasLook: this.#hasLook,
      hasUnicodeLook: this.#hasUnicodeLook,
      ...byteClasses(this.#bounds),
    };
  }

  #add(kind: StateKind, first: number, second: number): number {
    this.#kind[this.#size] = kind;
    this.#first[this.#size] = first;
    this.#second[this.#size] = second;
    return this.#size++;
  }

  #compileLiteral(bytes: string, next: number): number {
    let state = next;
    for (let i = bytes.length - 1; i >= 0; i--) {
      const at = this.#ranges.length;
      this.#addRange(bytes.charCodeAt(i), bytes.charCodeAt(i), state);
      state = this.#add(StateKind.ranges, at, 1);
    }
    return state;
  }

  #compileBytes(set: Ranges, next: number): number {
    const at = this.#ranges.length;
    for (let i = 0; i < set.length; i += 2) this.#addRange(set[i] as number, set[i + 1] as number, next);
    return this.#add(StateKind.ranges, at, set.length >> 1);
  }

  #compileScalars(nodes: readonly Utf8Node[], next: number): number {
    const firstState = this.#size;
    for (const node of nodes) {
      const at = this.#ranges.length;
      for (let i = 0; i < node.length; i += 3) {
        const child = node[i + 2] as number;
        this.#addRange(
          node[i] as number,
          node[i + 1] as number,
          child === accepted ? next : firstState + child,
        );
      }
      this.#add(StateKind.ranges, at, node.length / 3);
    }
    return this.#size - 1;
  }

  #addRange(firstByte: number, lastByte: number, next: number): void {
    this.#ranges.push(firstByte, lastByte, next);
    this.#bounds[firstByte] = 1;
    this.#bounds[lastByte + 1] = 1;
  }

  #compileLook(look: Look, next: number): number {
    this.#hasLook = true;
    if (isUnicodeLook(look)) this.#hasUnicodeLook = true;
    if (isWordLook(look)) this.#hasWordLook = true;
    return this.#add(StateKind.look, next, look);
  }

  #compileBranches(branches: readonly Hir[], next: number): number {
    let state = this.compile(branches.at(-1) as Hir, next);
    for (let i = branches.length - 2; i >= 0; i--)
      state = this.#add(StateKind.split, this.compile(branches[i] as Hir, next), state);
    return state;
  }

  #compileCapture(group: number, item: Hir, next: number): number {
    const inner = this.compile(item, this.#add(StateKind.capture, next, 2 * group + 1));
    return this.#add(StateKind.capture, inner, 2 * group);
  }

  #compileRepetition(hir: Hir & { readonly kind: 'repetition' }, next: number): number {
    const { item, min, max, isGreedy } = hir;
    let state = max === Number.POSITIVE_INFINITY ? this.#compileLoop(hir, next) : next;
    const optional = max === Number.POSITIVE_INFINITY ? 0 : max - min;
    for (let i = 0; i < optional; i++) state = this.#addSplit(this.compile(item, state), next, isGreedy);
    const required = max === Number.POSITIVE_INFINITY ? min - 1 : min;
    for (let i = 0; i < required; i++) state = this.compile(item, state);
    return state;
  }

  /** x* if `min` is 0, otherwise x+. */
  #compileLoop({ item, min, isGreedy }: Hir & { readonly kind: 'repetition' }, next: number): number {
    const loop = this.#add(StateKind.split, 0, 0);
    const body = this.compile(item, loop);
    this.#setSplit(loop, body, next, isGreedy);
    if (min > 0) return body;
    return item.minBytes > 0 ? loop : this.#addSplit(body, next, isGreedy);
  }

  #addSplit(into: number, past: number, isGreedy: boolean): number {
    return this.#add(StateKind.split, isGreedy ? into : past, isGreedy ? past : into);
  }

  #setSplit(state: number, into: number, past: number, isGreedy: boolean): void {
    this.#first[state] = isGreedy ? into : past;
    this.#second[state] = isGreedy ? past : into;
  }

  #boundLooks(): void {
    for (const byte of [0x0a, 0x0d]) this.#bounds[byte] = this.#bounds[byte + 1] = 1;
    if (!this.#hasWordLook) return;
    for (const bound of [0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b, 0x80]) this.#bounds[bound] = 1;
  }
}

const byteClasses = (bounds: Uint8Array): Pick<Nfa, 'classOf' | 'sampleOf'> => {
  const classOf = new Uint8Array(256);
  const samples = [0];
  for (let byte = 1; byte < 256; byte++) {
    if (bounds[byte] === 1) samples.push(byte);
    classOf[byte] = samples.length - 1;
  }
  return { classOf, sampleOf: Uint8Array.from(samples) };
};

/** Where `state` of kind ranges goes on `byte`, or -1. */
export const nextOf = (nfa: Nfa, state: number, byte: number): number => {
  const { ranges } = nfa;
  const start = nfa.first[state] as number;
  const end = start + 3 * (nfa.second[state] as number);
  for (let i = start; i < end; i += 3) {
    if (byte < (ranges[i] as number)) return -1;
    if (byte <= (ranges[i + 1] as number)) return ranges[i + 2] as number;
  }
  return -1;
};
