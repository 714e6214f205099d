/** Small things on texts that are bytes. `trim` of JavaScript would take byte A0, which is half a letter of UTF-8. */

const space = 0x20;
const tab = 0x09;

const isBlank = (code: number): boolean => code === space || code === tab;

/** Without spaces and tabs at both ends. */
export const trimBlanks = (text: string): string => {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return from === 0 && to === text.length ? text : text.slice(from, to);
};

/** Where blanks from `at` on end. */
export const skipBlanks = (text: string, at: number): number => {
  let end = at;
  while (end < text.length && isBlank(text.charCodeAt(end))) end += 1;
  return end;
};

const upperCases = /[A-Z]+/g;

/** Letters of ASCII alone. */
export const lowerAscii = (text: string): string => text.replaceAll(upperCases, (run) => run.toLowerCase());

const percentEscape = /%[0-9A-Fa-f]{2}/g;

/** `%XX` as the byte it stands for; a `%` that begins no escape stays. */
export const decodePercent = (text: string): string =>
  text.includes('%')
    ? text.replaceAll(percentEscape, (each) => String.fromCharCode(Number.parseInt(each.slice(1), 16)))
    : text;
