/** The letters in `(?i-s:…)`. Flag x is the cursor's: it changes how a pattern is read, not what it means. */
import type { Cursor } from './cursor.ts';

export interface Flags {
  /** i */
  readonly ignoresCase: boolean;
  /** m: `^` and `$` hold at lines. */
  readonly isMultiLine: boolean;
  /** s: `.` takes line feeds. */
  readonly dotTakesAll: boolean;
  /** U: `x*` is lazy, `x*?` greedy. */
  readonly isSwapped: boolean;
  /** u */
  readonly isUnicode: boolean;
  /** R: lines end in CR, LF or both. */
  readonly isCrlf: boolean;
}

export const noFlags: Flags = {
  ignoresCase: false,
  isMultiLine: false,
  dotTakesAll: false,
  isSwapped: false,
  isUnicode: false,
  isCrlf: false,
};

const nameOf: ReadonlyMap<string, keyof Flags> = new Map([
  ['i', 'ignoresCase'],
  ['m', 'isMultiLine'],
  ['s', 'dotTakesAll'],
  ['U', 'isSwapped'],
  ['u', 'isUnicode'],
  ['R', 'isCrlf'],
]);

export interface FlagChange {
  readonly flags: Flags;
  readonly isVerbose: boolean;
  readonly count: number;
}

/** Reads up to `:` or `)`, which stays. */
export const parseFlags = (cursor: Cursor, before: Flags, open: number): FlagChange => {
  const seen = new Set<string>();
  const flags: { -readonly [Name in keyof Flags]: Flags[Name] } = { ...before };
  let { isVerbose } = cursor;
  let last = '';
  for (; cursor.char !== ':' && cursor.char !== ')'; cursor.bump()) {
    if (cursor.isEnd) cursor.fail('group_unclosed', 'the group is not closed', [open, cursor.at]);
    last = cursor.char;
    if (seen.has(last)) cursor.fail('flag_repeated', `the flag ${last} is there twice`);
    const name = nameOf.get(last);
    if (name !== undefined) flags[name] = !seen.has('-');
    else if (last === 'x') isVerbose = !seen.has('-');
    else if (last !== '-') failFlag(cursor);
    seen.add(last);
  }
  if (last === '-') cursor.fail('flag_missing', 'there is no flag after the hyphen');
  return { flags, isVerbose, count: seen.size };
};

const failFlag = (cursor: Cursor): never =>
  cursor.fail(
    'flag_unknown',
    `there is no flag ${cursor.char}`,
    undefined,
    'flags are i, m, s, x, U, u and R',
  );
