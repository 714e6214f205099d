import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '../ast.ts';
import { parseExpression, parseValueExpression } from '../expression.ts';
import type { Value } from '../values.ts';
import { evaluateReference, evaluateReferenceValue } from './evaluate.ts';
import { explain } from './explain.ts';

const expressionOf = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'refused') throw new Error(`${text}: ${parsed.fault.message}`);
  return parsed.expression;
};

const sentence = (text: string, facts: Record<string, Value> = {}): string =>
  explain(evaluateReference(expressionOf(text), new Map(Object.entries(facts)), new Map()), text).sentence;

const ops = 'cf.sequence.previous_ops';
const op = 'cf.sequence.current_op';
const since = 'cf.sequence.msec_since_op';
const headers = 'http.request.headers';
const path = 'http.request.uri.path';
const allowed = `${op} eq "7e57ab1e" and not any(${ops}[*] == "10ad1de0")`;

test('the sentence names the part that decided', () => {
  const match = `${op} eq "7e57ab1e" and any(${ops}[*] == "10ad1de0")`;
  assert.equal(
    sentence(match, { [op]: '7e57ab1e', [ops]: ['99999999'] }),
    `no rule match: \`any(${ops}[*] == "10ad1de0")\` is false because ${ops} has no "10ad1de0" (it is ["99999999"])`,
  );
  assert.equal(
    sentence(allowed, { [op]: '7e57ab1e', [ops]: ['10ad1de0'] }),
    `no rule match: \`not any(${ops}[*] == "10ad1de0")\` is false because ${ops} has "10ad1de0" (it is ["10ad1de0"])`,
  );
  assert.equal(
    sentence(allowed, { [op]: '1', [ops]: ['10ad1de0'] }),
    `no rule match: \`${op} eq "7e57ab1e"\` is false because ${op} is "1", not "7e57ab1e"; 1 more part is false as well`,
  );
});

test('where every part was needed the sentence gives every reason, up to three', () => {
  assert.equal(
    sentence(`${op} eq "a" and (${ops}[0] ne "b")`, { [op]: 'a', [ops]: ['c'] }),
    `rule match: \`${op} eq "a" and (${ops}[0] ne "b")\` is true because ${op} is "a", and ${ops}[0] is "c", not "b"`,
  );
  const four = '"a" or http.host eq '.repeat(3);
  assert.match(
    sentence(`http.host eq ${four}"b" or ssl`, { 'http.host': 'x', ssl: false }),
    /because http\.host is "x", not "a", and .* \(and 2 more\)$/,
  );
});

test('the sentence goes through parentheses, not, and parts that decide alone', () => {
  const text = `(ssl or http.host eq "a") and not (http.host eq "b" or ${path} contains "/x")`;
  assert.equal(
    sentence(text, { ssl: true, 'http.host': 'c', [path]: '/x' }),
    `no rule match: \`not (http.host eq "b" or ${path} contains "/x")\` is false because ${path} is "/x", which contains "/x"`,
  );
  assert.equal(
    sentence('ssl or http.host eq "a" or http.host ne "b"', { ssl: true, 'http.host': 'a' }),
    'rule match: `ssl` is true; 2 more parts are true as well',
  );
});

test('xor shows what its parts are', () => {
  assert.equal(
    sentence('ssl xor http.host eq "a"', { ssl: true, 'http.host': 'a' }),
    'no rule match: `ssl xor http.host eq "a"` is false because `ssl` is true, and `http.host eq "a"` is true; xor is true for an odd number of true parts',
  );
});

