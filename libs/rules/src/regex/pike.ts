/**
 * Runs the automaton itself, all ways through it side by side, in order of preference (Pike 2007), and says where groups matched.
 * A state is entered once for every byte, and a row of slots is copied where a group begins or ends: O(bytes × (states + groups
 * that begin or end × groups kept)). Buffers are made once and used again; a search must not start within a search.
 */
import { CaptureRows } from './capture-rows.ts';
import { Beside, besideAt, holds, holdsAt, isUnicodeLook, type Look } from './look.ts';
import { type Nfa, nextOf, StateKind } from './nfa.ts';

/** No row. */
const none = -1;

/** The states that are alive at one place, most preferred first; each with the row of the way it was reached by. */
class Threads {
  readonly states: Int32Array;
  readonly #indexes: Int32Array;
  size = 0;
  /** By state; none if it reads no byte. */
  readonly rows: Int32Array;

  constructor(stateCount: number) {
    this.states = new Int32Array(stateCount);
    this.#indexes = new Int32Array(stateCount);
    this.rows = new Int32Array(stateCount);
  }

  /** False if the state is there already. */
  add(state: number): boolean {
    const index = this.#indexes[state] as number;
    if (index < this.size && this.states[index] === state) return false;
    this.#indexes[state] = this.size;
    this.states[this.size++] = state;
    this.rows[state] = none;
    return true;
  }
}

export class PikeVm {
  readonly #nfa: Nfa;
  #now: Threads;
  #next: Threads;
  /** States to enter; a negative entry -1 - n says: those before it are entered with row n. */
  #stack = new Int32Array(64);
  #depth = 0;
  readonly #rows = new CaptureRows();
  /** Of the way that is followed. */
  #row = none;
  #slotCount = 0;
  #before: Beside = Beside.edge;
  #after: Beside = Beside.edge;
  #bytes = '';
  #hasMatched = false;
  /** How often a state was entered, over all searches: what the bound above is about. */
  steps = 0;

  constructor(nfa: Nfa) {
    this.#nfa = nfa;
    this.#now = new Threads(nfa.size);
    this.#next = new Threads(nfa.size);
  }

  /**
   * Start and end of the first groups of the leftmost match, -1 where a group took no part; null without a match.
   * `groupCount` counts the whole match as the first, so it is at least 1. O(bytes × states × groups).
   */
  exec(bytes: string, groupCount = this.#nfa.groupCount): Int32Array | null {
    this.#slotCount = 2 * groupCount;
    const found = new Int32Array(this.#slotCount);
    return this.#search(bytes, found) ? found : null;
  }

  #search(bytes: string, found: Int32Array): boolean {
    const { isAnchored, start } = this.#nfa;
    this.#bytes = bytes;
    this.#hasMatched = false;
    this.#now.size = 0;
    this.#next.size = 0;
    this.#rows.reset(this.#slotCount);
    this.#look(0);
    for (let at = 0; at <= bytes.length; at++) {
      if (this.#now.size === 0 && (this.#hasMatched || (isAnchored && at > 0))) break;
      if (!this.#hasMatched && (!isAnchored || at === 0)) this.#begin(start, at);
      this.#look(at + 1);
      this.#step(at, found);
      const done = this.#now;
      this.#now = this.#next;
      this.#next = done;
      this.#releaseRows(done);
      done.size = 0;
    }
    this.#bytes = '';
    return this.#hasMatched;
  }

  #look(at: number): void {
    if (!this.#nfa.hasLook) return;
    this.#before = besideAt(this.#bytes, at - 1);
    this.#after = besideAt(this.#bytes, at);
  }

  /** Moves every thread over the byte at `at`; what comes after one that has matched is less preferred and dropped. */
  #step(at: number, found: Int32Array): void {
    const { kind } = this.#nfa;
    const now = this.#now;
    const byte = at < this.#bytes.length ? this.#bytes.charCodeAt(at) & 0xff : 256;
    for (let i = 0; i < now.size; i++) {
      const state = now.states[i] as number;
      if (kind[state] === StateKind.ranges) {
        const next = nextOf(this.#nfa, state, byte);
        if (next < 0) continue;
        this.#row = now.rows[state] as number;
        this.#enter(this.#next, next, at + 1);
      } else if (kind[state] === StateKind.match) {
        this.#rows.read(now.rows[state] as number, found);
        found[1] = at;
        this.#hasMatched = true;
        return;
      }
    }
  }

  /** A match may start at `at`. */
  #begin(start: number, at: number): void {
    this.#row = this.#rows.add(at);
    this.#enter(this.#now, start, at);
    this.#rows.release(this.#row);
  }

  #releaseRows({ states, rows, size }: Threads): void {
    for (let i = 0; i < size; i++) {
      const row = rows[states[i] as number] as number;
      if (row !== none) this.#rows.release(row);
    }
  }

  #enter(threads: Threads, from: number, at: number): void {
    this.#push(from);
    while (this.#depth > 0) {
      const entry = this.#stack[--this.#depth] as number;
      if (entry >= 0) this.#follow(threads, entry, at);
      else {
        this.#rows.release(this.#row);
        this.#row = -1 - entry;
      }
    }
  }

  /** Goes on from `state` without reading a byte, the preferred way first. */
  #follow(threads: Threads, from: number, at: number): void {
    const { kind, first, second } = this.#nfa;
    let state = from;
    while (threads.add(state)) {
      this.steps++;
      switch (kind[state]) {
        case StateKind.split:
          this.#push(second[state] as number);
          break;
        case StateKind.look:
          if (!this.#holds(second[state] as Look, at)) return;
          break;
        case StateKind.capture:
          this.#capture(second[state] as number, at);
          break;
        default:
          this.#saveRow(threads, state);
          return;
      }
      state = first[state] as number;
    }
  }

  #holds(look: Look, at: number): boolean {
    return isUnicodeLook(look) ? holdsAt(look, this.#bytes, at) : holds(look, this.#before, this.#after);
  }

  /** What is on the stack is entered with the row as it was. */
  #capture(slot: number, at: number): void {
    if (slot >= this.#slotCount) return;
    this.#push(-1 - this.#row);
    this.#row = this.#rows.copy(this.#row, slot, at);
  }

  #saveRow(threads: Threads, state: number): void {
    threads.rows[state] = this.#row;
    this.#rows.share(this.#row);
  }

  #push(entry: number): void {
    if (this.#depth === this.#stack.length) {
      const grown = new Int32Array(2 * this.#depth);
      grown.set(this.#stack);
      this.#stack = grown;
    }
    this.#stack[this.#depth++] = entry;
  }
}
