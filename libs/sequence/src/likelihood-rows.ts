/**
 * What a zone's sessions usually do next, learnt from the counts of collapsed sequences: after which context came which
 * operation how often. Bounded in contexts; rows are what one process stores and another loads.
 */
import { keyOf, type SequenceCount } from './table.ts';

/** Stands before the first operation of a session, in contexts and in rows; no operation has it. */
export const START = -1;

/** Stands in rows for every next operation that was not learnt for its context: their share goes to shorter contexts. */
export const OTHER = -2;

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

/**
 * The rows of a model of a zone, from its counts: collapsed form, lengths 1 to maxContext + 1 (longer ones are passed over). A start
 * is an occurrence that none of the longer counts holds, so all counts of those lengths are wanted: where rare ones were
 * dropped, their occurrences look like starts. O(counts × maxContext), and a sort of the contexts.
 */
export const learnRows = (
  counts: Iterable<SequenceCount>,
  options: Partial<ModelOptions> = {},
): ModelRow[] => {
  const settings = { ...modelDefaults, ...options };
  const usable = [...counts].filter((each) => each.operations.length <= settings.maxContext + 1);
  const byContext = Map.groupBy(learntRows(usable, settings), (row) => keyOf(row.context));
  const contexts = [...byContext.values()]
    .map((rows) => ({ rows, context: rows[0]?.context ?? [], total: totalOf(rows) }))
    .filter(({ context, total }) => isGeneral(context) || total >= settings.minOccurrences)
    .sort((a, b) => b.total - a.total || a.context.length - b.context.length || before(a.context, b.context));
  return contexts.slice(0, settings.maxContexts).flatMap(({ rows }) => rows);
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
    const isLearnt = context.length === 0 || sessions >= settings.minSessions;
    rows.push({ context, next: isLearnt ? next : OTHER, occurrences });
    if (operations.length > settings.maxContext) continue;
    const starts = occurrences - (continued.get(keyOf(operations)) ?? 0);
    // A window starts once, so starts are windows.
    const startNext = starts >= settings.minSessions ? next : OTHER;
    if (starts > 0) rows.push({ context: [START, ...context], next: startNext, occurrences: starts });
  }
  return rows;
};

/**
 * The same knowledge read from the end: after which operations (the nearest last in `context`) stood which before them,
 * the start of the session included, for contexts of at most `maxContext`. Every row is the count of one sequence, so it
 * says what preceded the rest of it; what the rows do not explain is OTHER.
 */
export const rowsBackwards = (rows: Iterable<ModelRow>, maxContext: number): ModelRow[] => {
  const learnt = [...rows].filter((row) => row.next !== OTHER && row.context.length <= maxContext);
  const unexplained = new Map<string, { context: readonly number[]; left: number }>();
  const backwards: ModelRow[] = [];
  let starts = 0;
  for (const { context, next, occurrences } of learnt) {
    const sequence = [...context, next];
    const reversed = sequence.toReversed();
    if (context[0] === START && context.length === 1) starts += occurrences;
    if (context[0] !== START && sequence.length <= maxContext)
      unexplained.set(keyOf(reversed), { context: reversed, left: occurrences });
    backwards.push({ context: reversed.slice(0, -1), next: sequence[0] as number, occurrences });
  }
  if (starts > 0) backwards.push({ context: [], next: START, occurrences: starts });
  for (const { context, occurrences } of backwards) {
    const known = unexplained.get(keyOf(context));
    if (known !== undefined) known.left -= occurrences;
  }
  for (const { context, left } of unexplained.values())
    if (left > 0) backwards.push({ context, next: OTHER, occurrences: left });
  return backwards;
};
