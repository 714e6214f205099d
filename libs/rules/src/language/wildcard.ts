/**
 * Patterns with `*`, which stands for any bytes, none included; `\*` and `\\` stand for themselves. Matching is greedy
 * from the left over the texts between the stars, so it is linear in stars times bytes and needs no backtracking.
 */

export interface WildcardFault {
  readonly message: string;
  readonly hint: string;
}

const token = /\*|\\[*\\]|[^*\\]+/y;

/** What is wrong with a pattern; null if nothing. */
export const wildcardFault = (pattern: string): WildcardFault | null => {
  const { pieces, isWhole } = piecesOf(pattern);
  if (pieces.some((piece, at) => piece === '*' && pieces[at + 1] === '*'))
    return { message: 'two stars stand side by side', hint: 'one * spans anything, slashes included' };
  if (isWhole) return null;
  return {
    message: 'after \\ stand * or \\ alone',
    hint: 'in a quoted text write "\\\\*", in a raw one r"\\*"',
  };
};

/** Stars, escapes and the texts between them, as far as these go. */
const piecesOf = (pattern: string): { readonly pieces: readonly string[]; readonly isWhole: boolean } => {
  const pieces: string[] = [];
  token.lastIndex = 0;
  let end = 0;
  for (let found = token.exec(pattern); found !== null; found = token.exec(pattern)) {
    pieces.push(found[0]);
    end = token.lastIndex;
  }
  return { pieces, isWhole: end === pattern.length };
};

/** The texts between the stars of a valid pattern, unescaped: one more than there are stars. */
export const wildcardParts = (pattern: string): readonly string[] => {
  const parts = [''];
  for (const piece of piecesOf(pattern).pieces) {
    if (piece === '*') parts.push('');
    else parts[parts.length - 1] += piece.startsWith('\\') ? piece.slice(1) : piece;
  }
  return parts;
};

const upperCase = /[A-Z]+/g;
/** ASCII letters in lower case; all other bytes stay. */
export const lowerAscii = (bytes: string): string => bytes.replace(upperCase, (run) => run.toLowerCase());

/** Whether the whole of a value fits; `pattern` is a valid one. */
export const compileWildcard = (pattern: string, isStrict: boolean): ((bytes: string) => boolean) => {
  const parts = wildcardParts(isStrict ? pattern : lowerAscii(pattern));
  const first = parts[0] as string;
  const last = parts[parts.length - 1] as string;
  const least = parts.reduce((sum, part) => sum + part.length, 0);
  const fits = (bytes: string): boolean => {
    if (parts.length === 1) return bytes === first;
    if (bytes.length < least || !bytes.startsWith(first) || !bytes.endsWith(last)) return false;
    let at = first.length;
    for (let i = 1; i < parts.length - 1; i += 1) {
      const part = parts[i] as string;
      const found = bytes.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return at <= bytes.length - last.length;
  };
  return isStrict ? fits : (bytes) => fits(lowerAscii(bytes));
};

/**
 * What each star stands for, the shortest text from the left that lets the rest fit; null if the value does not fit.
 * The captures are of the value as it is written, whatever its case.
 */
export const captureWildcard = (
  pattern: string,
  isStrict: boolean,
): ((bytes: string) => readonly string[] | null) => {
  const parts = wildcardParts(isStrict ? pattern : lowerAscii(pattern));
  const fits = compileWildcard(pattern, isStrict);
  return (bytes) => {
    if (!fits(bytes)) return null;
    const folded = isStrict ? bytes : lowerAscii(bytes);
    const captures: string[] = [];
    let at = (parts[0] as string).length;
    for (let i = 1; i < parts.length; i += 1) {
      const part = parts[i] as string;
      const found = i === parts.length - 1 ? bytes.length - part.length : folded.indexOf(part, at);
      captures.push(bytes.slice(at, found));
      at = found + part.length;
    }
    return captures;
  };
};
