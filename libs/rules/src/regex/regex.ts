/**
 * Regular expressions for rules, in time linear in the text whatever the pattern and the text: a rule's author cannot slow the
 * gateway down, nor can who sends the request. Syntax and meaning are those of Rust's `regex` crate over bytes with Unicode
 * off, https://docs.rs/regex/latest/regex/#syntax. Texts are bytes, one UTF-16 unit (0…255) a byte.
 *
 *     pattern ── syntax ──> tree ── nfa ──> automaton ──> dfa: is there a match?   pike: where are its groups?
 *
 * What is not needed for the verdict on a pattern is made when the first text comes.
 */
import { Answer, LazyDfa } from './dfa.ts';
import { faultOf, type RegexFault } from './fault.ts';
import type { Hir } from './hir.ts';
import { type LiteralPlan, planLiterals } from './literal.ts';
import { buildNfa, extraStates, type Nfa } from './nfa.ts';
import { PikeVm } from './pike.ts';
import { parsePattern } from './syntax.ts';

export { type RegexFault, RegexFaultCode } from './fault.ts';

export interface RegexLimits {
  /** States of the automaton, 65,000 at most. Beyond: `too_large`. */
  readonly maxStates: number;
  /** Numbers that `exec` keeps at a time, states × groups. Beyond: `too_large`. */
  readonly maxSlots: number;
  /** What the table of one regex may take. */
  readonly maxTableBytes: number;
}

export const defaultLimits: RegexLimits = { maxStates: 16_384, maxSlots: 4_194_304, maxTableBytes: 524_288 };

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
  /** Whether there is a match anywhere. O(bytes × states) at worst, one look-up a byte as a rule; allocates nothing then. */
  test(bytes: string): boolean;
  /** Start and end of each group of the leftmost match, -1 where a group took no part; null if there is no match. */
  exec(bytes: string): Int32Array | null;
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
    'repeat less often, or use smaller classes',
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
    return answer === Answer.undecided ? this.#vm().test(bytes) : answer === Answer.yes;
  }

  exec(bytes: string): Int32Array | null {
    return this.test(bytes) ? this.#vm().exec(bytes) : null;
  }

  #makeTable(prefix: string): LazyDfa {
    return new LazyDfa(this.#automaton(), { prefix, minBytes: this.#hir.minBytes }, this.#maxTableBytes);
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
