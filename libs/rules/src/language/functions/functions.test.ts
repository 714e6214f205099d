import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileValueExpression } from '../compiled/expression.ts';
import { FieldLayout } from '../compiled/layout.ts';
import { parseExpression, parseValueExpression } from '../expression.ts';
import { quote } from '../print.ts';
import { fromOctets, fromText, maxResultBytes, type Value } from '../values.ts';
import { functions } from './functions.ts';

/** The value of a call, the fields given by name. */
const resultOf = (text: string, values: Readonly<Record<string, Value>>): Value | undefined => {
  const parsed = parseValueExpression(text);
  assert.ok(parsed.kind === 'parsed', `${text}: ${parsed.kind === 'refused' ? parsed.fault.message : ''}`);
  const layout = new FieldLayout();
  const get = compileValueExpression(parsed.expression, { layout });
  return get(layout.fill(new Map(Object.entries(values))));
};
const ofHost = (call: string, host: string): Value | undefined => resultOf(call, { 'http.host': host });

test('every example is an expression', () => {
  for (const { example, place, name } of functions) {
    const parsed = place === 'value' ? parseValueExpression(example) : parseExpression(example);
    assert.equal(parsed.kind, 'parsed', name);
  }
});

test('decodes again and again what is decoded until nothing changes, as if the whole text were read each time', () => {
  const piece = fc.constantFrom(
    '%',
    '%25',
    '%2',
    '5',
    '41',
    '+',
    '%2B',
    '%u0025',
    '%u',
    '%ud83d',
    '%ude00',
    'a',
    '%zz',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('', 'u'), (pieces, unicode) => {
      let expected = pieces.join('');
      for (let before = ''; before !== expected; ) {
        before = expected;
        expected = ofHost(`url_decode(http.host, "${unicode}")`, before) as string;
      }

      assert.equal(ofHost(`url_decode(http.host, "r${unicode}")`, pieces.join('')), expected);
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 3_000) },
  );
});

test('decodes a long chain of escapes of escapes in one pass', () => {
  const text = `%${'25'.repeat(500_000)}41`;

  assert.equal(ofHost('url_decode(http.host, "r")', text), 'A');
});

test('hashes as the platform does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      const source = fromOctets(octets);

      assert.equal(
        ofHost('sha256(http.host)', source),
        fromOctets(createHash('sha256').update(octets).digest()),
      );
      assert.equal(ofHost('encode_base64(http.host, "p")', source), Buffer.from(octets).toString('base64'));
      assert.equal(
        ofHost('encode_base64(http.host, "u")', source),
        Buffer.from(octets).toString('base64url'),
      );
      assert.equal(ofHost('decode_base64(http.host)', Buffer.from(octets).toString('base64')), source);
    }),
  );
});

const tokenOf = (message: string, issued: number, separator = '', isUrlSafe = false): string => {
  const code = createHmac('sha256', 'k')
    .update(`${message}${issued}`)
    .digest(isUrlSafe ? 'base64url' : 'base64');
  return `${message}${separator}${issued}-${isUrlSafe ? code : encodeURIComponent(code)}`;
};
const isValid = (token: string, now: number, more = ''): Value | undefined =>
  resultOf(`is_timed_hmac_valid_v0("k", http.request.uri, 60, http.request.timestamp.sec${more})`, {
    'http.request.uri': token,
    'http.request.timestamp.sec': now,
  });

test('a timed token holds until its seconds are over, and no other does', () => {
  const issued = 1_700_000_000;
  const token = tokenOf('/download/cat.jpg', issued, '?verify=');

  assert.equal(isValid(token, issued + 59, ', 8'), true);
  assert.equal(isValid(token, issued + 60, ', 8'), false);
  assert.equal(isValid(token, issued, ', 7'), false);
  assert.equal(isValid(token.replace('cat', 'dog'), issued, ', 8'), false);
  assert.equal(isValid(tokenOf('/a', issued, '', true), issued, ', 0, "s"'), true);
  assert.equal(isValid('', issued), false);
  assert.equal(isValid(`1700000000-${'A'.repeat(43)}`, issued), false);
  assert.equal(isValid(`/a1700000000-${'A'.repeat(42)}!`, issued), false);
  assert.equal(isValid(`/a170000000-${'A'.repeat(43)}`, issued), false);
});

