/**
 * Regular expressions for rules, in time linear in the text whatever the pattern and the text: a rule's author cannot slow the
 * gateway down, nor can who sends the request. Syntax and meaning are those of Rust's `regex` crate over bytes with Unicode
 * off, https://docs.rs/regex/latest/regex/#syntax. Texts are bytes, one UTF-16 unit (0…255) a byte.
 *
 *     pattern ── syntax ──> tree ── nfa ──> automaton ──> dfa: is there a match?   bit-nfa: the same, where the dfa gives up
 *                                                     └─> pike: where are its groups?
 *
 * What is not needed for the verdict on a pattern is made when the first text comes.
 */
import { BitNfa } from './bit-nfa.ts';
import { Answer, LazyDfa } from './dfa.ts';
import { faultOf, type RegexFault } from './fault.ts';
import type { Hir } from './hir.ts';
import { type LiteralPlan, planLiterals } from './literal.ts';
import { buildNfa, extraStates, type Nfa } from './nfa.ts';
import { PikeVm } from './pike.ts';
import { parsePattern } from './syntax.ts';

export { type RegexFault, RegexFaultCode } from './fault.ts';

export interface RegexLimits {
  /** States of the automaton, 65,000 at most: the factor in the time of `test`, bytes × states ÷ 32. Beyond: `too_large`. */
  readonly maxStates: number;
  /** Numbers that `exec` keeps at a time and copies for every byte at worst: 2 × states × groups. Beyond: `too_large`. */
  readonly maxSlots: number;
  /** What the table of one regex may take. */
  readonly maxTableBytes: number;
}

/**
 * With 8,192 states a byte makes `test` read some hundred words of bits, two thousand at worst: a megabyte of hostile text takes
 * seconds, not tens of them. For `exec` states × groups is 65,536 at most.
 */
export const defaultLimits: RegexLimits = { maxStates: 8192, maxSlots: 131_072, maxTableBytes: 524_288 };

export type ParsedRegex =
  | { readonly kind: 'parsed'; readonly hir: Hir; readonly groupCount: number }
  | { readonly kind: 'refused'; readonly fault: RegexFault };

export type CompiledRegex =
  | { readonly kind: 'compiled'; readonly regex: Regex }
  | { readonly kind: 'refused'; readonly fault: RegexFault };

export interface Regex {
  readonly pattern: string;
  /** Group 0, the whole match, included. */
  readonly groupCount: number;
  /** Whether there is a match anywhere. O(bytes × states ÷ 32) at worst, one look-up a byte as a rule; allocates nothing then. */
  test(bytes: string): boolean;
  /**
   * Start and end of each group of the leftmost match, -1 where a group took no part; null if there is no match. Of the first
   * `groupCount` groups alone if that is given: from 1 on, all by default. O(bytes × states × groups) at worst.
   */
  exec(bytes: string, groupCount?: number): Int32Array | null;
}

/** The tree of a pattern, within the limits. O(pattern), classes of Unicode aside. */
export const parseRegex = (pattern: string, limits?: Partial<RegexLimits>): ParsedRegex => {
  const maxStates = Math.min(limits?.maxStates ?? defaultLimits.maxStates, mostStates);
  const parsed = parsePattern(pattern, maxStates);
  if (parsed.kind === 'refused') return parsed;
  const states = parsed.hir.states + extraStates;
  const slots = 2 * parsed.groupCount * states;
  if (states <= maxStates && slots <= (limits?.maxSlots ?? defaultLimits.maxSlots)) return parsed;
  return { kind: 'refused', fault: tooLarge(pattern) };
};

/** A state has to fit into a UTF-16 unit: sets of states are told apart by texts. */
const mostStates = 65_000;

const tooLarge = (pattern: string): RegexFault =>
  faultOf(
    'too_large',
    'the pattern is too large',
    [0, pattern.length],
    'repeat less often, or use smaller classes or fewer groups: the time is bytes × states ÷ 32',
  );

export const compileRegex = (pattern: string, limits?: Partial<RegexLimits>): CompiledRegex => {
  const parsed = parseRegex(pattern, limits);
  if (parsed.kind === 'refused') return parsed;
  const maxTableBytes = limits?.maxTableBytes ?? defaultLimits.maxTableBytes;
  return { kind: 'compiled', regex: new LinearRegex(pattern, parsed.hir, parsed.groupCount, maxTableBytes) };
};

class LinearRegex implements Regex {
  readonly pattern: string;
  readonly groupCount: number;
  readonly #hir: Hir;
  readonly #maxTableBytes: number;
  readonly #plan: LiteralPlan;
  #nfa: Nfa | undefined;
  #dfa: LazyDfa | undefined;
  #bits: BitNfa | undefined;
  #pike: PikeVm | undefined;

  constructor(pattern: string, hir: Hir, groupCount: number, maxTableBytes: number) {
    this.pattern = pattern;
    this.groupCount = groupCount;
    this.#hir = hir;
    this.#maxTableBytes = maxTableBytes;
    this.#plan = planLiterals(hir);
  }

  test(bytes: string): boolean {
    const plan = this.#plan;
    if (plan.kind === 'whole') return testWhole(plan, bytes);
    if (plan.inner !== '' && !bytes.includes(plan.inner)) return false;
    this.#dfa ??= this.#makeTable(plan.prefix);
    const answer = this.#dfa.test(bytes);
    return answer === Answer.undecided ? this.#bitNfa().test(bytes) : answer === Answer.yes;
  }

  exec(bytes: string, groupCount = this.groupCount): Int32Array | null {
    return this.test(bytes) ? this.#vm().exec(bytes, Math.min(groupCount, this.groupCount)) : null;
  }

  #makeTable(prefix: string): LazyDfa {
    return new LazyDfa(this.#automaton(), { prefix, minBytes: this.#hir.minBytes }, this.#maxTableBytes);
  }

  #bitNfa(): BitNfa {
    this.#bits ??= new BitNfa(this.#automaton());
    return this.#bits;
  }

  #vm(): PikeVm {
    this.#pike ??= new PikeVm(this.#automaton());
    return this.#pike;
  }

  #automaton(): Nfa {
    this.#nfa ??= buildNfa(this.#hir, this.groupCount);
    return this.#nfa;
  }
}

const testWhole = (plan: LiteralPlan & { readonly kind: 'whole' }, bytes: string): boolean => {
  if (plan.atStart) return plan.atEnd ? bytes === plan.bytes : bytes.startsWith(plan.bytes);
  return plan.atEnd ? bytes.endsWith(plan.bytes) : bytes.includes(plan.bytes);
};
