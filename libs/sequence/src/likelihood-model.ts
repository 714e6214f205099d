/**
 * What a zone's sessions usually do next: the counts of collapsed sequences as a chain of variable order, held as a trie
 * of contexts read from the newest operation back, bounded in contexts. It is its rows: what one process learnt another
 * loads. `likelihood.ts` asks it for probabilities.
 */
import { keyOf, type SequenceCount } from './prune.ts';

/** Stands before the first operation of a session, in contexts and in rows; no operation has it. */
export const START = -1;

/** Once learnt: after `context` (oldest first, empty for every position) came `next` so often. */
export interface ModelRow {
  readonly context: readonly number[];
  readonly next: number;
  readonly occurrences: number;
}

export interface ModelOptions {
  /** Longest context, the start of the session counted as one; 1 to 8. */
  readonly maxContext: number;
  /** Contexts held; beyond it those that occurred least are left out. */
  readonly maxContexts: number;
  /** A context that occurred less often says nothing of its own. */
  readonly minOccurrences: number;
  /** What fewer sessions did after a context is not learnt for it: one looping client makes nothing usual. */
  readonly minSessions: number;
}

export const modelDefaults: ModelOptions = {
  maxContext: 3,
  maxContexts: 50_000,
  minOccurrences: 10,
  minSessions: 5,
};

/** What followed one context, and the contexts that are longer by one operation before it. */
export interface ModelNode {
  readonly next: Map<number, number>;
  total: number;
  readonly longer: Map<number, ModelNode>;
}

export interface Model {
  readonly root: ModelNode;
  readonly maxContext: number;
  readonly contexts: number;
}

/**
 * Learns from the counts of a zone, collapsed form, lengths 1 to maxContext + 1 (longer ones are passed over). A start
 * is an occurrence that none of the longer counts holds, so all counts of those lengths are wanted: where rare ones were
 * dropped, their occurrences look like starts. O(counts × maxContext), and a sort of the contexts.
 */
export const buildModel = (counts: Iterable<SequenceCount>, options: Partial<ModelOptions> = {}): Model => {
  const settings = { ...modelDefaults, ...options };
  const usable = [...counts].filter((each) => each.operations.length <= settings.maxContext + 1);
  const byContext = Map.groupBy(learntRows(usable, settings), (row) => keyOf(row.context));
  const contexts = [...byContext.values()]
    .map((rows) => ({ rows, context: rows[0]?.context ?? [], total: totalOf(rows) }))
    .filter(({ context, total }) => isGeneral(context) || total >= settings.minOccurrences)
    .sort((a, b) => b.total - a.total || a.context.length - b.context.length || before(a.context, b.context));
  return modelFromRows(contexts.slice(0, settings.maxContexts).flatMap(({ rows }) => rows));
};

/** No context, or the bare start: what every session has. */
const isGeneral = (context: readonly number[]): boolean =>
  context.length === 0 || (context[0] === START && context.length === 1);
const totalOf = (rows: readonly ModelRow[]): number => rows.reduce((sum, row) => sum + row.occurrences, 0);
const before = (a: readonly number[], b: readonly number[]): number => (keyOf(a) < keyOf(b) ? -1 : 1);

const learntRows = (counts: readonly SequenceCount[], settings: ModelOptions): ModelRow[] => {
  const continued = new Map<string, number>();
  for (const { operations, occurrences } of counts) {
    if (operations.length === 1) continue;
    const ending = keyOf(operations.slice(1));
    continued.set(ending, (continued.get(ending) ?? 0) + occurrences);
  }
  const rows: ModelRow[] = [];
  for (const { operations, occurrences, sessions } of counts) {
    const context = operations.slice(0, -1);
    const next = operations.at(-1) as number;
    const isUsual = sessions >= settings.minSessions;
    if (context.length === 0 || isUsual) rows.push({ context, next, occurrences });
    // A window starts once, so starts are windows.
    const starts = occurrences - (continued.get(keyOf(operations)) ?? 0);
    if (operations.length <= settings.maxContext && isUsual && starts >= settings.minSessions)
      rows.push({ context: [START, ...context], next, occurrences: starts });
  }
  return rows;
};

/** The model of rows that `modelRows` gave, in any order. */
export const modelFromRows = (rows: Iterable<ModelRow>): Model => {
  const root = newNode();
  let maxContext = 0;
  let contexts = 0;
  for (const { context, next, occurrences } of rows) {
    let node = root;
    for (let at = context.length - 1; at >= 0; at -= 1) node = longerOf(node, context[at] as number);
    if (node.next.size === 0) contexts += 1;
    node.next.set(next, (node.next.get(next) ?? 0) + occurrences);
    node.total += occurrences;
    maxContext = Math.max(maxContext, context.length);
  }
  return { root, maxContext, contexts };
};

const newNode = (): ModelNode => ({ next: new Map(), total: 0, longer: new Map() });

const longerOf = (node: ModelNode, operation: number): ModelNode => {
  let longer = node.longer.get(operation);
  if (longer === undefined) {
    longer = newNode();
    node.longer.set(operation, longer);
  }
  return longer;
};

/** Everything the model knows, shorter contexts before the longer ones that end alike. */
export const modelRows = (model: Model): ModelRow[] => {
  const rows: ModelRow[] = [];
  const walk = (node: ModelNode, context: readonly number[]): void => {
    for (const [next, occurrences] of node.next) rows.push({ context, next, occurrences });
    for (const [operation, longer] of node.longer) walk(longer, [operation, ...context]);
  };
  walk(model.root, []);
  return rows;
};
