import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '../ast.ts';
import { parseExpression } from '../expression.ts';
import type { NamedLists } from '../lists.ts';
import { printType } from '../types.ts';
import { fromText, type Value } from '../values.ts';
import { evaluateReference, type Trace } from './evaluate.ts';

const expressionOf = (text: string): Expression => {
  const parsed = parseExpression(text);
  assert.equal(parsed.kind, 'parsed', `${text}: ${'fault' in parsed ? parsed.fault.message : ''}`);
  return (parsed as { expression: Expression }).expression;
};

const traceOf = (text: string, facts: Record<string, Value> = {}, lists: NamedLists = new Map()): Trace =>
  evaluateReference(expressionOf(text), new Map(Object.entries(facts)), lists);

const isTrue = (text: string, facts: Record<string, Value> = {}, lists?: NamedLists): boolean =>
  traceOf(text, facts, lists).value === true;

const path = 'http.request.uri.path';
const ops = 'cf.sequence.previous_ops';
const since = 'cf.sequence.msec_since_op';
const headers = 'http.request.headers';
const map = <T extends Value>(entries: Record<string, T>): ReadonlyMap<string, T> =>
  new Map(Object.entries(entries));

test('the table of every logical operator', () => {
  const rows = [
    ['and', [false, false, false, true]],
    ['or', [false, true, true, true]],
    ['xor', [false, true, true, false]],
  ] as const;
  for (const [operator, results] of rows)
    for (const [at, expected] of results.entries()) {
      const facts = { ssl: at >= 2, 'cf.bot_management.verified_bot': at % 2 === 1 };
      assert.equal(isTrue(`ssl ${operator} cf.bot_management.verified_bot`, facts), expected, operator);
    }
  assert.ok(isTrue('not (ssl)', { ssl: false }));
  assert.ok(!isTrue('not ssl', { ssl: true }));
});

test('every comparison with a missing value is false, and not of it true', () => {
  const comparisons = [
    `${ops}[4] eq "a"`,
    `${ops}[4] ne "a"`,
    `${ops}[4] contains ""`,
    `${ops}[4] matches ""`,
    `${ops}[4] wildcard "*"`,
    `${ops}[4] in {"a"}`,
    `${ops}[4] in $any`,
    `${ops}[4] lt "z"`,
    `${since}["x"] & 1`,
    `${since}["x"] ne 1`,
    'ssl',
    'ip.src ne 192.0.2.1',
    `starts_with(${ops}[4], "")`,
    `len(${headers}["x"]) ge 0`,
  ];
  const facts = { [ops]: ['a'], [since]: map({}), [headers]: map({}) };
  for (const each of comparisons) {
    assert.ok(!isTrue(each, facts), each);
    assert.ok(isTrue(`not ${each}`, facts), each);
  }
});

test('bytes are compared as bytes', () => {
  const orders = [
    ['eq', false],
    ['ne', true],
    ['lt', false],
    ['le', false],
    ['gt', true],
    ['ge', true],
  ] as const;
  for (const [operator, expected] of orders)
    assert.equal(isTrue(`${path} ${operator} "｡"`, { [path]: fromText('😀') }), expected, operator);
  for (const operator of ['eq', 'le', 'ge'])
    assert.ok(isTrue(`${path} ${operator} "é"`, { [path]: '\xc3\xa9' }));
});

test('integers are compared exactly over all 64 bits', () => {
  const least = -(2n ** 63n);
  const facts = { [since]: map<Value>({ a: least, b: 9007199254740993n, c: 5 }) };
  assert.ok(isTrue(`${since}["a"] lt -9223372036854775807`, facts));
  assert.ok(isTrue(`${since}["b"] gt 9007199254740992`, facts));
  assert.ok(isTrue(`${since}["b"] eq 9007199254740993`, facts));
  assert.ok(isTrue(`${since}["b"] in {9007199254740993..9007199254740993}`, facts));
  assert.ok(!isTrue(`${since}["b"] in {0..9007199254740992 9007199254740994}`, facts));
  assert.ok(isTrue(`${since}["c"] & 4`, facts));
  assert.ok(!isTrue(`${since}["c"] & 2`, facts));
  assert.ok(isTrue(`${since}["a"] & -1`, facts));
  assert.ok(!isTrue(`${since}["a"] & 9223372036854775807`, facts));
});

