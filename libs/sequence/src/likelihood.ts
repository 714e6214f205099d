/**
 * How likely a session is under the model of its zone: the mean of all its steps, its least likely one, which a long
 * session hides from the mean, and how much its order speaks against it. docs/insight.md has what each of them finds.
 */
import { type Model, probabilityAfter } from './likelihood-model.ts';
import { START } from './likelihood-rows.ts';

export interface RarestTransition {
  /** null: the start of the session. */
  readonly from: number | null;
  readonly to: number;
  readonly probability: number;
  /** Place of `to` in the operations that were given. */
  readonly at: number;
}

export interface SessionLikelihood {
  /** Mean of −ln P over the steps, nats; 0 where there is no step. */
  readonly meanLogLoss: number;
  /**
   * Nats by which its steps are less likely where they stand than anywhere: the sum of ln (P(next) / P(next | context))
   * over the steps where that is above 0 (negative pointwise mutual information; K. W. Church and P. Hanks,
   * Computational Linguistics 16(1), 1990). A rare operation in its usual place adds nothing.
   */
  readonly anomaly: number;
  /** Operations that were foretold: repeats of the one before, and a first one without its start, are none. */
  readonly steps: number;
  /** The first of the least likely; null where there is no step. */
  readonly rarest: RarestTransition | null;
}

/**
 * Likelihood of a session's operations, oldest first; direct repeats count once. `isWhole` is false where its oldest
 * operations are missing: then the first one given is only a context. O(operations × context length).
 */
export const sessionLikelihood = (
  model: Model,
  operations: readonly number[],
  isWhole = true,
): SessionLikelihood => {
  const symbols: number[] = isWhole ? [START] : [];
  let loss = 0;
  let anomaly = 0;
  let steps = 0;
  let rarest: RarestTransition | null = null;
  for (let at = 0; at < operations.length; at += 1) {
    const to = operations[at] as number;
    const from = symbols.at(-1);
    if (from === to) continue;
    if (from !== undefined) {
      const probability = probabilityAfter(model, symbols, to);
      loss -= Math.log(probability);
      anomaly += Math.max(0, Math.log(probabilityAfter(model, [], to) / probability));
      steps += 1;
      if (rarest === null || probability < rarest.probability)
        rarest = { from: from === START ? null : from, to, probability, at };
    }
    symbols.push(to);
  }
  return { meanLogLoss: steps === 0 ? 0 : Math.max(0, loss / steps), anomaly, steps, rarest };
};
