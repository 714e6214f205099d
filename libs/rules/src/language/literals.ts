/** Literals: texts in three notations, integers in three, addresses and the members of `{…}`. */
import { type AddressFault, type AddressRange, parseAddress, parseAddressRange } from './addresses.ts';
import type { BytesForm, BytesLiteral, IntLiteral, IntRange, IpLiteral, IpRange } from './ast.ts';
import type { Scanner } from './scanner.ts';
import { fromText, maxInt, minInt, toInt } from './values.ts';

/** Most `#` before a raw text. */
const maxHashes = 255;

/** A quoted or raw text, or octets in hex such as `61:62:63`. */
export const scanBytes = (scanner: Scanner): BytesLiteral => {
  const first = scanner.peek();
  return first === '"' || first === 'r' ? scanText(scanner) : scanOctets(scanner);
};

/** A quoted or raw text. */
export const scanText = (scanner: Scanner): BytesLiteral => {
  const start = scanner.at;
  if (scanner.take('"')) {
    const value = scanQuoted(scanner, start);
    return { kind: 'bytes', value, form: { kind: 'quoted' }, ...scanner.from(start) };
  }
  if (scanner.peek() === 'r') {
    const { text, form } = scanRaw(scanner);
    return { kind: 'bytes', value: fromText(text), form, ...scanner.from(start) };
  }
  return refuseText(scanner);
};

const refuseText = (scanner: Scanner): never => {
  if (scanner.isAtEnd) return scanner.refuse('unfinished', 'a text in double quotes is missing here');
  const hint =
    scanner.peek() === "'"
      ? 'texts are written in double quotes'
      : 'the right side is a literal: fields and calls stand on the left';
  return scanner.refuse('type', 'expected a text such as "GET" or r"GET"', scanner.here, hint);
};

