/** Wildcard patterns and the templates of regex_replace and wildcard_replace, naively; see bytes.ts. */
import { fromBytes, lowerByte, type Octets, toBytes } from './bytes.ts';

const star = 0x2a;
const backslash = 0x5c;

/** Bytes that must stand there, or a star. */
type Piece = Octets | 'star';

/** The decoded literal; the parser has refused every backslash but those of `\*` and `\\`, and two stars in a row. */
const piecesOf = (pattern: Octets): readonly Piece[] => {
  const pieces: Piece[] = [];
  let run: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === star) {
      pieces.push(run, 'star');
      run = [];
    } else {
      if (pattern[at] === backslash) at += 1;
      run.push(pattern[at] ?? backslash);
    }
  }
  return [...pieces, run];
};

/** For each piece, and for the end: at which places of the value the rest of the pattern matches the rest of it. */
const tableOf = (
  value: Octets,
  pieces: readonly Piece[],
  isSame: (a: number, b: number) => boolean,
): boolean[][] => {
  const places = Array.from({ length: value.length + 1 }, (_each, at) => at);
  const table = [places.map((at) => at === value.length)];
  for (const piece of [...pieces].reverse()) {
    const next = table[0] ?? [];
    if (piece === 'star') {
      const row = [...next];
      for (const at of [...places].reverse()) row[at] ||= row[at + 1] === true;
      table.unshift(row);
    } else {
      const fits = (at: number): boolean =>
        piece.every((byte, offset) => isSame(value[at + offset] ?? -1, byte));
      table.unshift(places.map((at) => next[at + piece.length] === true && fits(at)));
    }
  }
  return table;
};

/** What each star holds when the pattern matches the whole value, each as short as can be from the left; else null. */
export const matchWildcard = (
  value: Octets,
  pattern: Octets,
  isStrict: boolean,
): readonly Octets[] | null => {
  const isSame = (a: number, b: number): boolean => (isStrict ? a === b : lowerByte(a) === lowerByte(b));
  const pieces = piecesOf(pattern);
  const table = tableOf(value, pieces, isSame);
  if (table[0]?.[0] !== true) return null;
  const held: Octets[] = [];
  let at = 0;
  pieces.forEach((piece, number) => {
    const from = at;
    if (piece !== 'star') at += piece.length;
    else {
      while (table[number + 1]?.[at] !== true) at += 1;
      held.push(value.slice(from, at));
    }
  });
  return held;
};

/** `${n}` becomes group n (nothing where it took no part), `$$` a dollar. */
export const fillTemplate = (template: Octets, groups: readonly (Octets | undefined)[]): Octets =>
  toBytes(
    fromBytes(template).replace(/\$\$|\$\{([0-9]+)\}/g, (_whole, group?: string) =>
      group === undefined ? '$' : fromBytes(groups[Number(group)] ?? []),
    ),
  );

/** Stars are numbered from 1; number 0 is the whole value. */
export const wildcardReplace = (source: Octets, pattern: Octets, template: Octets, flags: string): Octets => {
  const held = matchWildcard(source, pattern, flags.includes('s'));
  return held === null ? source : fillTemplate(template, [source, ...held]);
};
