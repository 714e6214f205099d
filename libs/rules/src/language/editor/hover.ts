/** What an editor shows of the word under the cursor: plain lines of text. */
import { parseAddressRange, printAddress } from '../addresses.ts';
import type { Span } from '../ast.ts';
import { Refusal } from '../faults.ts';
import { type Field, type FieldSource, fieldByName } from '../fields/fields.ts';
import { functionByName } from '../functions/functions.ts';
import type { NamedLists } from '../lists.ts';
import { scanBytes, scanInt, scanText } from '../literals.ts';
import { operators } from '../operators.ts';
import { quote } from '../print.ts';
import { Scanner } from '../scanner.ts';
import { printType } from '../types.ts';
import type { NamedOperation } from './completion.ts';
import { insideOf, type Token, tokensOf } from './tokens.ts';
import { logicalEntries, quantifierEntries } from './vocabulary.ts';

export interface HoverOptions {
  readonly lists?: NamedLists;
  readonly operations?: readonly NamedOperation[];
}

export interface Hover {
  readonly span: Span;
  /** Plain text, without marks. */
  readonly lines: readonly string[];
}

/** Null where there is nothing to say. A text may be unfinished or wrong. O(characters). */
export const hoverAt = (text: string, offset: number, options: HoverOptions = {}): Hover | null => {
  const tokens = tokensOf(text);
  const inside = tokens.findIndex(({ start, end }) => start <= offset && offset < end);
  const at = inside === -1 ? tokens.findIndex(({ end }) => end === offset) : inside;
  const token = tokens[at];
  if (token === undefined) return null;
  const strict = strictWildcard(tokens, at);
  if (strict !== null) return strict;
  const lines = linesOf(token, options);
  return lines.length === 0 ? null : { span: { start: token.start, end: token.end }, lines };
};

/** The one operator of two words. */
const strictWildcard = (tokens: readonly Token[], at: number): Hover | null => {
  const first = tokens[at]?.text === 'wildcard' ? tokens[at - 1] : tokens[at];
  const second = first === undefined ? undefined : tokens[tokens.indexOf(first) + 1];
  if (first?.text !== 'strict' || second?.text !== 'wildcard') return null;
  return { span: { start: first.start, end: second.end }, lines: wordLines('strict wildcard') };
};

const linesOf = (token: Token, { lists, operations = [] }: HoverOptions): readonly string[] => {
  switch (token.kind) {
    case 'text':
      return textLines(token, operations);
    case 'number':
      return numberLines(token.text);
    case 'list':
      return listLines(token.text.slice(1), lists);
    case 'word':
    case 'sign':
      return wordLines(token.text);
    default:
      return token.kind satisfies never;
  }
};

const wordLines = (word: string): readonly string[] => {
  const field = fieldByName.get(word);
  if (field !== undefined) return fieldLines(field);
  const definition = functionByName.get(word);
  if (definition !== undefined) return [definition.signature, definition.doc, definition.example];
  const operator = operators.find(({ tokens }) => tokens.includes(word));
  if (operator !== undefined) return [operator.tokens.join(' or '), operator.doc, operator.example];
  const entry = [...quantifierEntries, ...logicalEntries].find(({ notations }) => notations.includes(word));
  return entry === undefined ? [] : [entry.notations.join(' or '), entry.doc, entry.example];
};

const sources: Readonly<Record<FieldSource, string>> = {
  request: 'derived from the request',
  connection: 'known of every connection',
  sequence: 'from the operations of the session',
  time: 'when the request came',
  precede: 'known to Precede itself',
  metadata: 'there only if the gateway passes it',
  nobody: 'always missing: it has no meaning here',
};

const fieldLines = ({ name, type, doc, filledBy, needsBody, example }: Field): readonly string[] => [
  `${name} ${printType(type)}`,
  doc,
  needsBody === true ? `${sources[filledBy]}; the gateway has to send the body` : sources[filledBy],
  ...(example === undefined ? [] : [`for example ${example}`]),
];

/** Null if the text is no such literal. */
const scanned = <T>(text: string, scan: (scanner: Scanner) => T): T | null => {
  try {
    const scanner = new Scanner(text, 0);
    const found = scan(scanner);
    return scanner.isAtEnd ? found : null;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};

const textLines = (token: Token, operations: readonly NamedOperation[]): readonly string[] => {
  const inside = insideOf(token);
  const operation = operations.find(({ shortId }) => shortId === inside);
  if (operation !== undefined) return [operation.label];
  const literal = scanned(token.text, scanText);
  // Of plain ASCII the length can be seen.
  if (literal === null || literal.value === inside) return [];
  return [`${literal.value.length} byte${literal.value.length === 1 ? '' : 's'}`];
};

const numberLines = (text: string): readonly string[] => {
  const integer = scanned(text, scanInt);
  if (integer !== null) return text === String(integer.value) ? [] : [`${integer.value} in decimal`];
  const range = parseAddressRange(text);
  if ('first' in range)
    return range.first === range.last ? [] : [`${printAddress(range.first)} to ${printAddress(range.last)}`];
  const octets = scanned(text, scanBytes);
  return octets === null ? [] : [quote(octets.value)];
};

const listLines = (name: string, lists: NamedLists | undefined): readonly string[] => {
  const list = lists?.get(name);
  return list === undefined ? [] : [`list of ${list.type}, ${list.members.length} items`];
};