test('makes a UUID of version 4 of its first 16 bytes', () => {
  const make = (seed: string): Value | undefined =>
    resultOf('uuidv4(cf.random_seed)', { 'cf.random_seed': seed });

  assert.equal(make('\xff'.repeat(20)), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  assert.equal(make('\0'.repeat(16)), '00000000-0000-4000-8000-000000000000');
  assert.equal(make('short'), undefined);
});

const documents: readonly (readonly [path: string, document: string, expected: Value | undefined])[] = [
  ['"a"', '{"a":"x"}', 'x'],
  ['"a"', '{"a":"x","a":"y"}', 'y'],
  ['"a"', '{"a":1}', undefined],
  ['"a"', '{"a":"\\ud83d\\ude00"}', fromText('😀')],
  ['"a"', '{"a":"\\ud83d"}', undefined],
  ['"é"', fromText('{"é":"x"}'), 'x'],
  ['"a"', '{"a":"\xff"}', undefined],
  ['"a"', '{"a":"x"} x', undefined],
  ['"a"', '', undefined],
  ['0', '["x"]', 'x'],
  ['1', '["x"]', undefined],
  ['"0"', '["x"]', undefined],
  ['0', '{"0":"x"}', undefined],
  ['"__proto__"', '{}', undefined],
  ['"length"', '["x"]', undefined],
  ['"a"', 'null', undefined],
  ['"a", "b", 1', '{"a":{"b":[1,"x"]}}', 'x'],
  ['0', `["x",${'['.repeat(127)}${']'.repeat(127)}]`, 'x'],
  ['0', `["x",${'['.repeat(128)}${']'.repeat(128)}]`, undefined],
  ['0', `["x","${'['.repeat(500)}\\"]"]`, 'x'],
];

test('finds strings in valid documents alone', () => {
  for (const [path, document, expected] of documents)
    assert.equal(
      ofHost(`lookup_json_string(http.host, ${path})`, document),
      expected,
      `${path} in ${document.slice(0, 60)}`,
    );
});

const numbers: readonly (readonly [written: string, expected: Value | undefined])[] = [
  ['1', 1],
  ['-0', 0],
  ['9007199254740993', 9007199254740993n],
  ['-9223372036854775808', -(2n ** 63n)],
  ['9223372036854775808', undefined],
  [`1${'0'.repeat(400)}`, undefined],
  ['42.0', undefined],
  ['1e3', undefined],
  ['"1"', undefined],
  ['01', undefined],
  ['true', undefined],
  ['{}', undefined],
];

test('finds integers as they are written, up to 64 bits', () => {
  for (const [written, expected] of numbers)
    assert.equal(ofHost('lookup_json_integer(http.host, 0)', `[${written}]`), expected, written);
  assert.equal(ofHost('lookup_json_integer(http.host, "a")', '[1]'), undefined);
  assert.equal(ofHost('lookup_json_integer(http.host, 0, "a")', '[1]'), undefined);
});

const paths: readonly (readonly [path: string, document: string, expected: Value | undefined])[] = [
  ['"a"', ' { "a" : 1 } ', 1],
  ['"a"', '{"a":1,"a":2}', 2],
  ['"a", "b"', '{"a":{"b":1},"a":{"b":2}}', 2],
  ['"a", "b"', '{"x":{"a":{"b":9}},"a":{"c":[{"b":8}],"b":3}}', 3],
  ['2', '["]",{"a":"}\\\\"},-7,0]', -7],
  ['1, 0, "k"', '[[[1,2],"\\""],[{"j":[],"k":5}]]', 5],
  ['"-1"', '{"-1":4}', 4],
  ['"é"', fromText('{"é":6}'), 6],
  ['"é"', '{"\\u00e9":6}', 6],
  ['"a\\"b"', '{"a\\"b":7}', 7],
  ['0', '[\t\n 8 ]', 8],
  ['"a"', '{"b":{},"c":[],"a":9}', 9],
];

test('finds an integer where the path leads, whatever stands around it', () => {
  for (const [path, document, expected] of paths)
    assert.equal(
      ofHost(`lookup_json_integer(http.host, ${path})`, document),
      expected,
      `${path} in ${document}`,
    );
});

test('finds the integers that a parser of the whole document finds', () => {
  const path = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'é"'), fc.nat(2)), { minLength: 1, maxLength: 3 });
  const leaf = fc.oneof(fc.maxSafeInteger(), fc.constantFrom('a]', '}"', null, true, 1.5));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'é"'), tie('tree'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(tree, path, fc.nat(2), (json, keys, indent) => {
      const found = keys.reduce<unknown>(
        (from, key) =>
          (typeof key === 'number' ? Array.isArray(from) : typeof from === 'object' && !Array.isArray(from))
            ? (from as Record<string | number, unknown> | null)?.[key]
            : undefined,
        json,
      );
      const expected = Number.isInteger(found) ? found : undefined;
      const written = keys.map((key) => (typeof key === 'number' ? key : quote(fromText(key)))).join(', ');

      const document = fromText(JSON.stringify(json, null, indent));
      const result = ofHost(`lookup_json_integer(http.host, ${written})`, document);

      assert.equal(result, expected === 0 ? 0 : expected);
    }),
    { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 2_000) },
  );
});

