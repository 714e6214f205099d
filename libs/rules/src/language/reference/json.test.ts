import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromText } from '../values.ts';
import { fromBytes, toBytes } from './bytes.ts';
import { isUtf8, type Key, lookupJsonInteger, lookupJsonString } from './json.ts';

const keysOf = (keys: readonly (string | number)[]): Key[] =>
  keys.map((key) => (typeof key === 'string' ? toBytes(fromText(key)) : BigInt(key)));
const string = (document: string, ...keys: (string | number)[]): string | undefined => {
  const found = lookupJsonString(toBytes(fromText(document)), keysOf(keys));
  return found === undefined ? undefined : fromBytes(found);
};
const integer = (document: string, ...keys: (string | number)[]): bigint | undefined =>
  lookupJsonInteger(toBytes(fromText(document)), keysOf(keys));

test('follows names and positions', () => {
  assert.equal(integer('{ "record_id": "aed53a", "version": 2 }', 'version'), 2n);
  assert.equal(integer('{ "product": { "id": 356 } }', 'product', 'id'), 356n);
  assert.equal(integer('["first_item", -234]', 1), -234n);
  assert.equal(integer('{ "network_ids": [123, 456] }', 'network_ids', 0), 123n);
  assert.equal(integer('[{ "product_id": 123 }, { "product_id": 456 }]', 1, 'product_id'), 456n);
  assert.equal(string('{ "company": "cloudflare", "product": "rulesets" }', 'company'), 'cloudflare');
  assert.equal(string('{ "networks": ["other_company", "cloudflare"] }', 'networks', 1), 'cloudflare');
});

test('a name asks an object, a position an array, and neither a plain value', () => {
  assert.equal(string('{"0": "a"}', 0), undefined);
  assert.equal(string('["a"]', '0'), undefined);
  assert.equal(string('"a"', 'length'), undefined);
  assert.equal(string('["a"]', 1), undefined);
  assert.equal(string('["a"]', -1), undefined);
  assert.equal(string('{}', '__proto__'), undefined);
});

test('the last of equal names counts', () => {
  assert.equal(string('{"a": "1", "a": "2"}', 'a'), '2');
  assert.equal(string('{"a": "1", "\\u0061": 2}', 'a'), undefined);
});

test('integers are plain and have 64 bits', () => {
  assert.equal(integer('[9223372036854775807, -9223372036854775808]', 0), 2n ** 63n - 1n);
  assert.equal(integer('[9223372036854775807, -9223372036854775808]', 1), -(2n ** 63n));
  for (const number of ['9223372036854775808', '42.0', '1e2', '"1"', 'true', 'null', '[1]', '1E0'])
    assert.equal(integer(`[${number}]`, 0), undefined, number);
  assert.equal(integer('[-0]', 0), 0n);
});

test('strings are UTF-8 with their escapes worked in', () => {
  assert.equal(
    string('["\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é"]', 0),
    fromText('"\\/\b\f\n\r\té😀é'),
  );
});

test('half of a surrogate pair makes its string missing, not the document', () => {
  for (const half of ['\\ud83d', '\\ude00', '\\ud83d\\u0041', 'a\\ud83d'])
    assert.equal(string(`["${half}"]`, 0), undefined, half);
  assert.equal(string('["\\ud83d", "b"]', 1), 'b');
  assert.equal(string('{"\\ud83d": "a", "b": "c"}', 'b'), 'c');
});

const nested = (depth: number): string => `${'['.repeat(depth)}7${']'.repeat(depth)}`;

test('takes 128 containers in one another and no more', () => {
  const keys = (depth: number): number[] => Array<number>(depth).fill(0);
  assert.equal(integer(nested(128), ...keys(128)), 7n);
  assert.equal(integer(nested(129), ...keys(129)), undefined);
  assert.equal(integer(`[1, ${nested(128)}]`, 0), undefined);
});

const broken = [
  '',
  '[1',
  '[1,]',
  '[,1]',
  '[1 2]',
  '{"a":1,}',
  '{"a" 1}',
  '{a:1}',
  '{"a":}',
  '{"a"}',
  '[1] x',
  '[01]',
  '[+1]',
  '[.5]',
  '[1.]',
  '[1e]',
  '["\t"]',
  '["\\x"]',
  '["\\u12"]',
  '["a]',
  '["',
  '[tru]',
  "['a']",
  '\ufeff[1]',
];

test('what is no JSON has no values', () => {
  for (const document of broken) {
    assert.equal(integer(document, 0), undefined, document);
    assert.equal(integer(document, 'a'), undefined, document);
    assert.throws(() => JSON.parse(document), document);
  }
  assert.equal(lookupJsonInteger([0x5b, 0x31, 0x2c, 0x22, 0xff, 0x22, 0x5d], [0n]), undefined);
});

test('reads what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), fc.boolean(), (items, isSpaced) => {
      const document = JSON.stringify([...items, 'end'], null, isSpaced ? 2 : 0);
      const expected = items.map((item) => (typeof item === 'string' ? fromText(item) : undefined));
      if (!document.isWellFormed() || /\\ud[89a-f]/.test(document)) return;
      assert.deepEqual(
        items.map((_item, at) => string(document, at)),
        expected,
      );
      assert.equal(string(document, items.length), 'end');
    }),
  );
});

test('takes and refuses the same documents as JSON.parse', () => {
  const pieces = ['[', ']', '{', '}', ',', ':', '"a"', '1', '-0.5e1', 'true', 'null', ' ', '"'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 7 }), (chosen) => {
      const document = `[7,${chosen.join('')}]`;
      const isJson = ((): boolean => {
        try {
          JSON.parse(document);
          return true;
        } catch {
          return false;
        }
      })();
      assert.equal(integer(document, 0) === 7n, isJson, document);
    }),
    { numRuns: 2000 },
  );
});

test('UTF-8 is what a strict decoder takes', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const likely = fc.constantFrom(
    0x41,
    0x80,
    0x8f,
    0x90,
    0xa0,
    0xbf,
    0xc2,
    0xe0,
    0xe1,
    0xed,
    0xf0,
    0xf1,
    0xf4,
    0xf5,
  );
  fc.assert(
    fc.property(fc.array(likely, { maxLength: 6 }), (bytes) => {
      const isTaken = ((): boolean => {
        try {
          decoder.decode(Uint8Array.from(bytes));
          return true;
        } catch {
          return false;
        }
      })();
      assert.equal(isUtf8(fromBytes(bytes)), isTaken);
    }),
    { numRuns: 2000 },
  );
});
