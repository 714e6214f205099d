import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { claimAt, maxClaimCharacters } from './claim.ts';
import { type ClaimPath, maxClaimPathCharacters, parseClaimPath, type Selector } from './claim-path.ts';
import { parseTokenIdentifier } from './token-identifier.ts';

const pathOf = (text: string): ClaimPath => {
  const parsed = parseClaimPath(text);
  assert.ok(parsed.kind === 'parsed', JSON.stringify(parsed));
  return parsed.path;
};
const positionOf = (text: string): number => {
  const parsed = parseClaimPath(text);
  assert.ok(parsed.kind === 'refused', text);
  return parsed.fault.position;
};

test('reads names and indexes in every way RFC 9535 writes them', () => {
  assert.deepEqual(pathOf('$'), []);
  assert.deepEqual(pathOf('$.sub'), ['sub']);
  assert.deepEqual(pathOf("$['https://x/y'].ids[0]"), ['https://x/y', 'ids', 0]);
  assert.deepEqual(pathOf('$ ["a"] [ \'b\' ]\t.c[-1]'), ['a', 'b', 'c', -1]);
  assert.deepEqual(pathOf(String.raw`$["\"'\\\/\b\f\n\r\t\u00e9\ud83d\uDE00"]`), [
    '"\'\\/\b\f\n\r\t\u00e9\u{1f600}',
  ]);
  assert.deepEqual(pathOf(String.raw`$['\'"']`), ['\'"']);
  assert.deepEqual(pathOf('$.\u00e9t\u00e9.\u{1f600}_9'), ['\u00e9t\u00e9', '\u{1f600}_9']);
  assert.deepEqual(pathOf("$['']"), ['']);
});

test('says where a path cannot go on', () => {
  assert.equal(positionOf(''), 0);
  assert.equal(positionOf('sub'), 0);
  assert.equal(positionOf(' $.sub'), 0);
  assert.equal(positionOf('$.sub '), 6);
  assert.equal(positionOf('$sub'), 1);
  assert.equal(positionOf('$..sub'), 2);
  assert.equal(positionOf('$.*'), 2);
  assert.equal(positionOf('$.1a'), 2);
  assert.equal(positionOf('$. a'), 2);
  assert.equal(positionOf('$[*]'), 2);
  assert.equal(positionOf('$[0:1]'), 3);
  assert.equal(positionOf('$[0,1]'), 3);
  assert.equal(positionOf('$[01]'), 3);
  assert.equal(positionOf('$[-0]'), 2);
  assert.equal(positionOf('$[9007199254740992]'), 2);
  assert.equal(positionOf('$[?@.a]'), 2);
  assert.equal(positionOf("$['a"), 2);
  assert.equal(positionOf("$['a'"), 5);
  assert.equal(positionOf(String.raw`$['\"']`), 3);
  assert.equal(positionOf(String.raw`$['\x41']`), 3);
  assert.equal(positionOf(String.raw`$['a\ud83d']`), 4);
  assert.equal(positionOf(String.raw`$['\ude00']`), 3);
  assert.equal(positionOf("$['\n']"), 3);
  assert.equal(positionOf("$['\ud83d']"), 3);
  assert.equal(positionOf(`$.${'a'.repeat(maxClaimPathCharacters)}`), maxClaimPathCharacters);
});

const selector = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text.isWellFormed()),
  fc.integer({ min: -5, max: 5 }),
);
const printed = (path: readonly Selector[]): string =>
  `$${path.map((each) => (typeof each === 'number' ? `[${each}]` : `[${JSON.stringify(each)}]`)).join('')}`;

test('reads what is printed of any path', () => {
  fc.assert(
    fc.property(fc.array(selector, { maxLength: 8 }), (path) => {
      assert.deepEqual(pathOf(printed(path)), path);
    }),
  );
});

test('takes any text, and names a place within it', () => {
  const near = fc.array(
    fc.constantFrom('$', '.', '[', ']', "'", '"', '\\', 'u00e9', 'a', '0', '-', ' ', '\ud83d'),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        near.map((parts) => `$${parts.join('')}`),
      ),
      (text) => {
        const parsed = parseClaimPath(text);

        if (parsed.kind === 'refused')
          assert.ok(parsed.fault.position >= 0 && parsed.fault.position <= text.length);
      },
    ),
  );
});

test('finds in any claims what JavaScript finds step by step', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(selector, { maxLength: 3 }), (claims, path) => {
      const naive = path.reduce<unknown>((at, each) => {
        if (typeof each === 'number')
          return Array.isArray(at) ? at[each < 0 ? at.length + each : each] : undefined;
        return Array.isArray(at) || typeof at !== 'object'
          ? undefined
          : Object.entries(at ?? {}).find(([k]) => k === each)?.[1];
      }, claims);
      const isText = ['string', 'number', 'boolean'].includes(typeof naive) && naive !== '';
      const isSafe = typeof naive !== 'number' || !Number.isInteger(naive) || Number.isSafeInteger(naive);

      assert.equal(claimAt(claims, path), isText && isSafe ? String(naive) : null);
    }),
  );
});

test('gives texts, numbers and booleans as text, and nothing that two clients could share', () => {
  const claims = JSON.parse(
    '{"sub":"u1","n":7,"f":1.5,"yes":false,"big":9007199254740993,"none":null,"o":{"a":[1,"x"]},"e":"","__proto__":{"p":"q"}}',
  );
  const at = (path: string): string | null => claimAt(claims, pathOf(path));

  assert.deepEqual([at('$.sub'), at('$.n'), at('$.f'), at('$.yes')], ['u1', '7', '1.5', 'false']);
  assert.deepEqual([at('$.o.a[-1]'), at('$.o.a[0]'), at('$.__proto__.p')], ['x', '1', 'q']);
  for (const path of [
    '$',
    '$.big',
    '$.none',
    '$.o',
    '$.o.a',
    '$.o.a[2]',
    '$.e',
    '$.sub[0]',
    '$.sub.length',
    '$.constructor.name',
  ])
    assert.equal(at(path), null, path);
  assert.equal(claimAt({ a: 'x'.repeat(maxClaimCharacters) }, ['a'])?.length, maxClaimCharacters);
  assert.equal(claimAt({ a: 'x'.repeat(maxClaimCharacters + 1) }, ['a']), null);
});

test('reads the name of an identifier, positions counted from its start', () => {
  assert.deepEqual(parseTokenIdentifier("id-1:$['a:b']"), {
    kind: 'parsed',
    configId: 'id-1',
    path: ['a:b'],
  });
  for (const [name, position] of [
    ['$.sub', 0],
    [':$.sub', 0],
    ['id-1:$..a', 7],
    ['id-1:', 5],
  ] as const) {
    const parsed = parseTokenIdentifier(name);
    assert.equal(parsed.kind === 'refused' && parsed.fault.position, position, name);
  }
});
