import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaseError } from './case-error.ts';
import { parseCase, parseFields } from './cases.ts';
import { parseList } from './list-items.ts';
import { referenceEvaluator, runCase } from './run-cases.ts';

const base = { id: 'a-1', expression: 'ssl', valid: true, requests: [] };

const faults: readonly (readonly [json: unknown, pointer: string])[] = [
  [null, ''],
  [[], ''],
  [{ ...base, expression: 1 }, '/expression'],
  [{ ...base, valid: 'yes' }, '/valid'],
  [{ ...base, requests: {} }, '/requests'],
  [{ ...base, requests: ['a'] }, '/requests/0'],
  [{ ...base, requests: [{ fields: {} }] }, '/requests/0/expected'],
  [{ ...base, requests: [{ fields: [], expected: true }] }, '/requests/0/fields'],
  [{ ...base, lists: [] }, '/lists'],
  [{ ...base, lists: { a: 1 } }, '/lists/a'],
  [{ ...base, lists: { a: { type: 'text', items: [] } } }, '/lists/a/type'],
  [{ ...base, lists: { a: { type: 'ip', items: 'x' } } }, '/lists/a/items'],
  [{ ...base, lists: { a: { type: 'ip', items: [1] } } }, '/lists/a/items/0'],
  [{ ...base, lists: { a: { type: 'ip', items: ['192.0.2.1', '192.0.2.1/24'] } } }, '/lists/a/items/1'],
  [{ ...base, lists: { a: { type: 'ip', items: ['192.0.2.1 '] } } }, '/lists/a/items/0'],
  [{ ...base, lists: { a: { type: 'int', items: [1.5] } } }, '/lists/a/items/0'],
  [{ ...base, lists: { a: { type: 'int', items: ['x'] } } }, '/lists/a/items/0'],
  [{ ...base, lists: { a: { type: 'bytes', items: [1] } } }, '/lists/a/items/0'],
];

test('names the place of what is wrong with a case', () => {
  for (const [json, pointer] of faults)
    assert.throws(
      () => parseCase(json),
      (error) => {
        assert.ok(error instanceof CaseError, JSON.stringify(json));
        assert.equal(error.pointer, pointer, error.message);
        return true;
      },
    );
});

const wrongFields: readonly (readonly [name: string, json: unknown, place?: string])[] = [
  ['http.no_such_field', 'a'],
  ['ssl', 1],
  ['cf.threat_score', '1'],
  ['cf.threat_score', 1.5],
  ['cf.threat_score', { $int: '9223372036854775808' }],
  ['cf.threat_score', { $int: '1x' }],
  ['http.host', 1],
  ['http.host', { $hex: 'abc' }],
  ['ip.src', '192.0.2.256'],
  ['ip.src', 1],
  ['cf.sequence.previous_ops', 'a'],
  ['cf.sequence.previous_ops', ['a', 1], '/cf.sequence.previous_ops/1'],
  ['cf.sequence.msec_since_op', []],
  ['http.request.headers', { a: ['b', 1] }, '/http.request.headers/a/1'],
];

test('names the field whose value is not of its type', () => {
  for (const [name, json, place] of wrongFields)
    assert.throws(
      () => parseFields({ [name]: json }),
      (error) => error instanceof CaseError && error.pointer === (place ?? `/${name}`),
      `${name} ${JSON.stringify(json)}`,
    );
});

test('reads values of every type', () => {
  const values = parseFields({
    ssl: true,
    'cf.threat_score': { $int: '9007199254740993' },
    'ip.src.asnum': { $int: '-5' },
    'http.host': 'é',
    'http.user_agent': { $hex: 'FFfe' },
    'http.referer': null,
    'ip.src': '2001:db8::1',
    'cf.sequence.previous_ops': ['a', { $hex: '00' }],
    'cf.sequence.msec_since_op': { é: 5 },
  });

  assert.deepEqual(
    values,
    new Map<string, unknown>([
      ['ssl', true],
      ['cf.threat_score', 9007199254740993n],
      ['ip.src.asnum', -5],
      ['http.host', '\xc3\xa9'],
      ['http.user_agent', '\xff\xfe'],
      ['ip.src', ` \x01\r\xb8${'\0'.repeat(11)}\x01`],
      ['cf.sequence.previous_ops', ['a', '\0']],
      ['cf.sequence.msec_since_op', new Map([['\xc3\xa9', 5]])],
    ]),
  );
});

test('tells what came out other than a case states', () => {
  const requests = [
    { fields: { ssl: true }, expected: false },
    { fields: {}, expected: false },
  ];

  assert.deepEqual(runCase(parseCase({ ...base, requests })), {
    evaluations: 2,
    wrongEvaluations: 1,
    mismatches: [{ kind: 'result', request: 0, result: true }],
  });
  assert.equal(runCase(parseCase({ ...base, requests }), referenceEvaluator).wrongEvaluations, 1);
  const refused = runCase(parseCase({ ...base, expression: 'sll', requests }));
  assert.equal(refused.wrongEvaluations, 2);
  assert.ok(refused.mismatches[0]?.kind === 'validity' && refused.mismatches[0].fault !== null);
  const taken = runCase(parseCase({ ...base, valid: false }));
  assert.deepEqual(taken.mismatches, [{ kind: 'validity', isValid: true, fault: null }]);
  assert.deepEqual(runCase(parseCase({ ...base, expression: '(', valid: false })).mismatches, []);
});

test('a case that names no lists takes any list as empty', () => {
  const run = (lists?: object) =>
    runCase(
      parseCase({
        ...base,
        expression: 'http.host in $a',
        ...lists,
        requests: [{ fields: {}, expected: false }],
      }),
    );

  assert.deepEqual(run().mismatches, []);
  assert.deepEqual(run({ lists: null }).mismatches, []);
  assert.equal(run({ lists: {} }).mismatches[0]?.kind, 'validity');
});

test('numbers its cases by whatever id they have, and takes those that say nothing as valid', () => {
  assert.equal(parseCase({ id: 7, expression: 'ssl' }).id, '7');
  assert.equal(parseCase({ expression: 'ssl' }).id, '');
  assert.equal(parseCase({ expression: 'ssl', requests: null }).isValid, true);
});

test('items of lists are written as members of sets', () => {
  assert.deepEqual(
    parseList('int', ['7', '1..3']).members.map((member) =>
      member.kind === 'int' ? [member.first, member.last] : null,
    ),
    [
      [7, 7],
      [1, 3],
    ],
  );
  assert.equal(parseList('bytes', ['a b']).members.length, 1);
});
