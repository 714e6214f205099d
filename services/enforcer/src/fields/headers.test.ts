import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyBytes, contextOf, read, utf8 } from './fields.test-kit.ts';

const withHeaders = (headers: Readonly<Record<string, string | readonly string[]>>) =>
  contextOf({ headers: new Map(Object.entries(headers)) });

test('lists header lines in the order of the request', () => {
  const context = withHeaders({ accept: '*/*', 'x-key': ['A', 'b', 'A'], 'x-empty': '' });

  for (const prefix of ['', 'raw.']) {
    const headers = `${prefix}http.request.headers`;
    assert.deepEqual(
      read(headers, context),
      new Map([
        ['accept', ['*/*']],
        ['x-key', ['A', 'b', 'A']],
        ['x-empty', ['']],
      ]),
    );
    assert.deepEqual(read(`${headers}.names`, context), ['accept', 'x-key', 'x-key', 'x-key', 'x-empty']);
    assert.deepEqual(read(`${headers}.values`, context), ['*/*', 'A', 'b', 'A', '']);
  }
  assert.equal(read('http.request.headers.truncated', context), false);
});

test('has the headers with a field of their own, and "" where there is none', () => {
  const names = ['http.cookie', 'http.referer', 'http.user_agent', 'http.x_forwarded_for'];
  const context = withHeaders({
    cookie: ['a=1', 'b=2'],
    referer: 'https://a.example/',
    'user-agent': ['curl/8.5.0', 'second'],
    'x-forwarded-for': ['203.0.113.7', '198.51.100.2'],
  });

  assert.deepEqual(
    names.map((name) => read(name, context)),
    ['a=1; b=2', 'https://a.example/', 'curl/8.5.0', '203.0.113.7, 198.51.100.2'],
  );
  for (const name of names) assert.equal(read(name, contextOf()), '');
});

test('orders accepted languages by their weight', () => {
  const rows: readonly (readonly [string | readonly string[], readonly string[]])[] = [
    ['fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5', ['fr-CH', 'fr', 'en', 'de']],
    ['en;q=0.1, de , pt;q=1.0,fr;Q=0.5', ['de', 'pt', 'fr', 'en']],
    [
      ['en;q=0.2', 'de'],
      ['de', 'en'],
    ],
    ['a;q=2, b;q=0.1, c;q=x, d ; x=1; q=0.5', ['d', 'b', 'a', 'c']],
    [', ,;q=1,*', []],
    ['', []],
  ];
  for (const [header, tags] of rows)
    assert.deepEqual(
      read('http.request.accepted_languages', withHeaders({ 'accept-language': header })),
      tags,
      String(header),
    );
  assert.deepEqual(read('http.request.accepted_languages', contextOf()), []);
});

test('reads cookies by their decoded names, and merges those that are then one', () => {
  const rows: readonly (readonly [
    string | readonly string[],
    Readonly<Record<string, readonly string[]>>,
  ])[] = [
    ['a=1; b="x y"; a=2', { a: ['1', '2'], b: ['"x y"'] }],
    ['%73id=1; sid=2; s%69d=%73', { sid: ['1', '2', '%73'] }],
    ['%zz=1;%=2; %4=3', { '%zz': ['1'], '%': ['2'], '%4': ['3'] }],
    ['lonely;;  ; =v; a = b=c ', { lonely: [''], '': ['v'], a: ['b=c'] }],
    [['a=1', 'a=2'], { a: ['1', '2'] }],
    ['A=1; a=2', { A: ['1'], a: ['2'] }],
    ['__proto__=1', Object.fromEntries([['__proto__', ['1']]])],
    ['a=\xc3\xa0', { a: [utf8('à')] }],
    ['a%e9=1', { 'a\xe9': ['1'] }],
  ];
  for (const [cookie, expected] of rows)
    assert.deepEqual(
      read('http.request.cookies', withHeaders({ cookie })),
      new Map(Object.entries(expected)),
      String(cookie),
    );
});

test('takes the cookies that the gateway names before those of the same name in the header', () => {
  const context = contextOf({
    headers: new Map([['cookie', '%73id=header; theme=dark']]),
    cookies: new Map([
      ['sid', 'named'],
      ['%73id', 'too'],
    ]),
  });

  assert.deepEqual(
    read('http.request.cookies', context),
    new Map([
      ['sid', ['named', 'too']],
      ['theme', ['dark']],
    ]),
  );
});

test('loses no byte of a cookie header but blanks round names and values', () => {
  const header = anyBytes(80).map((text) => text.replaceAll(/[%\t ]/g, ''));

  fc.assert(
    fc.property(header, (cookie) => {
      const cookies = read('http.request.cookies', withHeaders({ cookie })) as ReadonlyMap<string, string[]>;

      const pairs = [...cookies].flatMap(([name, values]) => values.map((value) => `${name}=${value}`));
      const pieces = cookie
        .split(';')
        .filter((piece) => piece !== '')
        .map((piece) => (piece.includes('=') ? piece : `${piece}=`));
      assert.deepEqual(pairs.sort(), pieces.sort());
    }),
  );
});
