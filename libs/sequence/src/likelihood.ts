/**
 * How likely a session is under the model of its zone: the mean of all its steps, its least likely one, which a long
 * session hides from the mean, and its anomaly: what came before its operations, beyond what usually comes before them.
 * docs/insight.md has what each of them finds.
 */
import { type Chain, chainFromRows, chainRows, entropyAt, probabilityAt } from './likelihood-chain.ts';
import { learnRows, type ModelOptions, type ModelRow, rowsBackwards, START } from './likelihood-rows.ts';
import type { SequenceCount } from './table.ts';

export interface Model {
  /** What comes next. */
  readonly forwards: Chain;
  /** What came before. */
  readonly backwards: Chain;
}

export interface RarestTransition {
  /** null: the start of the session. */
  readonly from: number | null;
  readonly to: number;
  readonly probability: number;
  /** Place of `to` in the operations that were given. */
  readonly at: number;
}

export interface SessionLikelihood {
  /** Mean of −ln P(operation | those before) over the steps, nats; 0 where there is no step. */
  readonly meanLogLoss: number;
  /** Operations that were foretold: repeats of the one before, and a first one without its start, are none. */
  readonly steps: number;
  /** The first of the least likely; null where there is no step. */
  readonly rarest: RarestTransition | null;
  /**
   * 0 and more: the sum over the steps of −ln P(operation before | those from here on), less its entropy, where that is
   * above 0, over the square root of the steps. What anything may precede adds nothing, whatever precedes it; what is
   * always preceded by the same adds much where it is not. Less the entropy, because that is what −ln P comes to by
   * itself (T. M. Cover and J. A. Thomas, Elements of Information Theory, asymptotic equipartition).
   */
  readonly anomaly: number;
}

/** Longest context of what came before: docs/insight.md has what one, two and three operations find. */
const backwardContext = 2;

/** From the counts of a zone in collapsed form: see `learnRows`. */
export const buildModel = (counts: Iterable<SequenceCount>, options: Partial<ModelOptions> = {}): Model =>
  modelFromRows(learnRows(counts, options));

/** The model of rows that `modelRows` gave; their order changes nothing but rounding. */
export const modelFromRows = (rows: readonly ModelRow[], maxBackwards = backwardContext): Model => ({
  forwards: chainFromRows(rows),
  backwards: chainFromRows(rowsBackwards(rows, maxBackwards)),
});

/** All that the model knows, to be stored. */
export const modelRows = (model: Model): ModelRow[] => chainRows(model.forwards);

/**
 * Likelihood of a session's operations, oldest first; direct repeats count once. `isWhole` is false where its oldest
 * operations are missing: then nothing is said of the first one given. O(operations × context length).
 */
export const sessionLikelihood = (
  model: Model,
  operations: readonly number[],
  isWhole = true,
): SessionLikelihood => {
  const symbols: number[] = isWhole ? [START] : [];
  let loss = 0;
  let rarest: RarestTransition | null = null;
  for (const [at, to] of operations.entries()) {
    const from = symbols.at(-1);
    if (from === to) continue;
    symbols.push(to);
    if (from === undefined) continue;
    const probability = probabilityAt(model.forwards, symbols, symbols.length - 1);
    loss -= Math.log(probability);
    if (rarest === null || probability < rarest.probability)
      rarest = { from: from === START ? null : from, to, probability, at };
  }
  const steps = Math.max(0, symbols.length - 1);
  return {
    meanLogLoss: steps === 0 ? 0 : Math.max(0, loss / steps),
    steps,
    rarest,
    anomaly: anomalyOf(model.backwards, symbols.toReversed()),
  };
};

/** `symbols` from the last operation of the session to its start. */
const anomalyOf = (backwards: Chain, symbols: readonly number[]): number => {
  let sum = 0;
  for (let at = 1; at < symbols.length; at += 1)
    sum += Math.max(0, -Math.log(probabilityAt(backwards, symbols, at)) - entropyAt(backwards, symbols, at));
  return sum / Math.sqrt(Math.max(1, symbols.length - 1));
};
