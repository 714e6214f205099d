/**
 * Two generators of sessions whose probabilities are known exactly, for the coverage of intervals: sessions of one pair,
 * so that every occurrence is independent of every other, and sessions that are stretches of a stationary Markov chain.
 */
import { drawsOf } from './api.ts';

export interface ExactGenerator {
  readonly name: string;
  readonly sessionOf: (seed: number, session: number) => readonly number[];
  /** P(preceded directly and in order by the others), of at most three operations. */
  readonly probabilityOf: (operations: readonly number[]) => number;
}

const pickBy = (shares: readonly number[], at: number): number => {
  let left = at;
  for (const [i, share] of shares.entries()) {
    left -= share;
    if (left < 0) return i;
  }
  return shares.length - 1;
};
const normalised = (weights: readonly number[]): number[] => {
  const whole = weights.reduce((sum, each) => sum + each, 0);
  return weights.map((each) => each / whole);
};

/** First operation 0 … 9, second 10 … 19, by one joint distribution that is far from even. */
export const independentPairs = (): ExactGenerator => {
  const draw = drawsOf(7, 0);
  const joint = normalised(Array.from({ length: 100 }, () => draw() ** 4));
  const lastShare = (last: number): number =>
    joint.reduce((sum, share, i) => sum + (i % 10 === last - 10 ? share : 0), 0);
  return {
    name: 'one pair a session',
    sessionOf: (seed, session) => {
      const pair = pickBy(joint, drawsOf(seed, session)());
      return [Math.floor(pair / 10), 10 + (pair % 10)];
    },
    probabilityOf: ([first = 0, last = 0]) => (joint[first * 10 + last - 10] ?? 0) / lastShare(last),
  };
};

const size = 20;
const steps = 12;

/** Twelve operations of a chain over twenty, none followed by itself. */
export const markovSessions = (): ExactGenerator => {
  const draw = drawsOf(8, 0);
  const next = Array.from({ length: size }, (_, from) =>
    normalised(Array.from({ length: size }, (_, to) => (from === to ? 0 : draw() ** 4))),
  );
  const stationary = stationaryOf(next);
  return {
    name: 'Markov chain',
    sessionOf: (seed, session) => {
      const drawOne = drawsOf(seed, session);
      const operations = [pickBy(stationary, drawOne())];
      while (operations.length < steps)
        operations.push(pickBy(next[operations.at(-1) as number] ?? [], drawOne()));
      return operations;
    },
    probabilityOf: (operations) => {
      let joint = stationary[operations[0] as number] as number;
      for (let i = 1; i < operations.length; i += 1)
        joint *= next[operations[i - 1] as number]?.[operations[i] as number] ?? 0;
      // The first operations of a session have too few before them.
      const reach = (steps - operations.length + 1) / steps;
      return (reach * joint) / (stationary[operations.at(-1) as number] as number);
    },
  };
};

const stationaryOf = (next: readonly (readonly number[])[]): number[] => {
  let shares = next.map(() => 1 / size);
  for (let round = 0; round < 1_000; round += 1)
    shares = shares.map((_, to) =>
      shares.reduce((sum, share, from) => sum + share * (next[from]?.[to] ?? 0), 0),
    );
  return shares;
};
