/**
 * The words of one SQL statement with their places, so that a rewriting can cut at them and leave every other character as
 * it was. Knows quotes, numbers and brackets, and no grammar.
 */

export interface Token {
  /** As written; a quoted name or text keeps its quotes. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
  /** Brackets open around it; an opening or closing bracket itself stands outside. */
  readonly depth: number;
}

const TOKEN =
  /\s+|[A-Za-z_]\w*|\d[\w.]*|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`\\]|\\[\s\S]|``)*`|[\s\S]/y;

/** O(length). Comments must be gone, as splitStatements leaves it. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (let at = 0; at < sql.length; ) {
    TOKEN.lastIndex = at;
    const text = TOKEN.exec(sql)?.[0] ?? '';
    const end = at + text.length;
    if (text === ')' || text === ']') depth -= 1;
    if (text.trim() !== '') tokens.push({ text, at, end, depth });
    if (text === '(' || text === '[') depth += 1;
    at = end;
  }
  return tokens;
}

/** Keywords are compared without case; names and texts are not keywords, so their quotes keep them apart. */
export const isWord = (token: Token | undefined, word: string): boolean => token?.text.toUpperCase() === word;

const PLAIN = /^[A-Za-z_]\w*$/;

/** The name that a token writes, without backquotes; undefined: it is no plain name. */
export function nameOf(token: Token | undefined): string | undefined {
  const bare = token?.text.replace(/^`(.*)`$/, '$1');
  return bare !== undefined && PLAIN.test(bare) ? bare : undefined;
}
