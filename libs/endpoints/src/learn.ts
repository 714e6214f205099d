/**
 * Guesses the path template of a request that no operation matches: segments that look like ids become variables.
 * For `import --learn-operations`, where nobody has listed the operations. Words, file names and versions stay.
 */
import { normalisePath } from './path.ts';

const allDigits = /^[0-9]+$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const longHex = /^[0-9a-f]{16,}$/i;
const longToken = /^[A-Za-z0-9_~=-]{20,}$/;
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;
const longNumber = /[0-9]{10}/;
const hasDigit = /[0-9]/;

/** Longer segments are no more an id than their beginning is. */
const maxLooked = 1024;
/** A word with a year or a version in it changes between letters and digits twice at most; random text does so far oftener. */
const minChanges = 3;

/** The normal template that a path is an example of: `/users/42/cart?x=1` → `/users/{var1}/cart`. Linear. */
export const learnTemplate = (path: string): string => {
  let n = 0;
  return normalisePath(path)
    .split('/')
    .map((segment) => (looksLikeId(segment) ? `{var${++n}}` : segment))
    .join('/');
};

const looksLikeId = (segment: string): boolean => {
  const text = segment.slice(0, maxLooked);
  if (!hasDigit.test(text)) return false;
  return (
    allDigits.test(text) || uuid.test(text) || longHex.test(text) || ulid.test(text) || isMixedToken(text)
  );
};

const isMixedToken = (text: string): boolean =>
  longToken.test(text) && (longNumber.test(text) || countChanges(text) >= minChanges);

/** How often a letter stands next to a digit: separators part words, so `conf-2012` has no change. */
const countChanges = (text: string): number => {
  let changes = 0;
  let before = 0;
  for (let i = 0; i < text.length; i++) {
    const kind = kindOfCharacter(text.charCodeAt(i));
    if (kind !== 0 && before !== 0 && kind !== before) changes += 1;
    before = kind;
  }
  return changes;
};

const kindOfCharacter = (code: number): 0 | 1 | 2 => {
  if (code >= 0x30 && code <= 0x39) return 1;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? 2 : 0;
};
