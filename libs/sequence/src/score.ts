/**
 * Scores of a zone over one window, from its counts: precedence (collapsed form), lookback precedence of pairs,
 * correlation (raw form). Definitions: docs/scores.md. Order is total, so equal counts give equal lists.
 */
import { betaInterval } from './beta.ts';
import { keptContexts } from './prune.ts';
import { type CountTable, type SequenceCount, tableOf } from './table.ts';

export interface ScoreOptions {
  /** Occurrences below which a sequence is not listed. */
  readonly minSupport: number;
  /** Distinct sessions below which it is not listed: one looping client makes no sequence. */
  readonly minSessions: number;
  /** How many of those that are not listed are returned too, the ones with the most support; default: all. */
  readonly keepUnlisted?: number;
}

export const scoreDefaults: ScoreOptions = { minSupport: 10, minSessions: 5 };

export interface ScoredSequence {
  readonly operations: readonly number[];
  /** 0 … 1. */
  readonly score: number;
  /** 99 % interval; where occurrences may be missing, wide enough for all they may be. */
  readonly low: number;
  readonly high: number;
  readonly support: number;
  /** Occurrences of the last operation in the same form. */
  readonly lastSupport: number;
  /** Distinct sessions, exact below 32; an estimate above, never more than the support. */
  readonly sessions: number;
  /** Occurrences that the support may be short of at most; 0: exact. */
  readonly undercount: number;
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

/** What has occurred and is longer than one operation; of pairs all. */
const sequencesOf = ({ index, counts }: CountTable): number[] => {
  const nodes: number[] = [];
  for (let node = 1; node < counts.length; node += 1)
    if ((index.depth[node] as number) > 1 && counts[node] !== 0) nodes.push(node);
  return nodes;
};

/** Of a candidate: may it be listed for its support and sessions? */
interface Candidates {
  readonly nodes: readonly number[];
  readonly isEligible: (node: number) => boolean;
  readonly sessionsOf: (node: number) => number;
}

const candidatesOf = (table: CountTable, nodes: readonly number[], options: ScoreOptions): Candidates => {
  const { counts } = table;
  const chosen = mostSupported(counts, nodes, options);
  const wanted = new Uint8Array(counts.length);
  for (const node of chosen) wanted[node] = 1;
  const sessionsOf = table.sessions(wanted);
  return {
    nodes: chosen,
    sessionsOf,
    isEligible: (node) =>
      (counts[node] as number) >= options.minSupport && sessionsOf(node) >= options.minSessions,
  };
};

/** All that may be listed, and of the others those with the most support: two passes, as there are very many of them. */
const mostSupported = (
  counts: Float64Array,
  nodes: readonly number[],
  { minSupport, keepUnlisted }: ScoreOptions,
): readonly number[] => {
  if (keepUnlisted === undefined) return nodes;
  const withCount = new Map<number, number>();
  for (const node of nodes) {
    const count = counts[node] as number;
    if (count < minSupport) withCount.set(count, (withCount.get(count) ?? 0) + 1);
  }
  let room = keepUnlisted;
  let above = Number.POSITIVE_INFINITY;
  for (const count of [...withCount.keys()].sort((a, b) => b - a)) {
    if (room <= 0) break;
    room -= withCount.get(count) as number;
    above = count;
  }
  // Of those with the smallest count that is kept there may be too many: the first ones stay.
  let rest = room + (withCount.get(above) ?? 0);
  return nodes.filter((node) => {
    const count = counts[node] as number;
    if (count >= minSupport || count > above) return true;
    rest -= count === above ? 1 : 0;
    return count === above && rest >= 0;
  });
};

/** The listed ones in order, then as many of the others as are kept, those with the most support. */
const inOrder = (scored: ScoredSequence[], keepUnlisted: number | undefined): ScoredSequence[] => {
  if (keepUnlisted === undefined) return scored.sort(compareScored);
  const others = scored.filter((each) => !each.isListed);
  others.sort((a, b) => b.support - a.support || compareScored(a, b));
  return [...scored.filter((each) => each.isListed).sort(compareScored), ...others.slice(0, keepUnlisted)];
};

/** Every continuation of a kept context, sorted; `isListed` where it has support and is not redundant. Counts in collapsed form. */
export const precedenceScores = (
  counts: readonly SequenceCount[],
  options: ScoreOptions = scoreDefaults,
): ScoredSequence[] => precedenceOf(tableOf(counts), options);

export const precedenceOf = (table: CountTable, options: ScoreOptions): ScoredSequence[] => {
  const { index, counts } = table;
  const kept = keptContexts(index, counts);
  const nodes = sequencesOf(table).filter((node) => kept[index.contextOf(node)] === 1);
  const candidates = candidatesOf(table, nodes, options);
  const longer = longestStatements(table, candidates);
  const scored = candidates.nodes.map((node) => {
    // Whole numbers, so that 95 of 100 is 95 % exactly.
    const isRedundant = (longer.get(node) ?? 0) * 100 >= (counts[node] as number) * 95;
    return shareOf(table, table, node, index.lastOf(node), candidates, !isRedundant);
  });
  return inOrder(scored, options.keepUnlisted);
};

/** For each ending, the largest count of a longer eligible sequence that has it. */
const longestStatements = ({ index, counts }: CountTable, candidates: Candidates): Map<number, number> => {
  const largest = new Map<number, number>();
  for (const node of candidates.nodes) {
    if (!candidates.isEligible(node)) continue;
    for (
      let at = index.parent[node] as number;
      (index.depth[at] as number) > 1;
      at = index.parent[at] as number
    )
      largest.set(at, Math.max(largest.get(at) ?? 0, counts[node] as number));
  }
  return largest;
};

/** `last` is the number of the last operation in `whole`. */
const shareOf = (
  table: CountTable,
  whole: CountTable,
  node: number,
  last: number,
  candidates: Candidates,
  mayBeListed: boolean,
): ScoredSequence => {
  const support = table.counts[node] as number;
  // An end that the other table does not know has at least these occurrences.
  const lastSupport = Math.max(support, whole.counts[last] ?? 0);
  const undercount = table.missed?.[node] ?? 0;
  const lastUndercount = whole.missed?.[last] ?? 0;
  return {
    operations: table.index.operations(node),
    score: support / lastSupport,
    ...widened(support, lastSupport, undercount, lastUndercount),
    support,
    lastSupport,
    sessions: Math.min(support, candidates.sessionsOf(node)),
    undercount,
    isListed: mayBeListed && candidates.isEligible(node),
  };
};

const widened = (
  support: number,
  lastSupport: number,
  undercount: number,
  lastUndercount: number,
): { low: number; high: number } => {
  const { low, high } = betaInterval(support, lastSupport);
  if (undercount === 0 && lastUndercount === 0) return { low, high };
  const most = Math.min(support + undercount, lastSupport);
  return {
    low: betaInterval(support, lastSupport + lastUndercount).low,
    high: betaInterval(most, lastSupport).high,
  };
};

/** Share of the end's occurrences with the start in the lookback; `counts` in collapsed form, pairs as [start, end]. */
export const lookbackScores = (
  counts: readonly SequenceCount[],
  pairs: readonly SequenceCount[],
  options: ScoreOptions = scoreDefaults,
): ScoredSequence[] => lookbackOf(tableOf(counts), tableOf(pairs), options);

export const lookbackOf = (table: CountTable, pairs: CountTable, options: ScoreOptions): ScoredSequence[] => {
  const candidates = candidatesOf(pairs, sequencesOf(pairs), options);
  const scored = candidates.nodes.map((node) => {
    const end = pairs.index.operation[pairs.index.parent[node] as number] as number;
    return shareOf(pairs, table, node, table.index.child(0, end), candidates, true);
  });
  return inOrder(scored, options.keepUnlisted);
};

/** Normalised total correlation; counts in raw form. The first `top` with enough support are listed. */
export const correlationScores = (
  counts: readonly SequenceCount[],
  options: ScoreOptions = scoreDefaults,
  top = 20,
): ScoredSequence[] => correlationOf(tableOf(counts), positionsOf(counts), options, top);

/** `positions` by length − 1: positions with so many predecessors. */
export const correlationOf = (
  table: CountTable,
  positions: readonly number[],
  options: ScoreOptions,
  top = 20,
): ScoredSequence[] => {
  const candidates = candidatesOf(table, sequencesOf(table), options);
  const scored = candidates.nodes.map((node) => correlationAt(table, node, positions, candidates));
  const eligible = scored.filter((each) => each.isListed).sort(compareScored);
  const listed = new Set(eligible.slice(0, top));
  const flagged = scored.map((each) => (listed.has(each) ? each : { ...each, isListed: false }));
  return inOrder(flagged, options.keepUnlisted);
};

/** Each position with n − 1 predecessors completes exactly one sequence of length n. */
const positionsOf = (counts: readonly SequenceCount[]): number[] => {
  const positions: number[] = [];
  for (const { operations, occurrences } of counts)
    positions[operations.length - 1] = (positions[operations.length - 1] ?? 0) + occurrences;
  return positions;
};

const correlationAt = (
  table: CountTable,
  node: number,
  positions: readonly number[],
  candidates: Candidates,
): ScoredSequence => {
  const { index, counts } = table;
  const operations = index.operations(node);
  const support = counts[node] as number;
  const countOf = (operation: number): number => counts[index.child(0, operation)] || support;
  const all = positions[0] ?? 1;
  const logTogether = Math.log(support / (positions[operations.length - 1] ?? 1));
  let logApart = 0;
  for (const operation of operations) logApart += Math.log(countOf(operation) / all);
  const gain = (logTogether - logApart) / ((operations.length - 1) * -logTogether);
  const score = logTogether === 0 ? 1 : Math.min(1, Math.max(0, gain));
  return {
    operations,
    score,
    low: score,
    high: score,
    support,
    lastSupport: countOf(operations.at(-1) as number),
    sessions: Math.min(support, candidates.sessionsOf(node)),
    undercount: table.missed?.[node] ?? 0,
    isListed: candidates.isEligible(node),
  };
};