const v4 = (a: number, b: number, c: number, d: number): string => String.fromCharCode(a, b, c, d);
const mapped = `${'\0'.repeat(10)}\xff\xff${v4(192, 0, 2, 1)}`;

test('addresses of two families are never equal and have no order', () => {
  assert.ok(isTrue('ip.src eq 192.0.2.1', { 'ip.src': v4(192, 0, 2, 1) }));
  assert.ok(isTrue('ip.src ne 192.0.2.1', { 'ip.src': mapped }));
  assert.ok(!isTrue('ip.src in {0.0.0.0/0}', { 'ip.src': mapped }));
  assert.ok(!isTrue('ip.src in {::/0}', { 'ip.src': v4(192, 0, 2, 1) }));
  assert.ok(isTrue('ip.src in {::/0}', { 'ip.src': mapped }));
  assert.ok(isTrue('ip.src in {192.0.2.0..192.0.2.9}', { 'ip.src': v4(192, 0, 2, 9) }));
});

test('contains, wildcard and matches look at bytes', () => {
  const facts = { [path]: '/Shop/Cart' };
  assert.ok(isTrue(`${path} contains "/Cart"`, facts));
  assert.ok(!isTrue(`${path} contains "/cart"`, facts));
  assert.ok(isTrue(`${path} wildcard "/shop/*"`, facts));
  assert.ok(!isTrue(`${path} strict wildcard "/shop/*"`, facts));
  assert.ok(isTrue(`${path} matches "C.rt$"`, facts));
});

test('a named list holds what it was given, for values of its type', () => {
  const members = (text: string): never => (expressionOf(text) as { members?: unknown }).members as never;
  const lists: NamedLists = new Map([
    ['hosts', { type: 'bytes', members: members('http.host in {"a" "5"}') }],
    ['nets', { type: 'ip', members: members('ip.src in {192.0.2.0/24}') }],
  ]);
  assert.ok(isTrue('http.host in $hosts', { 'http.host': 'a' }, lists));
  assert.ok(!isTrue('http.host in $hosts', { 'http.host': 'b' }, lists));
  assert.ok(isTrue('ip.src in $nets', { 'ip.src': v4(192, 0, 2, 200) }, lists));
  assert.ok(!isTrue('http.host in $others', { 'http.host': 'a' }, lists));
  assert.ok(!isTrue(`${since}["k"] in $hosts`, { [since]: map({ k: 5 }) }, lists));
});

test('any of nothing is false and all of nothing is true', () => {
  assert.ok(!isTrue(`any(${ops}[*] eq "a")`, { [ops]: [] }));
  assert.ok(isTrue(`all(${ops}[*] eq "a")`, { [ops]: [] }));
  assert.ok(isTrue(`any(${ops}[*] eq "a")`, { [ops]: ['b', 'a'] }));
  assert.ok(!isTrue(`all(${ops}[*] eq "a")`, { [ops]: ['b', 'a'] }));
});

test('all over a missing array is true under a comparison and false under a call', () => {
  const facts = { [headers]: map({}) };
  assert.ok(isTrue(`all(${headers}["x"][*] eq "a")`, facts));
  assert.ok(isTrue(`all(not ${headers}["x"][*] eq "a")`, facts));
  assert.ok(isTrue(`all(lower(${headers}["x"][*])[*] eq "a")`, facts));
  assert.ok(isTrue(`all((starts_with(${headers}["x"][*], "a")))`, facts));
  assert.ok(!isTrue(`all(starts_with(${headers}["x"][*], "a"))`, facts));
  assert.ok(!isTrue(`any(starts_with(${headers}["x"][*], "a"))`, facts));
});

