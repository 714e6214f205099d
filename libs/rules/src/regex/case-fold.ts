/**
 * Letters that differ in case alone: A–Z with a–z for bytes, Unicode's simple case folding for code points. The latter is not
 * written down here: the runtime's own `/iu` compares by it, so the classes are asked of the runtime once, when first needed.
 */
import { type Ranges, rangesOf, union } from './ranges.ts';
import { casedLetters } from './unicode.ts';

const alphabetSize = 26;

/** Adds the other case of every ASCII letter. */
export const foldBytes = (ranges: Ranges): Ranges => {
  const others: number[] = [];
  shiftWithin(ranges, 0x41, 0x20, others);
  shiftWithin(ranges, 0x61, -0x20, others);
  return others.length === 0 ? ranges : union(ranges, rangesOf(others));
};

const shiftWithin = (ranges: Ranges, firstLetter: number, by: number, into: number[]): void => {
  for (let i = 0; i < ranges.length; i += 2) {
    const first = Math.max(ranges[i] as number, firstLetter);
    const last = Math.min(ranges[i + 1] as number, firstLetter + alphabetSize - 1);
    if (first <= last) into.push(first + by, last + by);
  }
};

const known = new WeakMap<Ranges, Ranges>();

/** Adds every code point that equals one of the set when case is ignored; remembered as long as the set is. O(letters with case). */
export const foldScalars = (ranges: Ranges): Ranges => {
  const found = known.get(ranges);
  if (found !== undefined) return found;
  const added = ranges.length === 2 && ranges[0] === ranges[1] ? othersOf(ranges[0]) : othersWithin(ranges);
  const folded =
    added.length === 0 ? ranges : union(ranges, rangesOf(added.flatMap((other) => [other, other])));
  known.set(ranges, folded);
  return folded;
};

const othersOf = (letter: number | undefined): readonly number[] => foldTable().others.get(letter ?? 0) ?? [];

const othersWithin = (ranges: Ranges): readonly number[] => {
  const added: number[] = [];
  let i = 0;
  for (const letter of foldTable().letters) {
    while (i < ranges.length && (ranges[i + 1] as number) < letter) i += 2;
    if (i >= ranges.length) break;
    if ((ranges[i] as number) <= letter) added.push(...othersOf(letter));
  }
  return added;
};

interface FoldTable {
  /** Ascending: code points that have others equal to them. */
  readonly letters: readonly number[];
  readonly others: ReadonlyMap<number, readonly number[]>;
}

let table: FoldTable | undefined;

const foldTable = (): FoldTable => {
  table ??= makeTable(casedTexts());
  return table;
};

const casedTexts = (): readonly string[] => {
  const texts: string[] = [];
  const cased = casedLetters();
  for (let i = 0; i < cased.length; i += 2)
    for (let letter = cased[i] as number; letter <= (cased[i + 1] as number); letter++)
      texts.push(String.fromCodePoint(letter));
  return texts;
};

/**
 * Equal code points share their upper case, or one is the lower or upper case of the other. So each is put into the bins of its
 * mappings, and what meets in a bin is compared.
 */
const makeTable = (cased: readonly string[]): FoldTable => {
  const bins = new Map<string, string[]>();
  for (const text of cased)
    for (const key of new Set([
      text,
      text.toUpperCase(),
      text.toLowerCase(),
      text.toUpperCase().toLowerCase(),
    ]))
      addTo(bins, key, text);
  const groups = new Map<string, Set<string>>();
  for (const bin of bins.values()) for (const text of bin) joinEqual(groups, text, bin);
  return readGroups(groups);
};

const addTo = (bins: Map<string, string[]>, key: string, text: string): void => {
  const bin = bins.get(key);
  if (bin === undefined) bins.set(key, [text]);
  else bin.push(text);
};

const isPairEqual = /^(.)\1$/iu;

const joinEqual = (groups: Map<string, Set<string>>, text: string, bin: readonly string[]): void => {
  for (const other of bin) {
    if (other === text || !isPairEqual.test(text + other)) continue;
    const merged = new Set([text, other, ...(groups.get(text) ?? []), ...(groups.get(other) ?? [])]);
    for (const each of merged) groups.set(each, merged);
  }
};

const readGroups = (groups: ReadonlyMap<string, ReadonlySet<string>>): FoldTable => {
  const others = new Map<number, readonly number[]>();
  for (const [text, group] of groups)
    others.set(
      text.codePointAt(0) as number,
      [...group].filter((each) => each !== text).map((each) => each.codePointAt(0) as number),
    );
  return { letters: [...others.keys()].sort((a, b) => a - b), others };
};
