/**
 * Where the states of an automaton stand in a set of bits, and where a byte takes them. The order is that of the pattern: a state
 * mostly leads to the one behind it, so that a whole word of states moves on by one shift. What leads elsewhere is a jump; the
 * states of a word that jump to the same place do so together.
 */
import { type Nfa, nextOf, StateKind } from './nfa.ts';

export const bitsPerWord = 32;
const shiftPerWord = 5;

/** A state is a UTF-16 unit at most. */
const maxWords = 2048;

export const wordOf = (place: number): number => place >> shiftPerWord;
export const bitOf = (place: number): number => 1 << (place & (bitsPerWord - 1));

/**
 * Every edge leads to a higher place, save those from the end of a loop back into it. States that are alive together share a
 * place: a branching, and behind it what nothing else leads to. So does a capture with what it leads to.
 */
export interface Layout {
  readonly placeOf: Int32Array;
  /** Those of place p are the entries from `starts[p]` up to `starts[p + 1]`; all but the last of a place are branchings. */
  readonly states: Int32Array;
  readonly starts: Int32Array;
  readonly wordCount: number;
}

/** States were made back to front: the match, which comes last, is state 0. O(states). */
export const layOut = (nfa: Nfa): Layout => {
  const targetOf = resolveCaptures(nfa);
  const arrivals = countArrivals(nfa, targetOf);
  const placeOf = new Int32Array(nfa.size);
  const states: number[] = [];
  const starts: number[] = [];
  for (let state = nfa.size - 1; state >= 0; state--) {
    if (nfa.kind[state] === StateKind.capture) continue;
    const before = states.at(-1);
    if (before === undefined || arrivals[state] !== 1 || !branchesTo(nfa, targetOf, before, state))
      starts.push(states.length);
    states.push(state);
    placeOf[state] = starts.length - 1;
  }
  for (let state = 0; state < nfa.size; state++)
    placeOf[state] = placeOf[targetOf[state] as number] as number;
  const wordCount = wordOf(starts.length - 1) + 1;
  starts.push(states.length);
  return { placeOf, states: Int32Array.from(states), starts: Int32Array.from(starts), wordCount };
};

/** Where a capture leads to; any other state is its own. */
const resolveCaptures = ({ size, kind, first }: Nfa): Int32Array => {
  const targetOf = new Int32Array(size);
  for (let state = 0; state < size; state++)
    targetOf[state] =
      kind[state] === StateKind.capture ? (targetOf[first[state] as number] as number) : state;
  return targetOf;
};

const branchesTo = ({ kind, first, second }: Nfa, targetOf: Int32Array, from: number, to: number): boolean =>
  kind[from] === StateKind.split &&
  (targetOf[first[from] as number] === to || targetOf[second[from] as number] === to);

/** How many edges lead to a state; what comes from outside is one more. */
const countArrivals = (nfa: Nfa, targetOf: Int32Array): Int32Array => {
  const { kind, first, second, ranges, size, start } = nfa;
  const arrivals = new Int32Array(size);
  const count = (next: number | undefined): void => {
    const target = targetOf[next as number] as number;
    arrivals[target] = (arrivals[target] as number) + 1;
  };
  count(start);
  for (let i = 2; i < ranges.length; i += 3) count(ranges[i]);
  for (let state = 0; state < size; state++) {
    if (kind[state] === StateKind.split || kind[state] === StateKind.look) count(first[state]);
    if (kind[state] === StateKind.split) count(second[state]);
  }
  return arrivals;
};

/** Word by word: if one of the bits `mask` is set in the word, the bits `bits` are to be set in word `target`. */
export interface Jumps {
  /** Those of word w are the entries from `starts[w]` up to `starts[w + 1]`. */
  readonly starts: Int32Array;
  readonly masks: Int32Array;
  readonly targets: Int32Array;
  readonly bits: Int32Array;
}

/** Gathers the jumps of one word after the other. */
export class JumpList {
  readonly #starts: number[] = [0];
  readonly #entries: number[] = [];
  #masks = new Map<number, number>();

  /** From a place of the word that is open. */
  add(from: number, to: number): void {
    this.#masks.set(to, (this.#masks.get(to) ?? 0) | bitOf(from));
  }

  /** From a place of the word that is open to many places of another. */
  addBits(from: number, target: number, bits: number): void {
    this.#entries.push(bitOf(from), target, bits);
  }

  /** What starts from the same places goes to one word together. */
  closeWord(): void {
    const entries = new Map<number, [mask: number, target: number, bits: number]>();
    for (const [to, mask] of this.#masks) {
      const key = (mask >>> 0) * maxWords + wordOf(to);
      const entry = entries.get(key);
      if (entry === undefined) entries.set(key, [mask, wordOf(to), bitOf(to)]);
      else entry[2] |= bitOf(to);
    }
    for (const entry of entries.values()) this.#entries.push(...entry);
    this.#masks = new Map();
    this.#starts.push(this.#entries.length / 3);
  }

  finish(): Jumps {
    const column = (at: number): Int32Array =>
      Int32Array.from({ length: this.#entries.length / 3 }, (_, i) => this.#entries[3 * i + at] as number);
    return { starts: Int32Array.from(this.#starts), masks: column(0), targets: column(1), bits: column(2) };
  }
}

/** What one class of bytes does. */
export interface ByteStep {
  /** States that go to the place behind theirs. */
  readonly advance: Int32Array;
  readonly jumps: Jumps;
}

/** O(states). */
export const planByteStep = (nfa: Nfa, layout: Layout, byte: number): ByteStep => {
  const { wordCount } = layout;
  const advance = new Int32Array(wordCount);
  const jumps = new JumpList();
  for (let place = 0; place < wordCount * bitsPerWord; place++) {
    const next = placeAfter(nfa, layout, place, byte);
    if (next === place + 1) advance[wordOf(place)] = (advance[wordOf(place)] as number) | bitOf(place);
    else if (next >= 0) jumps.add(place, next);
    if ((place + 1) % bitsPerWord === 0) jumps.closeWord();
  }
  return { advance, jumps: jumps.finish() };
};

const placeAfter = (nfa: Nfa, { placeOf, states, starts }: Layout, place: number, byte: number): number => {
  const end = starts[place + 1];
  if (end === undefined) return -1;
  const state = states[end - 1] as number;
  const next = nfa.kind[state] === StateKind.ranges ? nextOf(nfa, state, byte) : -1;
  return next < 0 ? -1 : (placeOf[next] as number);
};
