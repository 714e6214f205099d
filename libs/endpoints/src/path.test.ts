import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalisePath, normaliseRequestPath, stripQuery } from './index.ts';

test('spells a path in one way', () => {
  const cases = {
    '/': '/',
    '': '/',
    a: '/a',
    '/a/b?x=/../c': '/a/b',
    '/a#x': '/a',
    '/a//b///': '/a/b/',
    '/a/.': '/a/',
    '/a/..': '/',
    '/../../a': '/a',
    '/a/b/..': '/a/',
    '/%68ello//pa\\th': '/hello/pa/th',
    '/%2E%2e/a/%2e/b': '/a/b',
    '/a%2fb': '/a%2Fb',
    '/a%5cb': '/a%5Cb',
    '/%': '/%25',
    '/%4': '/%254',
    '/%g1': '/%25g1',
    '/\u0000': '/%00',
    '/%00%ff%C3%28': '/%00%FF%C3%28',
    '/\u{1f600}': '/%F0%9F%98%80',
    '/\ud800x': '/%EF%BF%BDx',
    '/{a}': '/%7Ba%7D',
    '/.well-known': '/.well-known',
    '/a.b/..c': '/a.b/..c',
  };
  for (const [given, expected] of Object.entries(cases)) assert.equal(normalisePath(given), expected, given);
});

test('drops query and fragment, whichever comes first', () => {
  assert.equal(stripQuery('/a?b#c'), '/a');
  assert.equal(stripQuery('/a#b?c'), '/a');
  assert.equal(stripQuery('/a'), '/a');
});

test('is idempotent, plain ASCII, free of empty and dot segments for any text', () => {
  const piece = fc.oneof(
    fc.constantFrom('/', '.', '..', '%2e', '%', '\\', '?', '%2F'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const path = normalisePath(pieces.join(''));

      assert.match(path, /^\/[!-~]*$/);
      assert.equal(normalisePath(path), path);
      assert.ok(!path.includes('//') && !path.split('/').some((s) => s === '.' || s === '..'));
    }),
  );
});

test('agrees with the WHATWG URL parser about dot segments of plain paths', () => {
  const segment = fc.constantFrom('a', 'b', '.', '..', '%2e', '.%2E', 'c.d', '...');
  fc.assert(
    fc.property(fc.array(segment), fc.boolean(), (segments, hasTail) => {
      const path = `/${segments.join('/')}${hasTail && segments.length > 0 ? '/' : ''}`;
      assert.equal(normalisePath(path), new URL(`http://h${path}`).pathname);
    }),
  );
});

const bytesOf = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join('');

test('spells the bytes of a path as its text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
      const path = `/${text}`.toWellFormed();

      assert.equal(normaliseRequestPath(bytesOf(path)), normalisePath(path));
    }),
  );
});

test('spells bytes that are no text one by one', () => {
  assert.equal(normaliseRequestPath('/\xe9/..\xff?\xff'), '/%E9/..%FF');
  assert.equal(normaliseRequestPath('/a?b'), '/a');
});
