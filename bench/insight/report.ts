/** The measurements of one noise level, and of the generators whose probabilities are exact. */

import { contaminatedDay } from './abuse.ts';
import { type AnomalyRow, anomalyRows } from './anomalies.ts';
import { type ExactGenerator, independentPairs, markovSessions } from './chains.ts';
import { collapsed, countOperations, countThroughWindows } from './count.ts';
import { type CoverageRow, coverageOf, type Day, dayOf } from './coverage.ts';
import {
  byCount,
  byPrecedence,
  byTransition,
  judge,
  type Listed,
  type Quality,
  qualityOf,
  readUntilFound,
  requiredPairs,
  ways,
} from './lists.ts';
import { type SimulatedSession, sessionOf } from './traffic.ts';
import { PlantedSample } from './truth.ts';

export interface Extent {
  readonly sessions: number;
  readonly days: number;
  /** Sessions of the sample that the planted probabilities are from. */
  readonly sample: number;
}

export const noiseLevels = [0.01, 0.05, 0.15] as const;
const lengths = [30, 60] as const;
const makers = [
  ['precedence', byPrecedence],
  ['transition matrix', byTransition],
  ['top n-grams', byCount],
] as const;
/** Seeds of days are below, that of the sample above. */
const sampleSeed = 1_000_000;

interface QualityRow extends Quality {
  readonly list: string;
  readonly length: number;
}
/** Medians over days; null where the list of most days never gets there. */
interface ReadRow {
  readonly list: string;
  readonly pairs: Reading | null;
  readonly ways: Reading | null;
}
interface Reading {
  readonly read: number;
  readonly wrong: number;
}
interface BandRow {
  readonly band: string;
  readonly listed: number;
  readonly required: number;
  readonly withHabit: number;
}
export interface Level {
  readonly name: string;
  readonly requests: number;
  readonly listed: number;
  readonly quality: readonly QualityRow[];
  readonly reading: readonly ReadRow[];
  readonly bands: readonly BandRow[];
  readonly coverage: readonly CoverageRow[];
  readonly anomalies: readonly AnomalyRow[];
}

export const measureLevel = (noise: number, extent: Extent): Level => {
  const days: Day[] = [];
  const lists: Listed[][][] = [];
  let requests = 0;
  for (let day = 0; day < extent.days; day += 1) {
    const sessions = daySessions(day, extent.sessions, noise);
    requests += sessions.reduce((sum, each) => sum + each.requests.length, 0);
    const counts = countThroughWindows(sessions);
    lists.push(makers.map(([, make]) => make(counts)));
    days.push(dayOf(counts, chosenOf(days)));
  }
  const listed = lists.map((each) => each[0] ?? []);
  return {
    name: `${noise * 100} %`,
    requests: requests / extent.days,
    listed: mean(listed.map((each) => each.length)),
    quality: qualityRows(lists),
    reading: makers.map(([list], i) => ({
      list,
      pairs: medianReading(lists.map((ofDay) => readUntilFound(ofDay[i] ?? [], requiredPairs))),
      ways: medianReading(lists.map((ofDay) => readUntilFound(ofDay[i] ?? [], ways))),
    })),
    bands: bandRows(listed.flat()),
    coverage: coverageBySample(days, extent, (session) => {
      const { requests: made } = sessionOf(sampleSeed, session, noise);
      return collapsed(made.map((each) => each.operation));
    }),
    anomalies: anomalyRows(
      Array.from({ length: extent.days }, (_, day) => contaminatedDay(1_000 + day, extent.sessions, noise)),
      daySessions(0, extent.sessions, noise).map((each) => ({ ...each, abuse: null })),
    ),
  };
};

const daySessions = (day: number, sessions: number, noise: number): SimulatedSession[] =>
  Array.from({ length: sessions }, (_, i) => sessionOf(day + 1, i, noise));
const chosenOf = (days: readonly Day[]) => (days[0]?.listed ?? []).map((each) => each.operations);
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

const qualityRows = (lists: readonly (readonly (readonly Listed[])[])[]): QualityRow[] =>
  lengths.flatMap((length) =>
    makers.map(([list], i) => {
      const each = lists.map((ofDay) => qualityOf((ofDay[i] ?? []).slice(0, length)));
      return {
        list,
        length,
        precision: mean(each.map((quality) => quality.precision)),
        withHabit: mean(each.map((quality) => quality.withHabit)),
        pairs: mean(each.map((quality) => quality.pairs)),
        ways: mean(each.map((quality) => quality.ways)),
      };
    }),
  );

const medianReading = (readings: readonly (Reading | null)[]): Reading | null =>
  readings.toSorted((a, b) => (a?.read ?? Infinity) - (b?.read ?? Infinity))[readings.length >> 1] ?? null;

const scoreBands = [0.8, 0.5, 0.3, 0.2, 0.1, 0];
const bandRows = (listed: readonly Listed[]): BandRow[] =>
  scoreBands.map((from, i) => {
    const to = scoreBands[i - 1] ?? 1.1;
    const judged = listed
      .filter((each) => each.score >= from && each.score < to)
      .map((each) => judge(each.operations));
    const required = judged.filter((each) => each === 'required').length;
    const wrong = judged.filter((each) => each === 'wrong').length;
    return {
      band: to > 1 ? `${from} and more` : `${from} to ${to}`,
      listed: judged.length,
      required: required / judged.length,
      withHabit: 1 - wrong / judged.length,
    };
  });

const coverageBySample = (
  days: readonly Day[],
  extent: Extent,
  operationsOf: (session: number) => readonly number[],
  probabilityOf?: (operations: readonly number[]) => number,
): CoverageRow[] => {
  const sample = new PlantedSample(days.flatMap((day) => day.listed.map((each) => each.operations)));
  for (let session = 0; session < extent.sample; session += 1) sample.add(operationsOf(session));
  return coverageOf(days, extent.sessions, (operations) => {
    const planted = sample.plantedOf(operations);
    return probabilityOf === undefined ? planted : { ...planted, probability: probabilityOf(operations) };
  });
};

export interface ExactCoverage {
  readonly name: string;
  readonly coverage: readonly CoverageRow[];
}

/** Coverage where the planted probability is known exactly. */
export const measureExact = (extent: Extent): ExactCoverage[] =>
  [independentPairs(), markovSessions()].map((generator) => ({
    name: generator.name,
    coverage: coverageBySample(
      exactDays(generator, extent),
      extent,
      (session) => generator.sessionOf(sampleSeed, session),
      generator.probabilityOf,
    ),
  }));

const exactDays = (generator: ExactGenerator, extent: Extent): Day[] => {
  const days: Day[] = [];
  for (let day = 0; day < extent.days; day += 1) {
    const sessions = Array.from({ length: extent.sessions }, (_, i) => generator.sessionOf(day + 1, i));
    days.push(dayOf(countOperations(sessions), chosenOf(days)));
  }
  return days;
};
