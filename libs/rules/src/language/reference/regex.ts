/**
 * Regular expressions over their tree, naively and twice: whether there is a match by sets of places, and which match comes
 * first, with what its groups hold, by going back and trying the next best. It shares the parser with the engine that rules
 * run on, and nothing else. No place is tried twice in one state, so that both end whatever the pattern.
 */
import type { Hir } from '../../regex/hir.ts';
import { parseRegex } from '../../regex/regex.ts';
import { toText } from '../values.ts';
import { fromBytes, type Octets } from './bytes.ts';
import { characterAfter, holdsAt } from './looks.ts';
import { fillTemplate } from './wildcard.ts';

type Repetition = Extract<Hir, { kind: 'repetition' }>;
type Leaf = Exclude<Hir, { kind: 'concatenation' | 'alternation' | 'repetition' | 'capture' }>;

const isIn = (ranges: readonly number[], value: number): boolean =>
  ranges.some((first, at) => at % 2 === 0 && first <= value && value <= (ranges[at + 1] ?? first));

/** How many bytes a leaf takes at this place; null if it does not match there. */
const lengthAt = (leaf: Leaf, bytes: string, at: number): number | null => {
  switch (leaf.kind) {
    case 'empty':
      return 0;
    case 'literal':
      return bytes.startsWith(leaf.bytes, at) ? leaf.bytes.length : null;
    case 'bytes':
      return at < bytes.length && isIn(leaf.set, bytes.charCodeAt(at)) ? 1 : null;
    case 'scalars': {
      const codePoint = characterAfter(bytes, at)?.codePointAt(0);
      if (codePoint === undefined || !isIn(leaf.set, codePoint)) return null;
      return new TextEncoder().encode(String.fromCodePoint(codePoint)).length;
    }
    case 'look':
      return holdsAt(leaf.look, bytes, at) ? 0 : null;
    default:
      return leaf satisfies never;
  }
};

/** Where matches that begin at one of the places can end. */
const endsOf = (node: Hir, bytes: string, starts: ReadonlySet<number>): ReadonlySet<number> => {
  switch (node.kind) {
    case 'concatenation':
      return node.items.reduce((places, item) => endsOf(item, bytes, places), starts);
    case 'alternation':
      return new Set(node.branches.flatMap((branch) => [...endsOf(branch, bytes, starts)]));
    case 'capture':
      return endsOf(node.item, bytes, starts);
    case 'repetition':
      return endsOfRounds(node, bytes, starts);
    default: {
      const ends = new Set<number>();
      for (const at of starts) {
        const length = lengthAt(node, bytes, at);
        if (length !== null) ends.add(at + length);
      }
      return ends;
    }
  }
};

const endsOfRounds = (node: Repetition, bytes: string, starts: ReadonlySet<number>): ReadonlySet<number> => {
  let places = starts;
  for (let round = 0; round < node.min && places.size > 0; round += 1)
    places = endsOf(node.item, bytes, places);
  const all = new Set(places);
  for (let round = node.min; round < node.max && places.size > 0; round += 1) {
    places = new Set([...endsOf(node.item, bytes, places)].filter((at) => !all.has(at)));
    for (const at of places) all.add(at);
  }
  return all;
};

/** Whether there is a match anywhere. */
export const hasMatch = (hir: Hir, bytes: string): boolean => {
  const everywhere = new Set(Array.from({ length: bytes.length + 1 }, (_each, at) => at));
  return endsOf(hir, bytes, everywhere).size > 0;
};

/** What comes next on the way to a match. */
type State =
  | { readonly kind: 'leaf'; readonly leaf: Leaf; readonly next: State }
  /** The earlier is preferred; filled in late where a round leads back. */
  | { readonly kind: 'choice'; readonly choices: State[] }
  | { readonly kind: 'edge'; readonly group: number; readonly isStart: boolean; readonly next: State }
  | { readonly kind: 'end' };

