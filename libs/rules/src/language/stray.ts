/** What to say of text that stands where it does not belong, and what was likely meant. */
import type { Scanner } from './scanner.ts';

export const strayText = (scanner: Scanner): readonly [message: string, hint: string | undefined] => {
  const { start, end } = scanner.here;
  const character = scanner.text.slice(start, end);
  const found = character === '' ? 'the expression ends here' : `found ${JSON.stringify(character)}`;
  const rest = scanner.text.slice(start);
  return [found, strayHints.find(([pattern]) => pattern.test(rest))?.[1]];
};

const strayHints: readonly (readonly [RegExp, string])[] = [
  [/^\t/, 'a tab is no white space here: use spaces or new lines'],
  [/^=(?!=)/, 'equality is eq or =='],
  [/^(?:AND|OR|XOR|NOT|IN|EQ|NE)\b/, 'words of the language are lower case'],
  [/^(?:eq|==|ne|!=)/, 'a Bool stands alone: write ssl or not ssl'],
  [/^not\s+in\b/, 'write: not field in {…}'],
  [/^['‘’“”]/, 'texts are written in double quotes'],
  [/^(?:#|\/\/)/, 'there are no comments in an expression'],
  [/^&(?!&)/, 'write and or &&'],
  [/^\|(?!\|)/, 'write or or ||'],
  [/^;/, 'an expression ends without a semicolon'],
  [/^\[/, 'no space before ['],
  [/^\)/, 'a closing parenthesis without an opening one'],
];

/** Goes past `token`, which `what` names in messages. */
export const expectToken = (scanner: Scanner, token: string, what: string): void => {
  if (scanner.take(token)) return;
  if (scanner.isAtEnd) scanner.refuse('unfinished', `${what} is missing at the end`);
  const [message, hint] = strayText(scanner);
  scanner.refuse('syntax', `${what} is expected: ${message}`, scanner.here, hint);
};
