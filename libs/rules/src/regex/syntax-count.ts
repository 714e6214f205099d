/** Repetitions with numbers: `{2}`, `{2,}`, `{2,4}`, each lazy with `?` behind. */
import type { Cursor } from './cursor.ts';

export interface Counts {
  readonly min: number;
  /** Infinity if there is no end. */
  readonly max: number;
  readonly isLazy: boolean;
}

const maxCount = 0xffff_ffff;

/** The cursor is at the opening brace. */
export const parseCounts = (cursor: Cursor): Counts => {
  const start = cursor.at;
  cursor.bumpAndSkip();
  const min = parseCount(cursor, start);
  const max = parseMax(cursor, min, start);
  if (cursor.char !== '}') failUnclosed(cursor, start);
  const isLazy = cursor.bumpAndSkip() && cursor.bumpIf('?');
  if (max < min)
    cursor.fail('repetition_invalid', 'the largest count is below the smallest', [start, cursor.at]);
  return { min, max, isLazy };
};

const failUnclosed = (cursor: Cursor, start: number): never =>
  cursor.fail('repetition_unclosed', 'the count is not closed', [start, cursor.at], 'for a brace write \\{');

const parseMax = (cursor: Cursor, min: number, start: number): number => {
  if (!cursor.bumpIf(',')) return min;
  cursor.skipSpace();
  return cursor.char === '}' ? Number.POSITIVE_INFINITY : parseCount(cursor, start);
};

/** White space around a number counts for nothing, with or without flag x. */
const parseCount = (cursor: Cursor, start: number): number => {
  cursor.skipPlainSpace();
  let digits = '';
  for (; /^[0-9]$/.test(cursor.char); cursor.bumpAndSkip()) digits += cursor.char;
  cursor.skipPlainSpace();
  cursor.skipSpace();
  if (cursor.isEnd) failUnclosed(cursor, start);
  const count = Number(digits);
  const place = [start, cursor.at + 1] as const;
  if (digits === '')
    cursor.fail('repetition_invalid', 'a count needs a number', place, 'for at most n times write {0,n}');
  if (count > maxCount) cursor.fail('repetition_invalid', 'a count has to be below 2³²', place);
  return count;
};
