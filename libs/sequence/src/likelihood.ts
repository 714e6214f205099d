/**
 * How likely a session is under the model of its zone. A probability blends every context length with the next shorter
 * one by the escape of method C: I. H. Witten and T. C. Bell, "The zero-frequency problem", IEEE Transactions on
 * Information Theory 37(4), 1991; blended over contexts as in J. G. Cleary and I. H. Witten's PPM, IEEE Transactions on
 * Communications 32(4), 1984.
 */
import { type Model, type ModelNode, START } from './likelihood-model.ts';

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
  let steps = 0;
  let rarest: RarestTransition | null = null;
  for (let at = 0; at < operations.length; at += 1) {
    const to = operations[at] as number;
    const from = symbols.at(-1);
    if (from === to) continue;
    if (from !== undefined) {
      const probability = probabilityAfter(model, symbols, to);
      loss -= Math.log(probability);
      steps += 1;
      if (rarest === null || probability < rarest.probability)
        rarest = { from: from === START ? null : from, to, probability, at };
    }
    symbols.push(to);
  }
  return { meanLogLoss: steps === 0 ? 0 : Math.max(0, loss / steps), steps, rarest };
};

/**
 * P(next | context), collapsed form: context oldest first, led by START where it reaches back to it. Over the known
 * operations and one that is not known (any id the model has never seen: the share of all such) it sums to 1; the
 * operation just before has 0.
 *
 * P_k(x | c) = (count(c, x) + T(c) · P_{k−1}(x | c without its oldest)) / (N(c) + T(c)), with N(c) occurrences of c and
 * T(c) different operations after it; at k = 0 the share T / (N + T) is that of unknown operations.
 */
export const probabilityAfter = (model: Model, context: readonly number[], next: number): number => {
  const last = context.at(-1);
  if (last === next) return 0;
  let probability = generalShare(model.root, last, next);
  let node: ModelNode | undefined = model.root;
  for (let back = 1; back <= model.maxContext && back <= context.length; back += 1) {
    node = node.longer.get(context[context.length - back] as number);
    if (node === undefined) break;
    const kinds = node.next.size;
    if (kinds > 0) probability = ((node.next.get(next) ?? 0) + kinds * probability) / (node.total + kinds);
  }
  return probability;
};

/** Without any context; what cannot follow itself takes no part. */
const generalShare = (root: ModelNode, last: number | undefined, next: number): number => {
  const excluded = last === undefined ? undefined : root.next.get(last);
  const kinds = root.next.size - (excluded === undefined ? 0 : 1);
  const all = root.total - (excluded ?? 0) + kinds;
  if (all === 0) return 1;
  return (root.next.get(next) ?? kinds) / all;
};
