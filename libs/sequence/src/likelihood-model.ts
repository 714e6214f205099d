/**
 * Rows as a model that gives probabilities: a trie of contexts read from the newest operation back. What was learnt after
 * a context has its share, the rest is shared as after the context that is shorter by its oldest operation: back-off of
 * S. M. Katz (IEEE Transactions on Acoustics, Speech and Signal Processing 35(3), 1987) with the discount of method C of
 * I. H. Witten and T. C. Bell (The zero-frequency problem, IEEE Transactions on Information Theory 37(4), 1991).
 */
import { learnRows, type ModelOptions, type ModelRow, OTHER } from './likelihood-rows.ts';
import type { SequenceCount } from './prune.ts';

/** What followed one context, and the contexts that are longer by one operation before it. */
interface ModelNode {
  readonly next: Map<number, number>;
  /** Occurrences of the context. */
  total: number;
  /** Those of them whose next operation was not learnt. */
  other: number;
  /** What the shorter context gives to all that was not learnt here; above 0. */
  rest: number;
  readonly longer: Map<number, ModelNode>;
}

export interface Model {
  readonly root: ModelNode;
  readonly maxContext: number;
  readonly contexts: number;
}

/** `learnRows` and `modelFromRows` in one. */
export const buildModel = (counts: Iterable<SequenceCount>, options: Partial<ModelOptions> = {}): Model =>
  modelFromRows(learnRows(counts, options));

/** The model of rows; their order changes nothing but rounding. O(rows × context length). */
export const modelFromRows = (rows: Iterable<ModelRow>): Model => {
  const root = newNode();
  let maxContext = 0;
  let contexts = 0;
  for (const { context, next, occurrences } of rows) {
    let node = root;
    for (let at = context.length - 1; at >= 0; at -= 1) node = longerOf(node, context[at] as number);
    if (node.total === 0) contexts += 1;
    if (next === OTHER) node.other += occurrences;
    else node.next.set(next, (node.next.get(next) ?? 0) + occurrences);
    node.total += occurrences;
    maxContext = Math.max(maxContext, context.length);
  }
  for (const [operation, node] of root.longer) setRest(node, operation, [root]);
  return { root, maxContext, contexts };
};

const newNode = (): ModelNode => ({ next: new Map(), total: 0, other: 0, rest: 1, longer: new Map() });

const longerOf = (node: ModelNode, operation: number): ModelNode => {
  let longer = node.longer.get(operation);
  if (longer === undefined) {
    longer = newNode();
    node.longer.set(operation, longer);
  }
  return longer;
};

/** Shorter contexts first: the longer ones build on theirs. */
const setRest = (node: ModelNode, last: number, shorter: readonly ModelNode[]): void => {
  for (const next of node.next.keys()) node.rest -= probabilityBy(shorter, last, next);
  // What is never learnt bounds it from below, whatever rounding takes away.
  node.rest = Math.max(node.rest, probabilityBy(shorter, last, OTHER));
  const nodes = [...shorter, node];
  for (const longer of node.longer.values()) setRest(longer, last, nodes);
};

/** Everything the model knows, shorter contexts before the longer ones that end alike. */
export const modelRows = (model: Model): ModelRow[] => {
  const rows: ModelRow[] = [];
  const walk = (node: ModelNode, context: readonly number[]): void => {
    for (const [next, occurrences] of node.next) rows.push({ context, next, occurrences });
    if (node.other > 0) rows.push({ context, next: OTHER, occurrences: node.other });
    for (const [operation, longer] of node.longer) walk(longer, [operation, ...context]);
  };
  walk(model.root, []);
  return rows;
};

/**
 * P(next | context), collapsed form: context oldest first, led by START where it reaches back to it. Over the known
 * operations and one that is not known (any id the model has never seen: the share of all such) it sums to 1; the
 * operation just before has 0. O(context length).
 *
 * With N(c) occurrences of context c, T(c) different operations learnt after it, D(c) occurrences of those not learnt:
 * what was learnt has count(c, x) / (N + T); all else shares (T + D) / (N + T) in the proportions of the shorter
 * context. Without any context the unknown have T / (N + T).
 */
export const probabilityAfter = (model: Model, context: readonly number[], next: number): number => {
  const last = context.at(-1);
  if (last === next) return 0;
  const nodes = [model.root];
  for (let back = 1; back <= model.maxContext && back <= context.length; back += 1) {
    const node = nodes.at(-1)?.longer.get(context[context.length - back] as number);
    if (node === undefined) break;
    nodes.push(node);
  }
  return probabilityBy(nodes, last, next);
};

/** `nodes` from the root to that of the longest context known. */
const probabilityBy = (nodes: readonly ModelNode[], last: number | undefined, next: number): number => {
  let probability = generalShare(nodes[0] as ModelNode, last, next);
  for (let k = 1; k < nodes.length; k += 1) {
    const node = nodes[k] as ModelNode;
    if (node.total === 0) continue;
    const kinds = node.next.size;
    const learnt = node.next.get(next);
    probability = (learnt ?? ((kinds + node.other) * probability) / node.rest) / (node.total + kinds);
  }
  return probability;
};

/** Without any context; what cannot follow itself takes no part. */
const generalShare = (root: ModelNode, last: number | undefined, next: number): number => {
  const excluded = last === undefined ? undefined : root.next.get(last);
  const kinds = root.next.size - (excluded === undefined ? 0 : 1);
  const all = root.total - (excluded ?? 0) + kinds;
  return all === 0 ? 1 : (root.next.get(next) ?? kinds) / all;
};