/** An expression, the facts, and what stands after "because" (or after the truth). */
const reasons: readonly (readonly [string, Record<string, Value>, string])[] = [
  ['ssl', {}, 'because ssl is missing (a missing value counts as false)'],
  ['ssl', { ssl: false }, ''],
  ['http.host lt "b"', { 'http.host': 'a' }, 'because http.host is "a", which is less than "b"'],
  ['http.host ne "b"', { 'http.host': 'b' }, 'because http.host is "b"'],
  [
    `${since}["k"] ge 5`,
    { [since]: new Map([['k', 4]]) },
    `because ${since}["k"] is 4, which is not at least 5`,
  ],
  [
    `${since}["k"] ge 5`,
    { [since]: new Map() },
    `because ${since} has no "k" (a comparison with a missing value is false)`,
  ],
  [`${since}["k"] le 5`, {}, `because ${since} is missing (a comparison with a missing value is false)`],
  [
    `${since}["k"] & 6`,
    { [since]: new Map([['k', 9]]) },
    `because ${since}["k"] is 9, which has no bit in common with 6`,
  ],
  [
    `${ops}[1] gt "a"`,
    { [ops]: ['b'] },
    `because ${ops} has only 1 item (a comparison with a missing value is false)`,
  ],
  [
    `${ops}[2] gt "a"`,
    { [ops]: ['b', 'c'] },
    `because ${ops} has only 2 items (a comparison with a missing value is false)`,
  ],
  [
    `${headers}["a"][0] eq "x"`,
    { [headers]: new Map([['a', []]]) },
    `because ${headers}["a"] is empty (a comparison with a missing value is false)`,
  ],
  ['http.host matches "^a.$"', { 'http.host': 'ab' }, 'because http.host is "ab", which matches `^a.$`'],
  [
    'http.host wildcard "a*"',
    { 'http.host': 'b' },
    'because http.host is "b", which does not fit the wildcard "a*"',
  ],
  ['http.host in {"a" "b"}', { 'http.host': 'c' }, 'because http.host is "c", which is not in {"a" "b"}'],
  ['http.host in $hosts', { 'http.host': 'c' }, 'because http.host is "c", which is not in the list $hosts'],
  ['ip.src ne 192.0.2.1', { 'ip.src': '\xc0\0\x02\x02' }, 'because ip.src is 192.0.2.2, not 192.0.2.1'],
  [`starts_with(${path}, "/v2/")`, { [path]: '/v1/a' }, `because ${path} is "/v1/a"`],
  [
    `not starts_with(${path}, "/v2/")`,
    { [path]: '/v1/a' },
    `because starts_with(${path}, "/v2/") is false (${path} is "/v1/a")`,
  ],
  [
    `decode_base64(${path}) eq "a"`,
    { [path]: '!' },
    `because decode_base64(${path}) gives nothing (${path} is "!") (a comparison with a missing value is false)`,
  ],
  [
    `lower(decode_base64(${path})) eq "a"`,
    { [path]: '!' },
    `because decode_base64(${path}) gives nothing (${path} is "!") (a comparison with a missing value is false)`,
  ],
  [`any(${ops}[*] eq "a")`, { [ops]: [] }, `because ${ops} is empty (any of nothing is false)`],
  [
    `all(${headers}["a"][*] eq "x")`,
    { [headers]: new Map() },
    `because ${headers} has no "a" (all of nothing is true)`,
  ],
  [`any(${ops}[*] ne "a")`, { [ops]: ['a'] }, `because every item of ${ops} is "a" (it is ["a"])`],
  [`all(${ops}[*] ne "a")`, { [ops]: ['b'] }, `because no item of ${ops} is "a" (it is ["b"])`],
  [`all(${ops}[*] ne "a")`, { [ops]: ['b', 'a'] }, `because an item of ${ops}, "a", is "a"`],
  [`any(${ops}[*] contains "x")`, { [ops]: ['a'] }, `because no item of ${ops} contains "x" (it is ["a"])`],
  [`any((${ops}[*] contains "a"))`, { [ops]: ['b', 'ba'] }, `because an item of ${ops}, "ba", contains "a"`],
  [
    `all(${ops}[*] contains "a")`,
    { [ops]: ['a', 'ba'] },
    `because every item of ${ops} contains "a" (it is ["a", "ba"])`,
  ],
  [
    `any(${headers}[*][0] eq "x")`,
    { [headers]: new Map([['a', ['y']]]) },
    `because ${headers}[*][0] has no "x" (its items are ["y"])`,
  ],
  [
    `any(not ${ops}[*] eq "a")`,
    { [ops]: ['a'] },
    `because \`not ${ops}[*] eq "a"\` is false for every item (${ops}[*] is ["a"])`,
  ],
  [
    `all(not ${ops}[*] eq "a")`,
    { [ops]: ['b'] },
    `because \`not ${ops}[*] eq "a"\` is true for every item (${ops}[*] is ["b"])`,
  ],
  [
    `any(not ${ops}[*] eq "a")`,
    { [ops]: [] },
    `because \`not ${ops}[*] eq "a"\` has no items (${ops}[*] is []); any of nothing is false`,
  ],
  [
    `any(starts_with(${ops}[*], "a"))`,
    { [ops]: ['b', 'ab'] },
    `because \`starts_with(${ops}[*], "a")\` is true for item 1, counted from 0 (${ops}[*] is ["b", "ab"])`,
  ],
  [
    `all(starts_with(${headers}["a"][*], "a"))`,
    { [headers]: new Map() },
    `because ${headers} has no "a" (all of a missing value is false)`,
  ],
];

test('every kind of part has its reason', () => {
  for (const [text, facts, expected] of reasons) {
    const said = sentence(text, facts);
    const whole = `rule match: \`${text}\` is `;
    assert.ok(said.includes(whole), said);
    assert.equal(
      said.slice(said.indexOf(whole) + whole.length).replace(/^(true|false) ?/, ''),
      expected,
      text,
    );
  }
});

test('several values of a call, and stars that find nothing, are told', () => {
  assert.equal(
    sentence(`starts_with(${path}, http.host)`, { [path]: '/a', 'http.host': 'b' }),
    `no rule match: \`starts_with(${path}, http.host)\` is false because ${path} is "/a" and http.host is "b"`,
  );
  assert.equal(
    sentence(`any(${headers}[*][*] eq "x")`, { [headers]: new Map([['a', []]]) }),
    `no rule match: \`any(${headers}[*][*] eq "x")\` is false because ${headers}[*][*] has no items (any of nothing is false)`,
  );
});

test('an expression that gives a value has its value told, or why there is none', () => {
  const told = (text: string, facts: Record<string, Value>): string => {
    const parsed = parseValueExpression(text);
    assert.ok(parsed.kind === 'parsed');
    return explain(evaluateReferenceValue(parsed.expression, new Map(Object.entries(facts)), new Map()), text)
      .sentence;
  };
  assert.equal(told('lower(http.host)', { 'http.host': 'A' }), 'the value of `lower(http.host)` is "a"');
  assert.equal(told('lower(http.host)', {}), 'no value: http.host is missing');
  assert.equal(told('ssl', { ssl: true }), 'the value of `ssl` is true');
});
