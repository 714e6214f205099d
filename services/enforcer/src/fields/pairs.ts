/**
 * `a=1&b&=c` of queries and URL-encoded forms. Nothing is decoded and no byte is lost: a piece without `=` is a name
 * with the value "", one that begins with it a value of the name "", and an empty piece (`&&`) is no pair.
 */
import type { Lists } from './context.ts';

export interface Pairs {
  /** In order, repeats too. */
  readonly names: readonly string[];
  /** As many as names. */
  readonly values: readonly string[];
  readonly lists: Lists;
}

export const parsePairs = (text: string): Pairs => {
  const names: string[] = [];
  const values: string[] = [];
  const lists = new Map<string, string[]>();
  for (const piece of text.split('&')) {
    if (piece === '') continue;
    const [name, value] = parsePair(piece);
    names.push(name);
    values.push(value);
    addTo(lists, name, value);
  }
  return { names, values, lists };
};

/** Parted at the first `=`. */
export const parsePair = (piece: string): readonly [name: string, value: string] => {
  const equals = piece.indexOf('=');
  return equals === -1 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)];
};

export const addTo = (lists: Map<string, string[]>, name: string, value: string): void => {
  const known = lists.get(name);
  if (known === undefined) lists.set(name, [value]);
  else known.push(value);
};
