import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseValueExpression } from '../expression.ts';
import { functionByName } from '../functions/functions.ts';
import type { Value } from '../values.ts';
import { callFunction, functionNames } from './bodies.ts';
import { evaluateReferenceValue } from './evaluate.ts';

const path = 'http.request.uri.path';
const since = 'cf.sequence.msec_since_op';
const v4 = (a: number, b: number, c: number, d: number): string => String.fromCharCode(a, b, c, d);

const valueFor = (text: string, facts: Record<string, Value> = {}): Value | undefined => {
  const parsed = parseValueExpression(text);
  if (parsed.kind === 'refused') throw new Error(`${text}: ${parsed.fault.message}`);
  return evaluateReferenceValue(parsed.expression, new Map(Object.entries(facts)), new Map()).value;
};

const calls: readonly (readonly [string, readonly Value[], Value | undefined])[] = [
  ['lower', ['A\xc9'], 'a\xc9'],
  ['upper', ['a\xe9'], 'A\xe9'],
  ['len', ['abc'], 3],
  ['len', [['a', 'b']], 2],
  ['len', [new Map([['a', 'b']])], 1],
  ['starts_with', ['abc', 'ab'], true],
  ['ends_with', ['abc', 'ab'], false],
  ['substring', ['abc', 1], 'bc'],
  ['substring', ['abc', 0, -1], 'ab'],
  ['to_string', [true], 'true'],
  ['url_decode', ['%2520'], '%20'],
  ['url_decode', ['%2520', 'r'], ' '],
  ['remove_bytes', ['abc', 'b'], 'ac'],
  ['remove_query_args', ['a=1&b=2', 'a'], 'b=2'],
  ['regex_replace', ['abc', 'b', 'x'], 'axc'],
  ['wildcard_replace', ['abc', 'A*', 'x'], 'x'],
  ['wildcard_replace', ['abc', 'A*', 'x', 's'], 'abc'],
  ['split', ['a,b', ',', 9], ['a', 'b']],
  ['join', [['a', 'b'], '-'], 'a-b'],
  ['join', [[], '-'], ''],
  ['cidr', [v4(192, 0, 2, 1), 24, 64], v4(192, 0, 2, 0)],
  ['cidr6', [v4(192, 0, 2, 1), 64], v4(192, 0, 2, 1)],
  ['has_key', [new Map([['a', 'b']]), 'a'], true],
  ['has_key', [new Map([['a', 'b']]), 'b'], false],
  ['has_value', [new Map([['a', 'b']]), 'b'], true],
  ['has_value', [['a', 'b'], 'c'], false],
  ['has_value', [[2n ** 60n, 7], 2n ** 60n], true],
  ['coalesce', ['a', 'b'], 'a'],
  ['concat', ['a', 'b'], 'ab'],
  ['concat', [['a'], ['b']], ['a', 'b']],
  ['decode_base64', ['YQ=='], 'a'],
  ['decode_base64', ['!'], undefined],
  ['encode_base64', ['a'], 'YQ'],
  ['lookup_json_string', ['{"a":["b"]}', 'a', 0], 'b'],
  ['lookup_json_integer', ['[9007199254740993]', 0], 9007199254740993n],
  ['lookup_json_integer', ['[7]', 0], 7],
  ['lookup_json_integer', ['[]', 0], undefined],
  ['uuidv4', ['\0'.repeat(16)], '00000000-0000-4000-8000-000000000000'],
  ['is_timed_hmac_valid_v0', ['k', 'm', 1, 1], false],
];

test('every function is called by its name', () => {
  for (const [name, args, expected] of calls) assert.deepEqual(callFunction(name, args), expected, name);
  assert.equal((callFunction('sha256', ['']) as string).length, 32);
  const covered = new Set([...calls.map(([name]) => name), 'sha256']);
  assert.deepEqual(
    functionNames.filter((name) => !covered.has(name)),
    [],
  );
});

test('the functions here are those of the language', () => {
  assert.deepEqual([...functionNames].sort(), [...functionByName.keys()].sort());
});

test('a missing argument makes a result missing, and what is not known gives nothing', () => {
  assert.equal(callFunction('join', [['a'], undefined]), undefined);
  assert.equal(callFunction('coalesce', [undefined, 'b']), 'b');
  assert.equal(callFunction('coalesce', [undefined, undefined]), undefined);
  assert.equal(callFunction('no_such_function', ['a']), undefined);
});

test('expressions that give values give them, or nothing', () => {
  assert.equal(
    valueFor(`concat("https://", http.host, ${path})`, { 'http.host': 'h', [path]: '/p' }),
    'https://h/p',
  );
  assert.equal(valueFor('to_string(ip.src)', { 'ip.src': v4(192, 0, 2, 1) }), '192.0.2.1');
  assert.equal(valueFor('to_string(ssl)', { ssl: false }), 'false');
  assert.equal(valueFor(`to_string(${since}["a"])`, { [since]: new Map([['a', -7]]) }), '-7');
  assert.equal(valueFor(`to_string(${since}["a"])`, { [since]: new Map() }), undefined);
});
