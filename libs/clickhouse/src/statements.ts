/** Parts a file of SQL into its statements, at semicolons outside of quotes and comments. */

/** What may hold a semicolon that parts nothing: comments, quoted text and names (doubled or backslashed quotes), heredocs. */
const OPAQUE =
  /--[^\n]*|#!?[ ][^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`\\]|\\[\s\S]|``)*`|\$(\w*)\$[\s\S]*?\$\1\$/y;

const isComment = (token: string): boolean => /^(--|#|\/\*)/.test(token);

/** Comments are dropped, so a part that holds only comments is no statement. O(length). */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let current = '';
  for (let at = 0; at < sql.length; ) {
    OPAQUE.lastIndex = at;
    const token = OPAQUE.exec(sql)?.[0];
    if (token !== undefined) {
      current += isComment(token) ? ' ' : token;
      at += token.length;
    } else if (sql[at] === ';') {
      statements.push(current.trim());
      current = '';
      at++;
    } else {
      current += sql[at++];
    }
  }
  statements.push(current.trim());
  return statements.filter((statement) => statement !== '');
}
