/**
 * How often the 99 % interval of a score holds the planted probability, and how far the score is from it: for the
 * sequences that a day lists, and for sequences chosen beforehand, whose choice owes nothing to the day that is measured.
 */
import { betaInterval, precedenceScores, type ScoredSequence, type SequenceCount } from '@precede/sequence';
import type { Planted } from './truth.ts';

export interface CoverageRow {
  readonly band: string;
  readonly intervals: number;
  readonly meanError: number;
  readonly asListed: number;
  readonly beforehand: number;
  /** Median and 95th percentile of the design effect of what is listed. */
  readonly designEffect: readonly [number, number];
  /** As `beforehand`, occurrences divided by the design effect of each sequence where that is above 1. */
  readonly widened: number;
}

export const supportBands: readonly (readonly [number, number])[] = [
  [10, 30],
  [30, 100],
  [100, 1_000],
  [1_000, Number.POSITIVE_INFINITY],
];
const bandName = ([from, to]: readonly [number, number]): string =>
  to === Number.POSITIVE_INFINITY ? `${from} and more` : `${from} to ${to - 1}`;
const isIn = ([from, to]: readonly [number, number], support: number): boolean =>
  support >= from && support < to;

interface Trial {
  readonly support: number;
  readonly error: number;
  readonly isCovered: boolean;
  readonly designEffect: number;
}

/** What is kept of a day: its list, and the occurrences of the sequences chosen before it and of their last operations. */
export interface Day {
  readonly listed: readonly ScoredSequence[];
  readonly occurrences: ReadonlyMap<string, number>;
}

export const dayOf = (counts: readonly SequenceCount[], chosen: readonly (readonly number[])[]): Day => {
  const wanted = new Set(chosen.map((each) => each.join()));
  return {
    listed: precedenceScores(counts).filter((each) => each.isListed),
    occurrences: new Map(
      counts
        .map((each) => [each.operations.join(), each.occurrences] as const)
        .filter(([key]) => wanted.has(key) || !key.includes(',')),
    ),
  };
};

/** The first day only chooses for the others, which were made with its list. */
export const coverageOf = (
  days: readonly Day[],
  sessionsADay: number,
  plantedOf: (operations: readonly number[]) => Planted,
): CoverageRow[] => {
  const listed = days.flatMap((day) => day.listed.map((each) => trialOf(each, plantedOf(each.operations))));
  const chosen = (days[0]?.listed ?? []).map(({ operations }) => ({
    operations,
    planted: plantedOf(operations),
  }));
  const beforehand = days.slice(1).flatMap((day) =>
    chosen.map(({ operations, planted }) => ({
      support: planted.perSession * sessionsADay,
      plain: chosenTrial(operations, day, planted, 1),
      widened: chosenTrial(operations, day, planted, Math.max(1, planted.designEffect || 1)),
    })),
  );
  return supportBands.map((band) => {
    const own = listed.filter((each) => isIn(band, each.support));
    // By expected support, so that not even the band depends on the day.
    const others = beforehand.filter((each) => isIn(band, each.support));
    return {
      band: bandName(band),
      intervals: own.length,
      meanError: own.reduce((sum, each) => sum + each.error, 0) / own.length,
      asListed: covered(own),
      beforehand: covered(others.map((each) => each.plain)),
      designEffect: [quantile(own, 0.5), quantile(own, 0.95)],
      widened: covered(others.map((each) => each.widened)),
    };
  });
};

const covered = (trials: readonly Trial[]): number =>
  trials.filter((each) => each.isCovered).length / trials.length;
const quantile = (trials: readonly Trial[], at: number): number => {
  const sorted = trials.map((each) => each.designEffect).sort((a, b) => a - b);
  return sorted[Math.floor(at * (sorted.length - 1))] ?? Number.NaN;
};

const trialOf = (
  { score, support, low, high }: Pick<ScoredSequence, 'score' | 'support' | 'low' | 'high'>,
  { probability, designEffect }: Planted,
): Trial => ({
  support,
  error: Math.abs(score - probability),
  isCovered: low <= probability && probability <= high,
  designEffect,
});

/** With a divisor: as if there were that many times fewer occurrences, which is what dependence costs. */
const chosenTrial = (
  operations: readonly number[],
  { occurrences }: Day,
  planted: Planted,
  divisor: number,
): Trial => {
  const support = occurrences.get(operations.join()) ?? 0;
  const all = occurrences.get(String(operations.at(-1))) ?? 0;
  const interval = betaInterval(support / divisor, all / divisor);
  return trialOf({ score: support / Math.max(1, all), support, ...interval }, planted);
};
