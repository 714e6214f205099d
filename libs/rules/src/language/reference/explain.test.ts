import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '../ast.ts';
import { parseExpression } from '../expression.ts';
import { fromText, type Value } from '../values.ts';
import { evaluateReference } from './evaluate.ts';
import { type Explanation, explain } from './explain.ts';

const expressionOf = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'refused') throw new Error(`${text}: ${parsed.fault.message}`);
  return parsed.expression;
};

const explained = (text: string, facts: Record<string, Value> = {}): Explanation =>
  explain(evaluateReference(expressionOf(text), new Map(Object.entries(facts)), new Map()), text);

const ops = 'cf.sequence.previous_ops';
const op = 'cf.sequence.current_op';
const since = 'cf.sequence.msec_since_op';
const path = 'http.request.uri.path';
const allowed = `${op} eq "7e57ab1e" and not any(${ops}[*] == "10ad1de0")`;

test('draws the tree with the truth of each part in front', () => {
  const { lines } = explained(allowed, { [op]: '7e57ab1e', [ops]: ['99999999', '10ad1de0'] });

  assert.deepEqual(lines, [
    `false  ${allowed}`,
    `true   ├ ${op} eq "7e57ab1e"`,
    `       │ └ ${op} = "7e57ab1e"`,
    'false  └ not any(…)',
    `true     └ any(${ops}[*] == "10ad1de0")`,
    `           └ ${ops}[*] == "10ad1de0" = [false, true]`,
    `             └ ${ops}[*] = ["99999999", "10ad1de0"]`,
  ]);
});

test('lines say what is missing and leave literals out', () => {
  const { lines } = explained(`ssl or (starts_with(lower(${path}), "/a") or ${since}["k"] ge 5)`, {
    [since]: new Map([['other', 9]]),
  });

  assert.deepEqual(lines, [
    `false  ssl or (starts_with(lower(${path}), "/a") or ${since}["k"] ge 5)`,
    'false  ├ ssl is missing',
    'false  └ (…)',
    'false    └ … or …',
    `false      ├ starts_with(lower(${path}), "/a") is missing`,
    `           │ └ lower(${path}) is missing`,
    `           │   └ ${path} is missing`,
    `false      └ ${since}["k"] ge 5`,
    `             └ ${since}["k"] is missing`,
    `               └ ${since} = {"other": 9}`,
  ]);
});

test('the key of a timed token is never shown', () => {
  const text = 'is_timed_hmac_valid_v0("topsecret", http.request.uri, 10, http.request.timestamp.sec)';
  const explanation = explained(text, { 'http.request.uri': '/', 'http.request.timestamp.sec': 5 });
  assert.ok(!JSON.stringify(explanation).includes('topsecret'));
  assert.match(explanation.lines.join('\n'), /is_timed_hmac_valid_v0\(\*\*\*, http\.request\.uri, 10/);
});

test('the tree for JSON says text, place, type and value of each part', () => {
  const { tree } = explained(`${since}["k"] ge 5`, { [since]: new Map<string, Value>([['a', 2n ** 60n]]) });
  assert.deepEqual(JSON.parse(JSON.stringify(tree)), {
    text: `${since}["k"] ge 5`,
    start: 0,
    end: 35,
    kind: 'comparison',
    type: 'Bool',
    value: false,
    children: [
      {
        text: `${since}["k"]`,
        start: 0,
        end: 30,
        kind: 'index',
        type: 'Int',
        value: null,
        missing: true,
        children: [
          {
            text: since,
            start: 0,
            end: 25,
            kind: 'field',
            type: 'Map<Int>',
            value: { a: { $int: '1152921504606846976' } },
            children: [],
          },
        ],
      },
    ],
  });
});

const plain = (field: string, value: Value): unknown => {
  const comparison = explained(`${field} eq "x"`, { [field]: value }).tree;
  return comparison.children[0]?.value;
};

test('bytes are text, or hexadecimal where they are none, and long ones are cut between characters', () => {
  assert.equal(plain('http.host', fromText('é')), 'é');
  assert.deepEqual(plain('http.host', '\xff\x00'), { $hex: 'ff00' });
  assert.deepEqual(plain('http.host', fromText(`${'a'.repeat(63)}é${'b'.repeat(40)}`)), {
    $start: 'a'.repeat(63),
    $bytes: 105,
  });
  assert.deepEqual(plain('http.host', '\x80'.repeat(65)), { $start: { $hex: '80'.repeat(64) }, $bytes: 65 });
});

test('lines are safe to print: what cannot be seen is escaped, long values are cut', () => {
  const line = (value: string): string =>
    explained('http.host eq "x"', { 'http.host': value }).lines[1] ?? '';
  assert.equal(line('\n\x1b'), '       └ http.host = "\\x0a\\x1b"');
  assert.equal(line(fromText('a"\u202eé')), '       └ http.host = "a\\"\\xe2\\x80\\xaeé"');
  assert.equal(line('\xff"a'), '       └ http.host = "\\xff\\"a"');
  assert.equal(line('a'.repeat(70)), `       └ http.host = "${'a'.repeat(64)}…" (70 bytes)`);
  assert.equal(
    explained('http.host\n  eq "a\x1b"', { 'http.host': 'b' }).lines[0],
    'false  http.host eq "a\u{fffd}"',
  );
});

test('arrays and maps show their first items and how many there are', () => {
  const items = Array.from({ length: 20 }, (_each, at) => String(at));
  const array = explained(`any(${ops}[*] eq "x")`, { [ops]: items });
  assert.match(array.sentence, /\(it is \["0", .* "7", …\] \(20 items\)\)$/);
  assert.deepEqual(array.tree.children[0]?.children[0]?.value, { $first: items.slice(0, 8), $items: 20 });

  const entries = new Map(items.map((each) => [each, 1]));
  const map = explained(`${since}["x"] eq 1`, { [since]: entries });
  assert.match(map.lines.at(-1) ?? '', /= \{"0": 1, "1": 1, .*, …\} \(20 items\)$/);
  const base = map.tree.children[0]?.children[0]?.value as { $items: number; $first: object };
  assert.equal(base.$items, 20);
  assert.equal(Object.keys(base.$first).length, 8);
  const odd = explained(`${since}["x"] eq 1`, { [since]: new Map([['\xff', 1]]) });
  assert.deepEqual(odd.tree.children[0]?.children[0]?.value, { $map: [[{ $hex: 'ff' }, 1]] });
});

test('addresses are text in lines and in the tree', () => {
  const { tree, lines } = explained('ip.src eq 192.0.2.1', { 'ip.src': '\xc0\0\x02\x01' });
  assert.equal(tree.children[0]?.value, '192.0.2.1');
  assert.equal(lines[1], '       └ ip.src = 192.0.2.1');
});
