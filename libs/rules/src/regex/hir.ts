/**
 * What a pattern means, freed of its notation: flags are worked in, letters that ignore case are classes, repetitions have
 * numbers. Both matchers are made from this tree. Every node knows its shortest and longest match and how many states of an
 * automaton it takes, so that a pattern that is too large is refused before anything is built.
 */
import { Look } from './look.ts';
import { lastByte, type Ranges, rangesOf } from './ranges.ts';
import { utf8AutomatonOf } from './utf8.ts';

export interface Measures {
  /** Bytes of the shortest and the longest match; the longest may be Infinity. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** States of the automaton, at most. Infinity if absurd. */
  readonly states: number;
}

export type Hir = Measures &
  (
    | { readonly kind: 'empty' }
    | { readonly kind: 'literal'; readonly bytes: string }
    /** One byte of the set. */
    | { readonly kind: 'bytes'; readonly set: Ranges }
    /** The UTF-8 encoding of one code point of the set. */
    | { readonly kind: 'scalars'; readonly set: Ranges }
    | { readonly kind: 'look'; readonly look: Look }
    | { readonly kind: 'concatenation'; readonly items: readonly Hir[] }
    /** Earlier branches are preferred. */
    | { readonly kind: 'alternation'; readonly branches: readonly Hir[] }
    | {
        readonly kind: 'repetition';
        readonly item: Hir;
        readonly min: number;
        /** Infinity if there is no end. */
        readonly max: number;
        readonly isGreedy: boolean;
      }
    /** Group 0 is the whole match and has no node. */
    | { readonly kind: 'capture'; readonly group: number; readonly name: string | null; readonly item: Hir }
  );

export const empty: Hir = { kind: 'empty', minBytes: 0, maxBytes: 0, states: 0 };

export const literal = (bytes: string): Hir => ({
  kind: 'literal',
  bytes,
  minBytes: bytes.length,
  maxBytes: bytes.length,
  states: bytes.length,
});

export const byteClass = (set: Ranges): Hir =>
  set.length === 2 && set[0] === set[1]
    ? literal(String.fromCharCode(set[0] as number))
    : { kind: 'bytes', set, minBytes: 1, maxBytes: 1, states: 1 };

const lastAscii = 0x7f;

export const scalarClass = (set: Ranges): Hir => {
  if ((set.at(-1) ?? 0) <= lastAscii) return byteClass(set);
  return { kind: 'scalars', set, minBytes: 1, maxBytes: 4, states: utf8AutomatonOf(set).nodes.length };
};

export const assertion = (look: Look): Hir => ({ kind: 'look', look, minBytes: 0, maxBytes: 0, states: 1 });

/** Literals side by side become one. */
export const concatenation = (parts: readonly Hir[]): Hir => {
  const items: Hir[] = [];
  for (const part of parts)
    if (part.kind === 'concatenation') for (const item of part.items) addItem(items, item);
    else addItem(items, part);
  if (items.length < 2) return items[0] ?? empty;
  return {
    kind: 'concatenation',
    items,
    minBytes: sum(items, (item) => item.minBytes),
    maxBytes: sum(items, (item) => item.maxBytes),
    states: sum(items, (item) => item.states),
  };
};

const addItem = (items: Hir[], item: Hir): void => {
  const last = items.at(-1);
  if (item.kind === 'literal' && last?.kind === 'literal')
    items[items.length - 1] = literal(last.bytes + item.bytes);
  else if (item.kind !== 'empty') items.push(item);
};

const sum = (nodes: readonly Hir[], measure: (node: Hir) => number): number =>
  nodes.reduce((total, node) => total + measure(node), 0);

/** Branches of one byte each become one class. */
export const alternation = (branches: readonly Hir[]): Hir => {
  if (branches.length < 2) return branches[0] ?? empty;
  const sets = branches.map(byteSetOf);
  if (sets.every((set) => set !== undefined)) return byteClass(rangesOf(sets.flat()));
  return {
    kind: 'alternation',
    branches,
    minBytes: branches.reduce((least, branch) => Math.min(least, branch.minBytes), Number.POSITIVE_INFINITY),
    maxBytes: branches.reduce((most, branch) => Math.max(most, branch.maxBytes), 0),
    states: sum(branches, (branch) => branch.states + 1),
  };
};

const byteSetOf = (node: Hir): Ranges | undefined => {
  if (node.kind === 'bytes') return node.set;
  if (node.kind !== 'literal' || node.bytes.length !== 1) return undefined;
  return [node.bytes.charCodeAt(0) & lastByte, node.bytes.charCodeAt(0) & lastByte];
};

/** What matches nothing but the empty text is worth repeating once at most. */
export const repetition = (item: Hir, min: number, max: number, isGreedy: boolean): Hir => {
  const least = item.maxBytes === 0 ? Math.min(min, 1) : min;
  const most = item.maxBytes === 0 ? Math.min(max, 1) : max;
  if (most === 0) return empty;
  if (least === 1 && most === 1) return item;
  const copies = most === Number.POSITIVE_INFINITY ? Math.max(least, 1) : most;
  return {
    kind: 'repetition',
    item,
    min: least,
    max: most,
    isGreedy,
    minBytes: least * item.minBytes,
    maxBytes: item.maxBytes === 0 ? 0 : most * item.maxBytes,
    states: copies * item.states + (most === Number.POSITIVE_INFINITY ? 2 : most - least),
  };
};

export const capture = (group: number, name: string | null, item: Hir): Hir => ({
  kind: 'capture',
  group,
  name,
  item,
  minBytes: item.minBytes,
  maxBytes: item.maxBytes,
  states: item.states + 2,
});

/** Whether a match can start nowhere but where the text starts. */
export const startsAtText = (hir: Hir): boolean => {
  switch (hir.kind) {
    case 'look':
      return hir.look === Look.textStart;
    case 'capture':
      return startsAtText(hir.item);
    case 'repetition':
      return hir.min > 0 && startsAtText(hir.item);
    case 'concatenation':
      return startsAtText(hir.items[0] as Hir);
    case 'alternation':
      return hir.branches.every(startsAtText);
    default:
      return false;
  }
};