const statesOf = (node: Hir, next: State): State => {
  switch (node.kind) {
    case 'concatenation':
      return node.items.reduceRight((after, item) => statesOf(item, after), next);
    case 'alternation':
      return { kind: 'choice', choices: node.branches.map((branch) => statesOf(branch, next)) };
    case 'capture': {
      const { group } = node;
      const end: State = { kind: 'edge', group, isStart: false, next };
      return { kind: 'edge', group, isStart: true, next: statesOf(node.item, end) };
    }
    case 'repetition':
      return statesOfRounds(node, next);
    default:
      return { kind: 'leaf', leaf: node, next };
  }
};

/**
 * Rounds that must be, then rounds that may be. As in the crate, `item*` is `(item+)?` where the item can match nothing:
 * with the rule that no place is tried twice in one state, that decides what rounds without bytes give.
 */
const statesOfRounds = ({ item, min, max, isGreedy }: Repetition, next: State): State => {
  const prefer = (again: State): State[] => (isGreedy ? [again, next] : [next, again]);
  const isEndless = max === Number.POSITIVE_INFINITY;
  let state = next;
  if (isEndless) {
    const afterRound: State = { kind: 'choice', choices: [] };
    state = statesOf(item, afterRound);
    afterRound.choices.push(...prefer(state));
    if (min === 0) return item.minBytes === 0 ? { kind: 'choice', choices: prefer(state) } : afterRound;
  } else
    for (let round = min; round < max; round += 1)
      state = { kind: 'choice', choices: prefer(statesOf(item, state)) };
  for (let round = isEndless ? 1 : 0; round < min; round += 1) state = statesOf(item, state);
  return state;
};

/** Start and end of each group that took part. */
type Groups = ReadonlyMap<number, readonly [start: number, end: number]>;

/** The leftmost match, of those the preferred; group 0 is the whole. Null if there is none. */
export const firstMatch = (hir: Hir, bytes: string): Groups | null => {
  const first = statesOf({ ...hir, kind: 'capture', group: 0, name: null, item: hir }, { kind: 'end' });
  const tried = new Map<State, Set<number>>();
  for (let start = 0; start <= bytes.length; start += 1) {
    const groups = matchAt(first, bytes, start, tried);
    if (groups !== null) return groups;
  }
  return null;
};

const matchAt = (
  first: State,
  bytes: string,
  start: number,
  tried: Map<State, Set<number>>,
): Groups | null => {
  const paths: { state: State; at: number; groups: Groups }[] = [
    { state: first, at: start, groups: new Map() },
  ];
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const { state, at, groups } = path;
    const places = tried.get(state) ?? new Set();
    if (places.has(at)) continue;
    tried.set(state, places.add(at));
    if (state.kind === 'end') return groups;
    if (state.kind === 'choice')
      paths.push(...state.choices.map((each) => ({ state: each, at, groups })).reverse());
    else if (state.kind === 'edge')
      paths.push({ state: state.next, at, groups: withEdge(groups, state, at) });
    else {
      const length = lengthAt(state.leaf, bytes, at);
      if (length !== null) paths.push({ state: state.next, at: at + length, groups });
    }
  }
  return null;
};

const withEdge = (
  groups: Groups,
  { group, isStart }: { group: number; isStart: boolean },
  at: number,
): Groups => new Map(groups).set(group, isStart ? [at, at] : [groups.get(group)?.[0] ?? at, at]);

const treeOf = (pattern: string): Hir | null => {
  const parsed = parseRegex(pattern);
  return parsed.kind === 'parsed' ? parsed.hir : null;
};

export const isMatch = (value: Octets, pattern: string): boolean => {
  const hir = treeOf(pattern);
  return hir !== null && hasMatch(hir, fromBytes(value));
};

/** Replaces the first match; the pattern is UTF-8, and a value it does not match stays as it is. */
export const regexReplace = (source: Octets, pattern: Octets, template: Octets): Octets => {
  const hir = treeOf(toText(fromBytes(pattern)) ?? '(');
  const groups = hir === null ? null : firstMatch(hir, fromBytes(source));
  const [start, end] = groups?.get(0) ?? [];
  if (groups === null || start === undefined || end === undefined) return source;
  const held: (Octets | undefined)[] = [];
  for (const [group, [from, to]] of groups) held[group] = source.slice(from, to);
  return [...source.slice(0, start), ...fillTemplate(template, held), ...source.slice(end)];
};
