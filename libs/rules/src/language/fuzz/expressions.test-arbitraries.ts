/**
 * Texts for fuzzing: expressions that are right by their types, in every notation; the same with something broken; and
 * requests whose values come from the same few words, so that comparisons hit. All from one seeded source.
 */
import { parseAddress } from '../addresses.ts';
import { quote } from '../print.ts';
import { fromText, type Value } from '../values.ts';

export type Random = () => number;

/** Short texts that literals, keys and values are all drawn from: bytes. */
const words = [
  '',
  'a',
  'A',
  'ab',
  'aB',
  '10ad1de0',
  '20ad1de0',
  '99999999',
  'x-tenant',
  '/shop/cart',
  '/Shop/*',
  'a=1&b=2&a=3',
  '%41%2541+',
  '%u2601',
  '{"a":[1,{"b":"x"}],"n":9007199254740993}',
  '[1,"two",-3]',
  'YWJj',
  fromText('é😀'),
  '\xff\xfe',
  'a\nb',
  '"\\',
  'api.example.com',
] as const;
const integers: readonly (number | bigint)[] = [
  0,
  1,
  -1,
  2,
  7,
  10,
  999,
  1000,
  1001,
  2 ** 31,
  -(2 ** 31),
  9007199254740993n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const addresses = [
  '192.0.2.1',
  '192.0.2.77',
  '198.51.100.20',
  '2001:db8::1',
  '2001:db8:77::ff',
  '::ffff:192.0.2.1',
];
const networks = [
  '192.0.2.0/24',
  '198.51.100.0..198.51.100.99',
  '2001:db8::/32',
  '::/0',
  '0.0.0.0/0',
  '192.0.2.77',
];
const patterns = [
  'a',
  '^a',
  'b$',
  '[a-z]+',
  '(?i)AB',
  'x|y',
  '.',
  '^$',
  '/shop/.*',
  '\\d{2,}',
  '[^/]+',
  '(a|b)*c',
  '\\xff',
];
const wildcards = ['*', 'a*', '*b', '/shop/*', '*example*', 'A?b', '\\*', '/Shop/\\**'];
const templates = ['', 'x', '$$', '<${0}>'];

const bytesFields = [
  'http.host',
  'http.request.uri.path',
  'http.request.uri.query',
  'http.request.body.raw',
  'cf.sequence.current_op',
] as const;
const intFields = ['cf.threat_score', 'ip.src.asnum', 'http.request.timestamp.sec'] as const;
const boolFields = ['ssl', 'cf.bot_management.verified_bot'] as const;
const arrayFields = ['cf.sequence.previous_ops', 'http.request.headers.names'] as const;
const mapFields = ['http.request.headers', 'http.request.uri.args'] as const;

export class ExpressionGenerator {
  readonly #random: Random;
  /** Whether the expression has a function that replaces: it may stand once. */
  #hasReplaced = false;

  constructor(random: Random) {
    this.#random = random;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  /** A rule, right by its types. */
  rule(depth = 4): string {
    this.#hasReplaced = false;
    return this.#rule(depth);
  }

  #rule(depth: number): string {
    const roll = this.#random();
    if (depth <= 0 || roll < 0.35) return this.#comparison(depth);
    if (roll < 0.6) return this.#joined(() => this.#rule(depth - 1));
    if (roll < 0.7)
      return `${this.pick(['not ', '!', 'not', 'not\n'])}${this.#operand(() => this.#rule(depth - 1))}`;
    if (roll < 0.78) return `(${this.#space()}${this.#rule(depth - 1)}${this.#space()})`;
    if (roll < 0.97) return this.#quantifier(depth - 1);
    return `has_value(${this.pick(arrayFields)}, ${this.#bytesValue(1)})`;
  }

  #joined(make: () => string): string {
    const operator = this.pick([' and ', ' or ', ' xor ', '&&', ' || ', '^^', '\nand\r\n']);
    return Array.from({ length: 2 + Math.floor(this.#random() * 2) }, () => this.#operand(make)).join(
      operator,
    );
  }

  /** Parentheses keep a keyword from growing onto what stands before it. */
  #operand(make: () => string): string {
    return this.#chance(0.4) ? `(${make()})` : make();
  }

  #space(): string {
    return this.pick(['', '', ' ', '\n', ' \r\n ']);
  }

  #comparison(depth: number): string {
    const roll = this.#random();
    if (roll < 0.15) return this.#boolValue(depth);
    if (roll < 0.65) return this.#compareBytes(this.#bytesValue(depth));
    if (roll < 0.9) return this.#compareInt(this.#intValue(depth));
    return this.#compareIp(this.#ipValue());
  }

  #compareBytes(value: string): string {
    const roll = this.#random();
    if (roll < 0.5)
      return `${value} ${this.pick(['eq', '==', 'ne', '!=', 'lt', '<=', '>', 'ge', 'contains'])} ${this.#text()}`;
    if (roll < 0.65) return `${value} in {${this.#members(() => this.#text())}}`;
    if (roll < 0.75) return `${value} in $${this.pick(['words', 'none'])}`;
    if (roll < 0.9) return `${value} ${this.pick(['matches', '~'])} ${this.#pattern()}`;
    return `${value} ${this.pick(['wildcard', 'strict wildcard'])} ${quote(fromText(this.pick(wildcards)))}`;
  }

  #compareInt(value: string): string {
    const roll = this.#random();
    if (roll < 0.7)
      return `${value} ${this.pick(['eq', '!=', 'lt', '<=', 'gt', '>=', '&', 'bitwise_and'])} ${this.#integer()}`;
    if (roll < 0.9) return `${value} in {${this.#members(() => this.#integerMember())}}`;
    return `${value} in $numbers`;
  }

  #compareIp(value: string): string {
    const roll = this.#random();
    if (roll < 0.4) return `${value} ${this.pick(['eq', '!='])} ${this.pick(addresses)}`;
    return roll < 0.8 ? `${value} in {${this.#members(() => this.pick(networks))}}` : `${value} in $office`;
  }

  #members(make: () => string): string {
    return Array.from({ length: Math.floor(this.#random() * 4) }, make).join(this.pick([' ', '\n', '  ']));
  }

  /** A text in one of its notations. */
  #text(isArgument = false): string {
    const bytes = this.pick(words);
    const roll = this.#random();
    // As an argument octets could be read as an integer or an address.
    if (!isArgument && roll < 0.1 && bytes.length > 1)
      return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(
        this.pick([':', '-', '.']),
      );
    if (roll < 0.2 && /^[ -~]*$/.test(bytes)) return `r#"${bytes}"#`;
    if (roll < 0.3)
      return `"${Array.from(bytes, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}"`;
    if (roll < 0.35)
      return `"${Array.from(bytes, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`).join('')}"`;
    return quote(bytes);
  }

  #pattern(): string {
    const pattern = this.pick(patterns);
    return this.#chance(0.5) ? `r"${pattern}"` : `"${pattern}"`;
  }

  #integer(): string {
    const integer = this.pick(integers);
    const roll = this.#random();
    if (roll < 0.1 && integer >= 0) return `0x${integer.toString(16)}`;
    if (roll < 0.2 && integer >= 0) return `0${integer.toString(8)}`;
    return String(integer);
  }

  #integerMember(): string {
    const [a, b] = [this.pick(integers), this.pick(integers)];
    return this.#chance(0.5) ? String(a) : a <= b ? `${a}..${b}` : `${b}..${a}`;
  }

  #key(): string {
    return quote(this.pick(words.filter((word) => !word.includes('\xff'))));
  }

  #boolValue(depth: number): string {
    const roll = this.#random();
    if (depth <= 0 || roll < 0.4) return this.pick(boolFields);
    if (roll < 0.6) return `starts_with(${this.#bytesValue(depth - 1)},${this.#text(true)})`;
    if (roll < 0.8) return `ends_with(${this.pick(bytesFields)} , ${this.#text(true)})`;
    return `has_key(${this.pick(mapFields)}, ${this.#key()})`;
  }

  #bytesValue(depth: number): string {
    const field = this.pick(bytesFields);
    if (depth <= 0 || this.#chance(0.4)) return this.#plainBytes(field);
    const inner = this.#bytesValue(depth - 1);
    if (!this.#hasReplaced && this.#chance(0.12)) return this.#replaced(inner, field);
    return this.pick([
      () => `lower(${inner})`,
      () => `upper( ${inner} )`,
      () => `substring(${inner}, ${this.pick(integers)})`,
      () => `substring(${inner},${this.pick([-2, 0, 1])},${this.pick([-1, 2, 99])})`,
      () => `concat(${inner}, ${this.#text(true)}, ${field})`,
      () => `url_decode(${field}${this.pick(['', ', "r"', ', "u"', ', "ur"'])})`,
      () => `remove_bytes(${inner}, ${quote(this.pick(words))})`,
      () => `remove_query_args(http.request.uri.query, ${this.pick(['"a"', '"b", "c"'])})`,
      () =>
        `split(${inner}, ${this.pick(['"a"', '"/"', '"&"'])}, ${this.pick([1, 2, 128])})[${this.pick([0, 1, 9])}]`,
      () => `join(${this.pick(arrayFields)}, ${this.#text(true)})`,
      () => `to_string(${this.pick([...intFields, ...boolFields, 'ip.src', 'cidr(ip.src, 8, 8)'])})`,
      () => `encode_base64(${inner}${this.pick(['', ', "u"', ', "up"'])})`,
      () => `decode_base64(${field})`,
      () => `sha256(${inner})`,
      () => `lookup_json_string(${field}, ${this.pick(['"a", 1, "b"', '1', '"x"'])})`,
      () => `coalesce(${this.#plainBytes(field)}, ${this.#text(true)})`,
    ])();
  }

  #replaced(inner: string, field: string): string {
    this.#hasReplaced = true;
    if (this.#chance(0.5))
      return `regex_replace(${inner}, ${quote(fromText(this.pick(patterns)))}, ${quote(this.pick(templates))})`;
    return `wildcard_replace(${field}, ${quote(fromText(this.pick(wildcards)))}, ${quote(this.pick(templates))})`;
  }

  #plainBytes(field: string): string {
    const roll = this.#random();
    if (roll < 0.6) return field;
    if (roll < 0.8) return `${this.pick(arrayFields)}[${this.pick([0, 1, 9])}]`;
    return `${this.pick(mapFields)}[${this.#key()}][${this.pick([0, 1])}]`;
  }

  #intValue(depth: number): string {
    const roll = this.#random();
    if (depth <= 0 || roll < 0.4) return this.pick(intFields);
    if (roll < 0.6) return `cf.sequence.msec_since_op[${this.#key()}]`;
    if (roll < 0.75) return `len(${this.#bytesValue(depth - 1)})`;
    if (roll < 0.85) return `len(${this.pick([...arrayFields, `${this.pick(mapFields)}[${this.#key()}]`])})`;
    if (roll < 0.95)
      return `lookup_json_integer(${this.pick(bytesFields)}, ${this.pick(['"n"', '2', '"a",0'])})`;
    return `coalesce(cf.sequence.msec_since_op[${this.#key()}], ${this.pick(integers)})`;
  }

  #ipValue(): string {
    return this.pick(['ip.src', 'cidr(ip.src, 24, 48)', 'cidr6(ip.src, 32)']);
  }

  #quantifier(depth: number): string {
    const argument = this.#chance(0.3) ? `(${this.#joined(() => this.#mapped(depth))})` : this.#mapped(depth);
    const negated = this.#chance(0.2) ? `not ${argument}` : argument;
    return `${this.pick(['any', 'all'])}${this.#space()}(${this.#space()}${negated}${this.#space()})`;
  }

  /** A comparison of each item. */
  #mapped(depth: number): string {
    const strings = this.pick([
      `${this.pick(arrayFields)}[*]`,
      `${this.pick(mapFields)}[${this.#key()}][*]`,
      `${this.pick(mapFields)}[*][${this.pick(['*', '0'])}]`,
      `lower(${this.pick(arrayFields)}[*])[*]`,
      `decode_base64(${this.pick(arrayFields)}[*])[*]`,
      `substring(${this.pick(arrayFields)}[*], 1)[*]`,
      `concat(${this.pick(arrayFields)}[*], ${this.#bytesValue(depth > 0 ? 1 : 0)})[*]`,
    ]);
    const roll = this.#random();
    if (roll < 0.6) return this.#compareBytes(strings);
    if (roll < 0.75)
      return this.#compareInt(this.pick(['cf.sequence.msec_since_op[*]', `len(${strings})[*]`]));
    if (roll < 0.8) return `${this.#compareInt(`len(${this.pick(mapFields)}[*])[*]`)}`;
    return `starts_with(${strings}, ${this.#text(true)})`;
  }

  /** A field or call that gives a value. */
  value(): string {
    this.#hasReplaced = false;
    return this.pick([() => this.#bytesValue(3), () => this.#intValue(3), () => this.#ipValue()])();
  }

  /** A text with something broken: pieces lost, doubled, swapped, or foreign ones put in. */
  broken(text: string): string {
    const pieces = text.split(/(?<=[\s()[\]{},"$])|(?=[\s()[\]{},"$])/);
    for (let times = 1 + Math.floor(this.#random() * 3); times > 0; times -= 1) {
      const at = Math.floor(this.#random() * pieces.length);
      const roll = this.#random();
      if (roll < 0.25) pieces.splice(at, 1);
      else if (roll < 0.45) pieces.splice(at, 0, pieces[at] ?? '');
      else if (roll < 0.6) pieces.splice(at, 1, pieces[Math.floor(this.#random() * pieces.length)] ?? '');
      else pieces.splice(at, 0, this.pick(foreign));
    }
    return pieces.join('');
  }

  /** Values of some of the fields. */
  request(): ReadonlyMap<string, Value> {
    const values = new Map<string, Value>();
    const give = (fields: readonly string[], make: () => Value): void => {
      for (const field of fields) if (this.#chance(0.8)) values.set(field, make());
    };
    const some = <T>(make: () => T): T[] => Array.from({ length: Math.floor(this.#random() * 4) }, make);
    const word = (): string => this.pick(words);
    give(bytesFields, word);
    give(intFields, () => this.pick(integers));
    give(boolFields, () => this.#chance(0.5));
    give(arrayFields, () => some(word));
    give(mapFields, () => new Map(some(() => [word(), some(word)])));
    give(['cf.sequence.msec_since_op'], () => new Map(some(() => [word(), this.pick(integers)])));
    give(['ip.src'], () => this.pick(rawAddresses));
    return values;
  }
}

const rawAddresses = addresses.map((each) => parseAddress(each) as string);

const foreign = [
  '(',
  ')',
  '[*]',
  '[0]',
  '["a"]',
  '{',
  '}',
  '"',
  '\\',
  '\t',
  ',',
  '#',
  '..',
  'not ',
  ' and ',
  ' eq ',
  'any(',
  'all(',
  'r"',
  'r#"',
  '$',
  '$words',
  '**',
  '0x',
  '-',
  '1',
  '99999999999999999999',
  '::',
  '/33',
  'é',
  '😀',
  '\u00a0',
  '\0',
  'ssl',
  'http.host',
  'concat(',
  'strict wildcard',
  'matches "(',
  '~ "[a',
  'in {',
  '\ud800',
] as const;
