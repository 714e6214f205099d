/**
 * Whether there is a match, by running the automaton with its states as bits: a byte moves 32 states at a time (after the
 * bit-parallel automata of Navarro & Raffinot 2002). O(bytes × states ÷ 32). It stands in for the table where that one gives
 * up. It takes every assertion; where groups are it does not know. Plans are made when a text first asks for them; buffers are
 * used again, so a search must not start within a search.
 */
import { type Closure, close, planClosure } from './bit-closure.ts';
import { type ByteStep, bitOf, type Jumps, type Layout, layOut, planByteStep, wordOf } from './bit-layout.ts';
import { type Beside, besideAt, holds, holdsAt, isUnicodeLook, type Look } from './look.ts';
import { type Nfa, StateKind } from './nfa.ts';

export class BitNfa {
  readonly #nfa: Nfa;
  readonly #layout: Layout;
  readonly #looks: readonly Look[];
  readonly #steps: (ByteStep | undefined)[];
  /** By the assertions that hold. */
  readonly #closures = new Map<number, Closure>();
  /** By what stands beside a place: eight kinds before times eight after. */
  readonly #closuresBeside: (Closure | undefined)[] = new Array(64).fill(undefined);
  #now: Int32Array;
  #next: Int32Array;

  constructor(nfa: Nfa) {
    this.#nfa = nfa;
    this.#layout = layOut(nfa);
    this.#looks = looksOf(nfa);
    this.#steps = new Array(nfa.sampleOf.length).fill(undefined);
    this.#now = new Int32Array(this.#layout.wordCount);
    this.#next = new Int32Array(this.#layout.wordCount);
  }

  /** Most words that one byte makes it read, as far as plans are made. */
  get wordsPerByte(): number {
    const jumps = (plans: Iterable<ByteStep | Closure | undefined>): number =>
      Math.max(0, ...[...plans].map((plan) => plan?.jumps.masks.length ?? 0));
    return 2 * this.#layout.wordCount + jumps(this.#steps) + jumps(this.#closures.values());
  }

  test(bytes: string): boolean {
    const { isAnchored, start, classOf, hasLook } = this.#nfa;
    const { placeOf } = this.#layout;
    const startPlace = placeOf[start] as number;
    const match = placeOf[0] as number;
    let closure = this.#closureAt(bytes, 0);
    this.#now.fill(0);
    for (let at = 0; at <= bytes.length; at++) {
      const now = this.#now;
      if (at === 0 || !isAnchored)
        now[wordOf(startPlace)] = (now[wordOf(startPlace)] as number) | bitOf(startPlace);
      if (hasLook && at > 0) closure = this.#closureAt(bytes, at);
      if (closure.hasEdges) close(now, closure);
      if (((now[wordOf(match)] as number) & bitOf(match)) !== 0) return true;
      if (at === bytes.length) return false;
      const isAlive = this.#move(this.#stepOf(classOf[bytes.charCodeAt(at) & 0xff] as number));
      if (!isAlive && isAnchored) return false;
    }
    return false;
  }

  /** False if nothing is left. */
  #move({ advance, jumps }: ByteStep): boolean {
    if (jumps.masks.length === 0) return shift(this.#now, advance);
    const now = this.#now;
    const isAlive = shiftAndJump(now, this.#next, advance, jumps);
    this.#now = this.#next;
    this.#next = now;
    return isAlive;
  }

  #stepOf(byteClass: number): ByteStep {
    let step = this.#steps[byteClass];
    if (step === undefined) {
      step = planByteStep(this.#nfa, this.#layout, this.#nfa.sampleOf[byteClass] as number);
      this.#steps[byteClass] = step;
    }
    return step;
  }

  #closureAt(bytes: string, at: number): Closure {
    const before = besideAt(bytes, at - 1);
    const after = besideAt(bytes, at);
    if (this.#nfa.hasUnicodeLook) return this.#closureOf(this.#heldAt(bytes, at, before, after));
    const beside = 8 * before + after;
    let closure = this.#closuresBeside[beside];
    if (closure === undefined) {
      closure = this.#closureOf(this.#heldAt(bytes, at, before, after));
      this.#closuresBeside[beside] = closure;
    }
    return closure;
  }

  #heldAt(bytes: string, at: number, before: Beside, after: Beside): number {
    let held = 0;
    for (const look of this.#looks)
      if (isUnicodeLook(look) ? holdsAt(look, bytes, at) : holds(look, before, after)) held |= 1 << look;
    return held;
  }

  #closureOf(held: number): Closure {
    let closure = this.#closures.get(held);
    if (closure === undefined) {
      closure = planClosure(this.#nfa, this.#layout, held);
      this.#closures.set(held, closure);
    }
    return closure;
  }
}

const looksOf = ({ kind, second, size }: Nfa): readonly Look[] => {
  const looks = new Set<Look>();
  for (let state = 0; state < size; state++)
    if (kind[state] === StateKind.look) looks.add(second[state] as Look);
  return [...looks];
};

/** Moves those of `advance` on by one place and drops the others. */
const shift = (words: Int32Array, advance: Int32Array): boolean => {
  let carry = 0;
  let alive = 0;
  for (let word = 0; word < words.length; word++) {
    const moved = (words[word] as number) & (advance[word] as number);
    const shifted = (moved << 1) | carry;
    carry = moved >>> 31;
    words[word] = shifted;
    alive |= shifted;
  }
  return alive !== 0;
};

/** As above, from `now`, which is emptied, into `next`, which was empty. */
const shiftAndJump = (now: Int32Array, next: Int32Array, advance: Int32Array, jumps: Jumps): boolean => {
  const { starts, masks, targets, bits } = jumps;
  let carry = 0;
  let alive = 0;
  for (let word = 0; word < now.length; word++) {
    const set = now[word] as number;
    if (set === 0 && carry === 0) continue;
    const moved = set & (advance[word] as number);
    const shifted = (moved << 1) | carry;
    carry = moved >>> 31;
    now[word] = 0;
    next[word] = (next[word] as number) | shifted;
    alive |= shifted;
    const end = starts[word + 1] as number;
    for (let i = starts[word] as number; i < end; i++) {
      if ((set & (masks[i] as number)) === 0) continue;
      const target = targets[i] as number;
      next[target] = (next[target] as number) | (bits[i] as number);
      alive = 1;
    }
  }
  return alive !== 0;
};
