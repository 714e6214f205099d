import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromText } from '../values.ts';
import * as bytes from './bytes.ts';

const b = (text: string): number[] => bytes.toBytes(fromText(text));
const text = (octets: bytes.Octets): string => bytes.fromBytes(octets);
const anyBytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 24 });

test('an emoji comes after a halfwidth full stop, as its bytes do', () => {
  assert.ok(bytes.compareBytes(b('😀'), b('｡')) > 0);
  assert.ok(bytes.compareBytes(b('az'), b('b')) < 0);
  assert.ok(bytes.compareBytes(b('a'), b('aa')) < 0);
});

test('the order of bytes is that of Buffer.compare', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, c) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(c));
      assert.equal(Math.sign(bytes.compareBytes(a, c)), expected);
    }),
  );
});

test('what is found is what Buffer.indexOf finds', () => {
  const few = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 12 });
  fc.assert(
    fc.property(few, few, (whole, part) => {
      assert.equal(bytes.findBytes(whole, part), Buffer.from(whole).indexOf(Buffer.from(part)));
      assert.equal(bytes.startsWith(whole, part), text(whole).startsWith(text(part)));
      assert.equal(bytes.endsWith(whole, part), text(whole).endsWith(text(part)));
    }),
  );
});

test('lower and upper fold ASCII letters alone', () => {
  assert.deepEqual(bytes.lower(b('NAÏVE[@Z')), b('naÏve[@z'));
  assert.deepEqual(bytes.upper(b('naïve{`z')), b('NAïVE{`Z'));
});

test('substring counts from the end below zero and stays within the value', () => {
  const source = b('asdfghjk');
  const cut = (start: bigint, end?: bigint): string => text(bytes.substring(source, start, end));

  assert.equal(cut(2n, 5n), 'dfg');
  assert.equal(cut(2n), 'dfghjk');
  assert.equal(cut(-2n), 'jk');
  assert.equal(cut(0n, -2n), 'asdfgh');
  assert.equal(cut(-99n, 2n), 'as');
  assert.equal(cut(5n, 2n), '');
  assert.equal(cut(2n, 99n), 'dfghjk');
  assert.equal(cut(99n), '');
  assert.equal(cut(-(2n ** 63n), 2n ** 63n - 1n), 'asdfghjk');
});

test('remove_bytes takes out every byte of the second argument', () => {
  assert.equal(text(bytes.removeBytes(b('www.cloudflare.com'), b('.w'))), 'cloudflarecom');
});

test('split keeps the rest in its last part', () => {
  const parts = (source: string, limit: bigint): string[] =>
    bytes.split(b(source), b(','), limit).map((each) => text(each));

  assert.deepEqual(parts('groceries,electronics,diy,auto', 64n), ['groceries', 'electronics', 'diy', 'auto']);
  assert.deepEqual(parts('groceries,electronics,diy,auto', 3n), ['groceries', 'electronics', 'diy,auto']);
  assert.deepEqual(parts('groceries,,electronics', 64n), ['groceries', '', 'electronics']);
  assert.deepEqual(parts('a,b', 1n), ['a,b']);
  assert.deepEqual(parts('', 4n), ['']);
});

test('join undoes split', () => {
  fc.assert(
    fc.property(anyBytes, fc.integer({ min: 0, max: 255 }), fc.bigInt(1n, 9n), (source, separator, limit) => {
      assert.deepEqual(bytes.join(bytes.split(source, [separator], limit), [separator]), source);
    }),
  );
});

test('concat puts bytes one after the other', () => {
  assert.deepEqual(bytes.concat([[1], [], [2, 3]]), [1, 2, 3]);
});

test('remove_query_args goes by raw names and keeps the order of the others', () => {
  const without = (query: string, ...names: string[]): string =>
    text(bytes.removeQueryArgs(b(query), names.map(b)));

  assert.equal(without('order=asc&country=GB', 'country'), 'order=asc');
  assert.equal(without('order=asc&country=GB', 'order'), 'country=GB');
  assert.equal(without('order=asc&country=GB', 'search'), 'order=asc&country=GB');
  assert.equal(without('category=Foo&order=desc&category=Bar', 'category'), 'order=desc');
  assert.equal(without('a&b=1&a=2&A=3', 'a', 'b'), 'A=3');
  assert.equal(without('%61=1&a=b=c', 'a'), '%61=1');
  assert.equal(without('a=1', 'a'), '');
});

const decoded = (source: string, options = ''): string => text(bytes.urlDecode(b(source), options));

test('url_decode gives bytes and spaces and leaves malformed escapes', () => {
  assert.equal(decoded('John%20Doe'), 'John Doe');
  assert.equal(decoded('John+Doe'), 'John Doe');
  assert.equal(decoded('%E4%bd'), '\xe4\xbd');
  assert.equal(decoded('%2520'), '%20');
  assert.equal(decoded('%, %4, %4g, %%41'), '%, %4, %4g, %A');
});

test('url_decode with r decodes until nothing changes', () => {
  assert.equal(decoded('%2520', 'r'), ' ');
  assert.equal(decoded('%252525252B', 'r'), ' ');
  assert.equal(decoded('%2', 'r'), '%2');
});

test('url_decode with u writes code points as UTF-8', () => {
  assert.equal(decoded('%u2601', 'u'), '\xe2\x98\x81');
  assert.equal(decoded('%u2601'), '%u2601');
  assert.equal(decoded('%u0041%u00e9', 'u'), fromText('Aé'));
  assert.equal(decoded('%ud83d%ude00', 'u'), fromText('😀'));
  assert.equal(decoded('%ud83d!', 'u'), '%ud83d!');
  assert.equal(decoded('%ude00', 'u'), '%ude00');
  assert.equal(decoded('%ud83d%u0041', 'u'), '%ud83dA');
  assert.equal(decoded('%u12', 'u'), '%u12');
  assert.equal(decoded('%25u2601', 'ur'), '\xe2\x98\x81');
});

test('url_decode undoes encodeURIComponent', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (source) => {
      assert.equal(decoded(encodeURIComponent(source)), fromText(source));
    }),
  );
});
