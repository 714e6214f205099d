/**
 * Lists of sequences against the planted truth: the system's own list and two plain ones made from the same counts.
 * Right is what the API itself requires: see `judge`.
 */
import { precedenceScores, type SequenceCount, scoreDefaults } from '@precede/sequence';
import { habit, journeys, requiredBefore } from './api.ts';

/** Oldest first; `score` is what the list is sorted by. */
export interface Listed {
  readonly operations: readonly number[];
  readonly score: number;
}

const isEligible = (each: SequenceCount): boolean =>
  each.operations.length > 1 &&
  each.occurrences >= scoreDefaults.minSupport &&
  each.sessions >= scoreDefaults.minSessions;

const fallingThenByIds = (a: Listed, b: Listed): number =>
  b.score - a.score || (a.operations.join() < b.operations.join() ? -1 : 1);

export const byPrecedence = (counts: readonly SequenceCount[]): Listed[] =>
  precedenceScores(counts).filter((each) => each.isListed);

/** Baseline: the matrix of P(next | previous), its largest entries first. */
export const byTransition = (counts: readonly SequenceCount[]): Listed[] => {
  const pairs = counts.filter((each) => each.operations.length === 2);
  const left = new Map<number | undefined, number>();
  for (const { operations, occurrences } of pairs)
    left.set(operations[0], (left.get(operations[0]) ?? 0) + occurrences);
  return pairs
    .filter(isEligible)
    .map(({ operations, occurrences }) => ({
      operations,
      score: occurrences / (left.get(operations[0]) ?? occurrences),
    }))
    .sort(fallingThenByIds);
};

/** Baseline: what occurred most, of any length. */
export const byCount = (counts: readonly SequenceCount[]): Listed[] =>
  counts
    .filter(isEligible)
    .map(({ operations, occurrences }) => ({ operations, score: occurrences }))
    .sort(fallingThenByIds);

/**
 * required: the API refuses every operation of it unless the one before it (or an accepted alternative to that) came
 * earlier. habit: at least one neighbour pair is only what the client's program always does; traffic looks the same.
 */
export type Judgement = 'required' | 'habit' | 'wrong';

export const judge = (operations: readonly number[]): Judgement => {
  let isHabit = false;
  for (let i = 1; i < operations.length; i += 1) {
    const [from, to] = [operations[i - 1] as number, operations[i] as number];
    if (ancestorsOf(to).has(from)) continue;
    if (!isOfHabit(from, to)) return 'wrong';
    isHabit = true;
  }
  return isHabit ? 'habit' : 'required';
};

const isOfHabit = (from: number, to: number): boolean =>
  habit.includes(from) && habit.indexOf(to) > habit.indexOf(from);

const known = new Map<number, ReadonlySet<number>>();
/** What the API has accepted, directly or not, before it accepts this. */
const ancestorsOf = (operation: number): ReadonlySet<number> => {
  const done = known.get(operation);
  if (done !== undefined) return done;
  const all = requiredBefore(operation).flatMap((each) => [each, ...ancestorsOf(each)]);
  known.set(operation, new Set(all));
  return new Set(all);
};

/** Every way through every journey. */
export const ways: readonly (readonly number[])[] = journeys.flatMap(({ steps }) =>
  steps.reduce<number[][]>((begun, step) => begun.flatMap((way) => step.map((each) => [...way, each])), [[]]),
);
/** Every step with the one that the API requires directly before it. */
export const requiredPairs: readonly (readonly number[])[] = [
  ...new Map(
    ways.flatMap((way) => way.slice(1).map((to, i) => [`${way[i]},${to}`, [way[i] as number, to]] as const)),
  ).values(),
];

export interface Quality {
  /** Share of the list that is required, and that is required or habit. */
  readonly precision: number;
  readonly withHabit: number;
  /** Share of the required pairs, and of the ways from first to last step, that a right sequence of the list holds. */
  readonly pairs: number;
  readonly ways: number;
}

export const qualityOf = (list: readonly Listed[]): Quality => {
  const judged = list.map(({ operations }) => judge(operations));
  const right = list.filter((_, i) => judged[i] === 'required').map(({ operations }) => textOf(operations));
  const shareFound = (wanted: readonly (readonly number[])[]): number =>
    wanted.filter((each) => right.some((text) => text.includes(textOf(each)))).length / wanted.length;
  const shareOf = (...judgements: readonly Judgement[]): number =>
    judged.filter((each) => judgements.includes(each)).length / Math.max(1, list.length);
  return {
    precision: shareOf('required'),
    withHabit: shareOf('required', 'habit'),
    pairs: shareFound(requiredPairs),
    ways: shareFound(ways),
  };
};
/** So that one text holds another where one sequence holds the other. */
const textOf = (operations: readonly number[]): string => `,${operations},`;

/** Entries read from the top until nine in ten of `wanted` are found, with the wrong ones among them; null: never. */
export const readUntilFound = (
  list: readonly Listed[],
  wanted: readonly (readonly number[])[],
): { readonly read: number; readonly wrong: number } | null => {
  let missing = wanted.map(textOf);
  let wrong = 0;
  for (const [i, { operations }] of list.entries()) {
    const judgement = judge(operations);
    if (judgement === 'wrong') wrong += 1;
    if (judgement !== 'required') continue;
    missing = missing.filter((each) => !textOf(operations).includes(each));
    if (missing.length * 10 <= wanted.length) return { read: i + 1, wrong };
  }
  return null;
};
