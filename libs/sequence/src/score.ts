/**
 * Scores of a zone over one window, from its counts: precedence (collapsed form), lookback precedence of pairs,
 * correlation (raw form). Definitions: docs/scores.md. Order is total, so equal counts give equal lists.
 */
import { betaInterval } from './beta.ts';
import { contextsOf, keptContexts, keyOf, type SequenceCount } from './prune.ts';

export interface ScoreOptions {
  /** Occurrences below which a sequence is not listed. */
  readonly minSupport: number;
  /** Distinct sessions below which it is not listed: one looping client makes no sequence. */
  readonly minSessions: number;
}

export const scoreDefaults: ScoreOptions = { minSupport: 10, minSessions: 5 };

export interface ScoredSequence {
  readonly operations: readonly number[];
  /** 0 … 1. */
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly support: number;
  /** Occurrences of the last operation in the same form. */
  readonly lastSupport: number;
  readonly sessions: number;
  /** Enough support and sessions, and not redundant (precedence) or within the top 20 (correlation). */
  readonly isListed: boolean;
}

/** Score, support, length, all falling; then operation ids rising. */
export const compareScored = (a: ScoredSequence, b: ScoredSequence): number =>
  b.score - a.score ||
  b.support - a.support ||
  b.operations.length - a.operations.length ||
  compareOperations(a.operations, b.operations);

const compareOperations = (a: readonly number[], b: readonly number[]): number => {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const singles = (counts: Iterable<SequenceCount>): Map<number, number> => {
  const found = new Map<number, number>();
  for (const { operations, occurrences } of counts)
    if (operations.length === 1) found.set(operations[0] as number, occurrences);
  return found;
};

const isEligible = (count: SequenceCount, options: ScoreOptions): boolean =>
  count.occurrences >= options.minSupport && count.sessions >= options.minSessions;

/** Every continuation of a kept context, sorted; `isListed` where it has support and is not redundant. Counts in collapsed form. */
export const precedenceScores = (
  counts: readonly SequenceCount[],
  options: ScoreOptions = scoreDefaults,
): ScoredSequence[] => {
  const last = singles(counts);
  const candidates = keptContexts(contextsOf(counts))
    .filter((context) => context.operations.length > 0)
    .flatMap((context) => [...context.next.values()]);
  const longer = longestStatements(candidates.filter((each) => isEligible(each, options)));
  return candidates
    .map((each) => shareOf(each, last, isEligible(each, options) && !isRedundant(each, longer)))
    .sort(compareScored);
};

/** For each ending, the largest count of a longer sequence that has it. */
const longestStatements = (eligible: readonly SequenceCount[]): Map<string, number> => {
  const largest = new Map<string, number>();
  for (const { operations, occurrences } of eligible)
    for (let from = 1; from <= operations.length - 2; from += 1) {
      const key = keyOf(operations.slice(from));
      largest.set(key, Math.max(largest.get(key) ?? 0, occurrences));
    }
  return largest;
};

/** Whole numbers, so that 95 of 100 is 95 % exactly. */
const isRedundant = (count: SequenceCount, longer: ReadonlyMap<string, number>): boolean =>
  (longer.get(keyOf(count.operations)) ?? 0) * 100 >= count.occurrences * 95;

const shareOf = (
  count: SequenceCount,
  last: ReadonlyMap<number, number>,
  isListed: boolean,
): ScoredSequence => {
  const support = count.occurrences;
  const lastSupport = last.get(count.operations.at(-1) as number) ?? support;
  const { low, high } = betaInterval(support, lastSupport);
  return {
    operations: count.operations,
    score: support / lastSupport,
    low,
    high,
    support,
    lastSupport,
    sessions: count.sessions,
    isListed,
  };
};

/** Share of the end's occurrences with the start in the lookback; `counts` in collapsed form, pairs as [start, end]. */
export const lookbackScores = (
  counts: readonly SequenceCount[],
  pairs: readonly SequenceCount[],
  options: ScoreOptions = scoreDefaults,
): ScoredSequence[] => {
  const last = singles(counts);
  return pairs.map((each) => shareOf(each, last, isEligible(each, options))).sort(compareScored);
};

/** Normalised total correlation; counts in raw form. The first `top` with enough support are listed. */
export const correlationScores = (
  counts: readonly SequenceCount[],
  options: ScoreOptions = scoreDefaults,
  top = 20,
): ScoredSequence[] => {
  const last = singles(counts);
  const positions = positionsOf(counts);
  const scored = counts
    .filter((each) => each.operations.length > 1)
    .map((each) => correlationOf(each, last, positions, isEligible(each, options)))
    .sort(compareScored);
  let listed = 0;
  return scored.map((each) => {
    if (!each.isListed) return each;
    listed += 1;
    return listed <= top ? each : { ...each, isListed: false };
  });
};

/** By length n: positions with n − 1 predecessors. Each completes exactly one sequence of that length. */
const positionsOf = (counts: readonly SequenceCount[]): number[] => {
  const positions: number[] = [];
  for (const { operations, occurrences } of counts)
    positions[operations.length] = (positions[operations.length] ?? 0) + occurrences;
  return positions;
};

const correlationOf = (
  count: SequenceCount,
  last: ReadonlyMap<number, number>,
  positions: readonly number[],
  isListed: boolean,
): ScoredSequence => {
  const { operations, occurrences } = count;
  const all = positions[1] ?? 1;
  const logTogether = Math.log(occurrences / (positions[operations.length] ?? 1));
  let logApart = 0;
  for (const operation of operations) logApart += Math.log((last.get(operation) ?? occurrences) / all);
  const gain = (logTogether - logApart) / ((operations.length - 1) * -logTogether);
  const score = logTogether === 0 ? 1 : Math.min(1, Math.max(0, gain));
  const lastSupport = last.get(operations.at(-1) as number) ?? occurrences;
  return {
    operations,
    score,
    low: score,
    high: score,
    support: occurrences,
    lastSupport,
    sessions: count.sessions,
    isListed,
  };
};