const plainRun = /[^"\\]+/y;

/** From behind the opening quote to behind the closing one. */
const scanQuoted = (scanner: Scanner, start: number): string => {
  let value = '';
  for (;;) {
    value += fromText(scanner.takeMatch(plainRun));
    if (scanner.take('"')) return value;
    if (scanner.isAtEnd) return refuseOpenText(scanner, start);
    value += scanEscape(scanner, start);
  }
};

const refuseOpenText = (scanner: Scanner, start: number): never =>
  scanner.refuse('text', 'the text has no closing quote', { start, end: scanner.text.length });

const hexEscape = /\\x[0-9A-Fa-f]{2}/y;
const octalEscape = /\\[0-3][0-7]{2}/y;

const scanEscape = (scanner: Scanner, start: number): string => {
  if (scanner.take('\\"')) return '"';
  if (scanner.take('\\\\')) return '\\';
  const hex = scanner.takeMatch(hexEscape);
  if (hex !== '') return String.fromCharCode(Number.parseInt(hex.slice(2), 16));
  const octal = scanner.takeMatch(octalEscape);
  if (octal !== '') return String.fromCharCode(Number.parseInt(octal.slice(1), 8));
  if (scanner.at + 1 >= scanner.text.length) return refuseOpenText(scanner, start);
  return scanner.refuse(
    'text',
    'after \\ stand ", \\, x with two hex digits, or three octal digits up to 377',
    { start: scanner.at, end: scanner.at + 2 },
    'write \\\\ for a backslash, or a raw text r"…" where nothing is escaped',
  );
};

const hashes = /#*/y;

/** From the `r` on. */
const scanRaw = (scanner: Scanner): { text: string; form: BytesForm } => {
  const start = scanner.at;
  scanner.at += 1;
  const marks = scanner.takeMatch(hashes);
  if (marks.length > maxHashes)
    scanner.refuse('text', `a raw text has at most ${maxHashes} # before its quote`, scanner.from(start));
  if (!scanner.take('"')) return scanner.refuse('text', 'expected a quote after r');
  const inside = scanner.at;
  const end = scanner.text.indexOf(`"${marks}`, inside);
  if (end === -1)
    return scanner.refuse(
      'text',
      marks === '' ? 'the raw text has no closing quote' : `the raw text does not end in "${marks}`,
      { start, end: scanner.text.length },
    );
  scanner.at = end + 1 + marks.length;
  return { text: scanner.text.slice(inside, end), form: { kind: 'raw', hashes: marks.length } };
};

const octets = /[0-9A-Fa-f]{2}(?:[:.-][0-9A-Fa-f]{2})+/y;

const scanOctets = (scanner: Scanner): BytesLiteral => {
  const start = scanner.at;
  const found = scanner.takeMatch(octets);
  if (found === '') return refuseText(scanner);
  if (/[:.-]/.test(scanner.peek()))
    return scanner.refuse('text', 'two hex digits are missing after the separator');
  const bytes = found.split(/[:.-]/).map((pair) => Number.parseInt(pair, 16));
  return {
    kind: 'bytes',
    value: String.fromCharCode(...bytes),
    form: { kind: 'octets' },
    ...scanner.from(start),
  };
};

/** A regular expression's text: where each of its units stands, so that its faults can be shown. */
export interface PatternText {
  readonly pattern: string;
  readonly form: BytesForm;
  /** Offset in the expression of each UTF-16 unit of the pattern, and of its end. */
  readonly origins: readonly number[];
}

/**
 * The right side of `matches`. Quoted, `\"` outside a class gives a quote and every other escape is the regular
 * expression's own; in a class a quote does not end the text.
 */
export const scanPattern = (scanner: Scanner): PatternText => {
  const start = scanner.at;
  if (scanner.take('"')) return scanQuotedPattern(scanner, start);
  if (scanner.peek() !== 'r') return refuseText(scanner);
  const { text, form } = scanRaw(scanner);
  const inside = start + 2 + (form.kind === 'raw' ? form.hashes : 0);
  return { pattern: text, form, origins: Array.from({ length: text.length + 1 }, (_, at) => inside + at) };
};

const scanQuotedPattern = (scanner: Scanner, start: number): PatternText => {
  let pattern = '';
  const origins: number[] = [];
  let isInClass = false;
  for (;;) {
    if (scanner.isAtEnd) return refuseOpenText(scanner, start);
    const at = scanner.at;
    let unit = scanner.peek();
    scanner.at += 1;
    if (unit === '"' && !isInClass) {
      origins.push(at);
      return { pattern, form: { kind: 'quoted' }, origins };
    }
    if (unit === '\\' && !scanner.isAtEnd) {
      const escaped = scanner.peek();
      scanner.at += 1;
      unit = escaped === '"' && !isInClass ? escaped : unit + escaped;
    } else if (unit === '[') isInClass = true;
    else if (unit === ']') isInClass = false;
    for (let i = 0; i < unit.length; i += 1) origins.push(at + i);
    pattern += unit;
  }
};

const hexDigits = /[0-9A-Fa-f]*/y;
const digitsOf = { 8: /^[0-7]+$/, 10: /^-?[0-9]+$/, 16: /^[0-9A-Fa-f]+$/ } as const;
const prefixOf = { 8: '0o', 10: '', 16: '0x' } as const;

/** Decimal with an optional sign, hex with `0x`, octal with a leading `0`; 64 bits, signed. */
export const scanInt = (scanner: Scanner): IntLiteral => {
  const start = scanner.at;
  const radix = scanner.take('0x') ? 16 : scanner.peek() === '0' ? 8 : 10;
  const from = scanner.at;
  if (radix === 10) scanner.take('-');
  const digits = scanner.takeMatch(hexDigits);
  const written = scanner.text.slice(from, scanner.at);
  if (digits === '') return refuseNoInt(scanner, start);
  if (!digitsOf[radix].test(written)) return refuseDigits(scanner, start, radix);
  const value = radix === 10 ? BigInt(written) : BigInt(`${prefixOf[radix]}${written}`);
  if (value < minInt || value > maxInt)
    scanner.refuse('number', 'an integer has 64 bits: at most 9223372036854775807', scanner.from(start));
  return { kind: 'int', value: toInt(value), ...scanner.from(start) };
};

const refuseNoInt = (scanner: Scanner, start: number): never => {
  scanner.at = start;
  if (scanner.isAtEnd) return scanner.refuse('unfinished', 'an integer is missing here');
  const hint = scanner.peek() === '"' ? 'integers are written without quotes' : undefined;
  return scanner.refuse('type', 'expected an integer such as 10', scanner.here, hint);
};

const refuseDigits = (scanner: Scanner, start: number, radix: 8 | 10 | 16): never => {
  const span = scanner.from(start);
  const text = scanner.text.slice(span.start, span.end);
  const hint = radix === 8 ? 'a number that starts with 0 is octal' : undefined;
  return scanner.refuse('number', `${text} is no integer`, span, hint);
};

const addressRun = /[0-9A-Fa-f:./]*/y;

const scanAddressText = (scanner: Scanner): string => {
  const text = scanner.takeMatch(addressRun);
  if (text !== '') return text;
  if (scanner.isAtEnd) return scanner.refuse('unfinished', 'an IP address is missing here');
  const hint = scanner.peek() === '"' ? 'addresses are written without quotes' : undefined;
  return scanner.refuse('type', 'expected an IP address such as 192.0.2.1', scanner.here, hint);
};

export const scanIp = (scanner: Scanner): IpLiteral => {
  const start = scanner.at;
  const text = scanAddressText(scanner);
  const value = parseAddress(text);
  if (value !== null) return { kind: 'ip', value, ...scanner.from(start) };
  const isNetwork = text.includes('/') || text.includes('..');
  return scanner.refuse(
    'address',
    `${JSON.stringify(text)} is no IP address`,
    scanner.from(start),
    isNetwork ? `networks and ranges stand in braces: in {${text}}` : undefined,
  );
};

/** A member of `{…}` among integers: `a` or `a..b`. */
export const scanIntRange = (scanner: Scanner): IntRange => {
  const start = scanner.at;
  const first = scanInt(scanner).value;
  const last = scanner.take('..') ? scanInt(scanner).value : first;
  if (last < first)
    scanner.refuse('range', 'the range ends before it starts', scanner.from(start), `${last}..${first}`);
  return { kind: 'int', first, last, ...scanner.from(start) };
};

const isRange = (result: AddressRange | AddressFault): result is AddressRange => 'first' in result;

/** A member of `{…}` among addresses: `a`, `a..b` or `a/n`. */
export const scanIpRange = (scanner: Scanner): IpRange => {
  const start = scanner.at;
  const range = parseAddressRange(scanAddressText(scanner));
  if (!isRange(range)) return scanner.refuse(range.code, range.message, scanner.from(start), range.hint);
  return { kind: 'ip', first: range.first, last: range.last, prefix: range.prefix, ...scanner.from(start) };
};