test('logic over arrays goes item by item, as far as the shorter one', () => {
  const facts = { [headers]: map({ a: ['x', 'y', 'z'], b: ['x', 'n'] }) };
  const argument = (operator: string): Value | undefined =>
    traceOf(`any((${headers}["a"][*] ne "x" ${operator} ${headers}["b"][*] eq "x"))`, facts).children[0]
      ?.value;
  assert.deepEqual(argument('or'), [true, true]);
  assert.deepEqual(argument('and'), [false, false]);
  assert.deepEqual(argument('xor'), [true, true]);
  const inverse = traceOf(`any(not ${headers}["a"][*] eq "y")`, facts).children[0];
  assert.deepEqual(inverse?.value, [true, false, true]);
  assert.equal(printType(inverse?.type ?? { kind: 'bool' }), 'Array<Bool>');
});

test('a mapped call leaves out the items for which it gives nothing', () => {
  const facts = { [headers]: map({ x: ['MTIz', '*', 'NDU2'] }) };
  const trace = traceOf(`all(decode_base64(${headers}["x"][*])[*] in {"123" "456"})`, facts);
  assert.equal(trace.value, true);
  assert.deepEqual(trace.children[0]?.value, [true, true]);
});

test('stars flatten, go through maps in the order of the bytes of their keys, and skip what lacks an index', () => {
  const facts = { [headers]: map({ z: ['1', '2'], B: ['3'], a: [], '\xe9': ['4', '5'] }) };
  const items = (index: string): Value | undefined =>
    traceOf(`any(${headers}${index} eq "x")`, facts).children[0]?.children[0]?.value;
  assert.deepEqual(items('[*][*]'), ['3', '1', '2', '4', '5']);
  assert.deepEqual(items('[*][1]'), ['2', '5']);
  assert.deepEqual(items('["z"][*]'), ['1', '2']);
  assert.equal(items('["none"][*]'), undefined);
});

test('a missing argument makes the result missing, but concat leaves it out', () => {
  const facts = { [headers]: map({}), 'http.host': 'h', [path]: '' };
  assert.ok(isTrue(`concat(http.host, ${ops}[0], "!") eq "h!"`, facts));
  assert.ok(!isTrue(`concat(${ops}[0], ${ops}[1]) eq ""`, facts));
  assert.ok(
    isTrue(`len(concat(${headers}["a"], ${headers}["b"])) eq 3`, {
      [headers]: map({ a: ['1', '2'], b: ['3'] }),
    }),
  );
});

test('every part is evaluated and recorded in the order of the text', () => {
  const text = `ssl or starts_with(lower(${path}), "/a") and ip.src eq 192.0.2.1`;
  const trace = traceOf(text, { ssl: true, [path]: '/A', 'ip.src': v4(192, 0, 2, 2) });
  const seen: string[] = [];
  const walk = ({ span, kind, value, children }: Trace): void => {
    seen.push(`${kind} ${text.slice(span.start, span.end)} ${String(value)}`);
    for (const child of children) walk(child);
  };
  walk(trace);
  assert.deepEqual(seen, [
    `logical ${text} true`,
    'comparison ssl true',
    'field ssl true',
    `logical starts_with(lower(${path}), "/a") and ip.src eq 192.0.2.1 false`,
    `comparison starts_with(lower(${path}), "/a") true`,
    `call starts_with(lower(${path}), "/a") true`,
    `call lower(${path}) /a`,
    `field ${path} /A`,
    'literal "/a" /a',
    'comparison ip.src eq 192.0.2.1 false',
    `field ip.src ${v4(192, 0, 2, 2)}`,
  ]);
});

test('literals of every type are recorded with their type', () => {
  const types = traceOf('len(substring(http.host, 1)) eq 1').children[0]?.children[0]?.children.map((each) =>
    printType(each.type),
  );
  assert.deepEqual(types, ['Bytes', 'Int']);
});
