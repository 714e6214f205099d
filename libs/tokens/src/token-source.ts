/**
 * Where a token stands in a request: value expressions of the Rules language over headers and cookies. The first that
 * gives a text gives the token, whether it verifies or not.
 */
import {
  compileValueExpression,
  type ExpressionFault,
  FieldLayout,
  fieldsOf,
  type Getter,
  parseValueExpression,
  type Value,
  type ValueExpression,
} from '@precede/rules';

/** The value of a field for the request that is asked for; undefined: missing. */
export type FieldReader = (fieldName: string) => Value | undefined;

/** What sources may read; ingest and enforcer fill both alike. */
export const tokenFields: ReadonlySet<string> = new Set(['http.request.headers', 'http.request.cookies']);

export type ParsedTokenSource =
  | { readonly kind: 'parsed'; readonly expression: ValueExpression }
  | { readonly kind: 'refused'; readonly message: string; readonly fault: ExpressionFault | null };

/** `fault` is null where the text is an expression, of the wrong type or over other fields. */
export const parseTokenSource = (text: string): ParsedTokenSource => {
  const parsed = parseValueExpression(text);
  if (parsed.kind === 'refused')
    return { kind: 'refused', message: parsed.fault.message, fault: parsed.fault };
  const { expression } = parsed;
  const stranger = fieldsOf(expression).find(({ name }) => !tokenFields.has(name));
  if (stranger !== undefined)
    return refused(`a token is read from headers and cookies, not from ${stranger.name}`);
  if (expression.type.kind !== 'bytes' || expression.stars > 0)
    return refused('the expression must give one text: name the item, such as ["authorization"][0]');
  return { kind: 'parsed', expression };
};

const refused = (message: string): ParsedTokenSource => ({ kind: 'refused', message, fault: null });

/** The text that a source gives for a request; `''`: none. */
export type TokenSource = (fieldOf: FieldReader) => string;

export const compileTokenSource = (expression: ValueExpression): TokenSource => {
  const layout = new FieldLayout();
  const getter: Getter = compileValueExpression(expression, { layout });
  const names = layout.fields.map(({ name }) => name);
  return (fieldOf) => {
    const value = getter(names.map(fieldOf));
    return typeof value === 'string' ? withoutScheme(value) : '';
  };
};

/** Names of schemes fold case (RFC 9110, 11.1). Not a regular expression: what a client sends may be long. */
const withoutScheme = (text: string): string => {
  const scheme = 'bearer ';
  if (text.length < scheme.length || text.slice(0, scheme.length).toLowerCase() !== scheme) return text;
  return trimBlanks(text.slice(scheme.length));
};

/** Without spaces and tabs at both ends. Not `trim`, which would take byte A0 of a letter. */
export const trimBlanks = (text: string): string => {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
};

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
