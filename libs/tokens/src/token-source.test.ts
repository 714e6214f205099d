import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequestFields } from './request-fields.ts';
import { compileTokenSource, parseTokenSource } from './token-source.ts';

const read = (
  source: string,
  headers: Record<string, string | string[]>,
  cookies: Record<string, string> = {},
) => {
  const parsed = parseTokenSource(source);
  assert.ok(parsed.kind === 'parsed', JSON.stringify(parsed));
  return compileTokenSource(parsed.expression)(
    readRequestFields(Object.entries(headers), Object.entries(cookies)),
  );
};
const header = 'http.request.headers["authorization"][0]';
const cookie = 'http.request.cookies["token"][0]';

test('reads a header in any case of its name, without the scheme Bearer', () => {
  assert.equal(read(header, { Authorization: 'Bearer a.b.c' }), 'a.b.c');
  assert.equal(read(header, { authorization: ['bearer  a.b.c ', 'Bearer other'] }), 'a.b.c');
  assert.equal(read(header, { authorization: 'a.b.c' }), 'a.b.c');
  assert.equal(read(header, { authorization: 'Basic a' }), 'Basic a');
  assert.equal(read(header, { authorization: 'Bearer ' }), '');
  assert.equal(read(header, { other: 'x' }), '');
  assert.equal(read(header, { authorization: [] }), '');
});

test('reads a cookie from the cookie header, or from cookies told beside it', () => {
  assert.equal(read(cookie, { Cookie: 'a=1; %74oken= x ; token=y' }), 'x');
  assert.equal(read(cookie, { cookie: ['a=1', 'token=z=1'] }), 'z=1');
  assert.equal(read(cookie, { cookie: 'token=y' }, { token: 'own' }), 'own');
  assert.equal(read(cookie, { cookie: 'a=1;; token ; token=x' }), '');
  assert.equal(read(cookie, { cookie: 'token\t=\u00e0 ' }), Buffer.from('\u00e0').toString('latin1'));
});

test('reads any expression over headers and cookies that gives one text', () => {
  assert.equal(read('substring(http.request.headers["x-t"][0], 2)', { 'X-T': '1-abc' }), 'abc');
  assert.equal(read('lower(http.request.cookies["t\u00e9"][0])', { cookie: 't\u00e9=AB' }), 'ab');
});

test('refuses what is no expression, gives no text, or reads something else', () => {
  for (const source of [
    '',
    'http.request.nothing',
    'http.host',
    'http.request.headers',
    'http.request.headers["a"][*]',
    'len(http.cookie)',
  ])
    assert.equal(parseTokenSource(source).kind, 'refused', source);
  assert.equal(readRequestFields([], [])('http.host'), undefined);
});
