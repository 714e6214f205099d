/** Values and pieces of an expression as people and as JSON see them; long ones are shortened and their length is said. */
import type { Span } from '../ast.ts';
import type { Type } from '../types.ts';
import { toText, type Value } from '../values.ts';
import { toBytes } from './bytes.ts';
import { ipText } from './codecs.ts';

/** Up to so many bytes, and items of an array or map, are shown whole. */
const maxBytes = 64;
const maxItems = 8;

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

const hexOf = (bytes: string): readonly string[] =>
  toBytes(bytes).map((byte) => byte.toString(16).padStart(2, '0'));

/** The first bytes, without a part of a character at their end. */
const beginning = (bytes: string): string => {
  let end = maxBytes;
  while (end > maxBytes - 3 && /[\x80-\xbf]/.test(bytes.charAt(end))) end -= 1;
  return toText(bytes.slice(0, end)) === null ? bytes.slice(0, maxBytes) : bytes.slice(0, end);
};

const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu;
const encoder = new TextEncoder();
const escaped = (character: string): string =>
  [...encoder.encode(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** As a quoted literal could be written: what is no text, or cannot be seen, as `\xHH`. */
const literalOf = (bytes: string): string => {
  const readable = toText(bytes);
  if (readable === null)
    return bytes.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (each) => `\\x${hexOf(each)}`);
  return readable.replace(/["\\]/g, '\\$&').replace(unseen, escaped);
};

const showBytes = (bytes: string): string =>
  bytes.length <= maxBytes
    ? `"${literalOf(bytes)}"`
    : `"${literalOf(beginning(bytes))}…" (${bytes.length} bytes)`;

const showItems = (
  items: readonly string[],
  total: number,
  [open, close]: readonly [string, string],
): string =>
  total <= maxItems
    ? `${open}${items.join(', ')}${close}`
    : `${open}${items.join(', ')}, …${close} (${total} items)`;

const entriesOf = (value: ReadonlyMap<string, Value>): readonly [string, Value][] =>
  [...value].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, maxItems);

/** One line: `"abc"`, `7`, `true`, `192.0.2.1`, `["a", "b"]`, `{"k": 7}`, `missing`. */
export const show = (value: Value | undefined, type: Type): string => {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return type.kind === 'ip' ? ipText(toBytes(value)) : showBytes(value);
  const of = 'of' in type ? type.of : type;
  if (value instanceof Map) {
    const shown = entriesOf(value).map(([key, item]) => `${showBytes(key)}: ${show(item, of)}`);
    return showItems(shown, value.size, ['{', '}']);
  }
  if (!Array.isArray(value)) return String(value);
  const shown = value.slice(0, maxItems).map((item) => show(item, of));
  return showItems(shown, value.length, ['[', ']']);
};

const plainBytes = (bytes: string): Plain => {
  if (bytes.length > maxBytes) return { $start: plainBytes(beginning(bytes)), $bytes: bytes.length };
  return toText(bytes) ?? { $hex: hexOf(bytes).join('') };
};

/**
 * For JSON: bytes as text, or `{"$hex"}` if they are no UTF-8; an integer that a double cannot hold as `{"$int"}`; an
 * address as text; a map as an object, or as `{"$map"}` with pairs if a key is no text. Shortened: `{"$start", "$bytes"}`
 * for bytes, `{"$first", "$items"}` for arrays and maps. A missing value is null.
 */
export const toPlain = (value: Value | undefined, type: Type): Plain => {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return { $int: String(value) };
  if (typeof value === 'string') return type.kind === 'ip' ? ipText(toBytes(value)) : plainBytes(value);
  const of = 'of' in type ? type.of : type;
  if (value instanceof Map) {
    const pairs = entriesOf(value).map(([key, item]) => [plainBytes(key), toPlain(item, of)] as const);
    const hasTexts = pairs.every(([key]) => typeof key === 'string');
    const shown: Plain = hasTexts ? Object.fromEntries(pairs) : { $map: pairs };
    return value.size <= maxItems ? shown : { $first: shown, $items: value.size };
  }
  if (!Array.isArray(value)) return value as boolean | number;
  const items = value.slice(0, maxItems).map((item) => toPlain(item, of));
  return value.length <= maxItems ? items : { $first: items, $items: value.length };
};

/** Stands for each unit of a text that must not be seen; a run of it is shown as three stars, whatever its length. */
export const secretUnit = '\u{e000}';

/** A piece of the text on one line, at most so many characters long. */
export const excerpt = (text: string, span: Span, maxCharacters = 120): string => {
  const line = text
    .slice(span.start, span.end)
    .replace(/\ue000+/g, '***')
    .replace(/\s*[\r\n]\s*/g, ' ')
    .replace(unseen, '\u{fffd}');
  const characters = [...line];
  return characters.length <= maxCharacters ? line : `${characters.slice(0, maxCharacters - 1).join('')}…`;
};
