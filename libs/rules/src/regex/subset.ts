/**
 * How a state of the table follows from another: which automaton states are alive after one more byte. Assertions stay in the
 * set until the byte after them is known. Everything here runs once for each entry of the table.
 */
import { asciiLookOf, Beside, besideOf, holds, type Look } from './look.ts';
import { type Nfa, nextOf, StateKind } from './nfa.ts';

export interface Subset {
  /** States of kinds ranges and look alone, ascending. */
  readonly members: Int32Array;
  /** The byte before, where an assertion waits; otherwise `other`. */
  readonly before: Beside;
  /** Whether there is an assertion among the members. */
  readonly isWaiting: boolean;
}

/** What an entry of the table can be instead of a set. */
export const Outcome = { matched: -1, dead: -2, refused: -3 } as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

const firstBeyondAscii = 0x80;

export class SubsetStepper {
  readonly #nfa: Nfa;
  readonly #marks: Int32Array;
  #mark = 0;
  readonly #found: number[] = [];
  readonly #stack: number[] = [];
  #hasWaiting = false;

  constructor(nfa: Nfa) {
    this.#nfa = nfa;
    this.#marks = new Int32Array(nfa.size);
  }

  start(): Subset | Outcome {
    this.#begin();
    return this.#reach(this.#nfa.start) ? Outcome.matched : this.#subset(Beside.edge);
  }

  /** After `byte`. */
  step(from: Subset, byte: number): Subset | Outcome {
    const { hasUnicodeLook, isAnchored, start } = this.#nfa;
    if (hasUnicodeLook && byte >= firstBeyondAscii) return Outcome.refused;
    const alive = this.#resolve(from, besideOf(byte));
    if (alive === undefined) return Outcome.matched;
    this.#begin();
    for (const member of alive) {
      const next = nextOf(this.#nfa, member, byte);
      if (next >= 0 && this.#reach(next)) return Outcome.matched;
    }
    if (!isAnchored && this.#reach(start)) return Outcome.matched;
    return this.#subset(besideOf(byte));
  }

  /** Where the text ends. */
  end(from: Subset): Outcome {
    return this.#resolve(from, Beside.edge) === undefined ? Outcome.matched : Outcome.dead;
  }

  /** The members of kind ranges, those behind assertions that hold included; undefined if there is a match behind one. */
  #resolve(from: Subset, after: Beside): Iterable<number> | undefined {
    const { kind, first, second, hasLook } = this.#nfa;
    if (!hasLook) return from.members;
    this.#begin();
    const alive = new Set<number>();
    const waiting = [...from.members];
    for (let member = waiting.pop(); member !== undefined; member = waiting.pop()) {
      if (kind[member] === StateKind.ranges) alive.add(member);
      else if (holds(asciiLookOf(second[member] as Look), from.before, after)) {
        if (this.#reach(first[member] as number)) return undefined;
        waiting.push(...this.#found);
        this.#found.length = 0;
      }
    }
    return alive;
  }

  #begin(): void {
    this.#mark++;
    this.#found.length = 0;
    this.#hasWaiting = false;
  }

  /** Adds to `#found` what can be reached from `from` without reading a byte; true if that is a match. */
  #reach(from: number): boolean {
    const { kind, first, second } = this.#nfa;
    this.#stack.push(from);
    for (let state = this.#stack.pop(); state !== undefined; state = this.#stack.pop()) {
      if (this.#marks[state] === this.#mark) continue;
      this.#marks[state] = this.#mark;
      switch (kind[state]) {
        case StateKind.match:
          this.#stack.length = 0;
          return true;
        case StateKind.split:
          this.#stack.push(first[state] as number, second[state] as number);
          break;
        case StateKind.capture:
          this.#stack.push(first[state] as number);
          break;
        default:
          this.#found.push(state);
          if (kind[state] === StateKind.look) this.#hasWaiting = true;
      }
    }
    return false;
  }

  #subset(byteBefore: Beside): Subset | Outcome {
    if (this.#found.length === 0) return Outcome.dead;
    const before = this.#hasWaiting ? byteBefore : Beside.other;
    return { members: Int32Array.from(this.#found).sort(), before, isWaiting: this.#hasWaiting };
  }
}
