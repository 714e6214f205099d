/**
 * Rows as a chain that gives probabilities: a trie of contexts read from the nearest operation on. What was learnt after a
 * context has its share, the rest is shared as after the context that is shorter by its farthest operation: back-off of
 * S. M. Katz (IEEE Transactions on Acoustics, Speech and Signal Processing 35(3), 1987) with the discount of method C of
 * I. H. Witten and T. C. Bell (The zero-frequency problem, IEEE Transactions on Information Theory 37(4), 1991).
 */
import { type ModelRow, OTHER } from './likelihood-rows.ts';

/** What followed one context, and the contexts that are longer by one operation. */
interface ChainNode {
  readonly next: Map<number, number>;
  /** Occurrences of the context. */
  total: number;
  /** Those of them whose next operation was not learnt. */
  other: number;
  /** What the shorter context gives to all that was not learnt here; above 0. */
  rest: number;
  /** Of what comes next, nats; without context it depends on the last operation, which is left out. */
  entropy: number;
  readonly longer: Map<number, ChainNode>;
}

export interface Chain {
  readonly root: ChainNode;
  /** Sum of n ln n over the operations without context, for entropies. */
  readonly weighted: number;
  readonly maxContext: number;
  readonly contexts: number;
}

/** The chain of rows; their order changes nothing but rounding. O(rows × context length). */
export const chainFromRows = (rows: Iterable<ModelRow>): Chain => {
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
  let weighted = 0;
  for (const occurrences of root.next.values()) weighted += occurrences * Math.log(occurrences);
  for (const [last, node] of root.longer) settle(node, last, [root], generalEntropy(root, last, weighted));
  return { root, weighted, maxContext, contexts };
};

const newNode = (): ChainNode => ({
  next: new Map(),
  total: 0,
  other: 0,
  rest: 1,
  entropy: 0,
  longer: new Map(),
});

const longerOf = (node: ChainNode, operation: number): ChainNode => {
  let longer = node.longer.get(operation);
  if (longer === undefined) {
    longer = newNode();
    node.longer.set(operation, longer);
  }
  return longer;
};

/** Shorter contexts first, as the longer ones build on theirs. */
const settle = (node: ChainNode, last: number, shorter: readonly ChainNode[], general: number): void => {
  const nodes = [...shorter, node];
  let restLoss = general;
  let ownLoss = 0;
  for (const next of node.next.keys()) {
    const probability = probabilityBy(shorter, last, next);
    node.rest -= probability;
    restLoss += probability * Math.log(probability);
  }
  // What is never learnt bounds it from below, whatever rounding takes away.
  node.rest = Math.max(node.rest, probabilityBy(shorter, last, OTHER));
  for (const next of node.next.keys()) {
    const probability = probabilityBy(nodes, last, next);
    ownLoss -= probability * Math.log(probability);
  }
  const left = leftOf(node);
  node.entropy =
    node.total === 0
      ? general
      : ownLoss + left * (Math.max(0, restLoss) / node.rest - Math.log(left / node.rest));
  for (const longer of node.longer.values()) settle(longer, last, nodes, node.entropy);
};

/** Share of all that was not learnt for a context. */
const leftOf = (node: ChainNode): number => (node.next.size + node.other) / (node.total + node.next.size);

/** Of the general shares, `last` left out; `weighted` is the sum of n ln n over all operations. */
const generalEntropy = (root: ChainNode, last: number | undefined, weighted: number): number => {
  const { all, kinds, excluded } = generalOf(root, last);
  if (all === 0) return 0;
  const others = excluded === 0 ? weighted : weighted - excluded * Math.log(excluded);
  return Math.max(0, Math.log(all) - (others + (kinds === 0 ? 0 : kinds * Math.log(kinds))) / all);
};

/** Everything the chain knows, shorter contexts before the longer ones that end alike. */
export const chainRows = (chain: Chain): ModelRow[] => {
  const rows: ModelRow[] = [];
  const walk = (node: ChainNode, context: readonly number[]): void => {
    for (const [next, occurrences] of node.next) rows.push({ context, next, occurrences });
    if (node.other > 0) rows.push({ context, next: OTHER, occurrences: node.other });
    for (const [operation, longer] of node.longer) walk(longer, [operation, ...context]);
  };
  walk(chain.root, []);
  return rows;
};

/**
 * P(symbols[at] | what stands before it), collapsed form. Over the known operations and one that is not known (any id the
 * chain has never seen: the share of all such) it sums to 1; the operation just before has 0. O(context length).
 *
 * With N(c) occurrences of context c, T(c) different operations learnt after it, D(c) occurrences of those not learnt:
 * what was learnt has count(c, x) / (N + T); all else shares (T + D) / (N + T) in the proportions of the shorter
 * context. Without any context the unknown have T / (N + T).
 */
export const probabilityAt = (chain: Chain, symbols: readonly number[], at: number): number => {
  const last = symbols[at - 1];
  const next = symbols[at] as number;
  return last === next ? 0 : probabilityBy(nodesAt(chain, symbols, at), last, next);
};

/** Entropy of what may stand there, nats: the mean of −ln P over it. O(context length). */
export const entropyAt = (chain: Chain, symbols: readonly number[], at: number): number => {
  const nodes = nodesAt(chain, symbols, at);
  return nodes.length === 1
    ? generalEntropy(chain.root, symbols[at - 1], chain.weighted)
    : (nodes.at(-1) as ChainNode).entropy;
};

/** From the root to the node of the longest context known. */
const nodesAt = ({ root, maxContext }: Chain, symbols: readonly number[], at: number): ChainNode[] => {
  const nodes = [root];
  for (let back = 1; back <= maxContext && back <= at; back += 1) {
    const node = nodes.at(-1)?.longer.get(symbols[at - back] as number);
    if (node === undefined) break;
    nodes.push(node);
  }
  return nodes;
};

const probabilityBy = (nodes: readonly ChainNode[], last: number | undefined, next: number): number => {
  const root = nodes[0] as ChainNode;
  const { all, kinds } = generalOf(root, last);
  let probability = all === 0 ? 1 : (root.next.get(next) ?? kinds) / all;
  for (let k = 1; k < nodes.length; k += 1) {
    const node = nodes[k] as ChainNode;
    if (node.total === 0) continue;
    const learnt = node.next.get(next);
    probability =
      learnt === undefined
        ? (leftOf(node) * probability) / node.rest
        : learnt / (node.total + node.next.size);
  }
  return probability;
};

/** Without any context; what cannot follow itself takes no part. `all` holds the share of the unknown. */
const generalOf = (
  root: ChainNode,
  last: number | undefined,
): { readonly all: number; readonly kinds: number; readonly excluded: number } => {
  const excluded = (last === undefined ? undefined : root.next.get(last)) ?? 0;
  const kinds = root.next.size - (excluded === 0 ? 0 : 1);
  return { all: root.total - excluded + kinds, kinds, excluded };
};