test('what would be longer than a function may give is missing', () => {
  const half = 'a'.repeat(maxResultBytes / 2);
  const names = Array.from({ length: 450 }, () => 'name');

  assert.equal((ofHost('concat(http.host, http.host)', half) as string).length, maxResultBytes);
  assert.equal(ofHost('concat(http.host, http.host, "a")', half), undefined);
  assert.equal(ofHost('encode_base64(http.host)', 'a'.repeat(maxResultBytes)), undefined);
  assert.equal(ofHost('encode_base64(encode_base64(encode_base64(http.host)))', half), undefined);
  assert.equal(ofHost('lower(http.host)', `${half}${half}a`), undefined);
  assert.equal(
    resultOf('join(http.request.headers.names, http.host)', {
      'http.request.headers.names': names,
      'http.host': half,
    }),
    undefined,
  );
  assert.equal(ofHost('split(http.host, "a", 2)[1]', half), half.slice(1));
  assert.equal(
    ofHost('decode_base64(http.host)', `${half}${half}`)?.toString().length,
    (maxResultBytes / 4) * 3,
  );
});

test('coalesce gives the first that is there, has_value compares whole values', () => {
  assert.equal(ofHost('coalesce(http.user_agent, http.host)', 'a'), 'a');
  assert.equal(resultOf('coalesce(http.user_agent, http.host)', {}), undefined);
  const previous = { 'cf.sequence.previous_ops': ['a', 'b'] };
  assert.equal(resultOf('has_value(cf.sequence.previous_ops, "b")', previous), true);
  assert.equal(resultOf('has_value(cf.sequence.previous_ops, "")', previous), false);
  assert.equal(resultOf('has_value(cf.sequence.previous_ops, "b")', {}), undefined);
  const since = { 'cf.sequence.msec_since_op': new Map([['a', 5]]) };
  assert.equal(resultOf('has_value(cf.sequence.msec_since_op, 5)', since), true);
  assert.equal(resultOf('has_key(cf.sequence.msec_since_op, "a")', since), true);
  assert.equal(resultOf('has_key(cf.sequence.msec_since_op, http.host)', since), undefined);
});

const refused: readonly string[] = [
  'has_key(http.host, "a")',
  'has_key(http.request.headers, 1)',
  'has_value(http.host, "a")',
  'has_value(http.request.headers, "a")',
  'has_value(cf.sequence.previous_ops, 1)',
  'coalesce(http.host, 1)',
  'coalesce(http.host)',
  'lookup_json_string(http.host, -1)',
  'lookup_json_string(http.host)',
  'concat(http.host, cf.sequence.previous_ops)',
  'regex_replace(http.host, "\\xff", "a")',
];

test('arguments of another type are refused', () => {
  for (const text of refused) assert.equal(parseValueExpression(text).kind, 'refused', text);
});

test('replacements take groups and dollars', () => {
  const replace = (pattern: string, template: string, host: string): Value | undefined =>
    ofHost(`regex_replace(http.host, ${quote(pattern)}, ${quote(template)})`, host);

  assert.equal(replace('(a)|(b)', '<${1}|${2}>$$', 'xb'), 'x<|b>$');
  assert.equal(replace('a', '${0}${0}', 'banana'), 'baanana');
  assert.equal(ofHost('wildcard_replace(http.host, "a*b*", "${2}-${1}")', 'AxbY'), 'Y-x');
  assert.equal(ofHost('wildcard_replace(http.host, "a*b*", "${2}", "s")', 'AxbY'), 'AxbY');
});
