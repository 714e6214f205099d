/** Changes that rules make to the headers of a request, made in place: handlers find them in every form that Node has. */
import type { RequestHeaderChange } from '../decision.ts';

interface Headers {
  readonly rawHeaders: string[];
  readonly headers: Record<string, string | string[] | undefined>;
  /** Of http1 alone. */
  readonly headersDistinct?: Record<string, string[] | undefined>;
}

export const applyHeaderChanges = (message: Headers, changes: readonly RequestHeaderChange[]): void => {
  if (changes.length === 0) return;
  // Node makes these of the raw lines when they are first read, and counts on as many lines as came.
  const { headers, headersDistinct, rawHeaders } = message;
  for (const { name, operation, value } of changes) {
    if (operation !== 'add') removeLines(rawHeaders, name);
    if (operation !== 'remove') rawHeaders.push(name, value);
    const values = valuesOf(rawHeaders, name);
    setOrDelete(headers, name, values.length === 0 ? undefined : joined(name, values));
    if (headersDistinct !== undefined)
      setOrDelete(headersDistinct, name, values.length === 0 ? undefined : values);
  }
};

const setOrDelete = <T>(record: Record<string, T | undefined>, name: string, value: T | undefined): void => {
  if (value === undefined) delete record[name];
  else record[name] = value;
};

/** As Node joins lines of one name. */
const joined = (name: string, values: string[]): string | string[] =>
  name === 'set-cookie' ? values : values.join(name === 'cookie' ? '; ' : ', ');

const isAt = (lines: readonly string[], at: number, name: string): boolean =>
  lines[at]?.toLowerCase() === name;

const removeLines = (lines: string[], name: string): void => {
  for (let at = lines.length - 2; at >= 0; at -= 2) if (isAt(lines, at, name)) lines.splice(at, 2);
};

const valuesOf = (lines: readonly string[], name: string): string[] => {
  const values: string[] = [];
  for (let at = 0; at < lines.length; at += 2) if (isAt(lines, at, name)) values.push(lines[at + 1] ?? '');
  return values;
};
