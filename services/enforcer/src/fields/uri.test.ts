import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normaliseTemplate } from '@precede/endpoints';
import fc from 'fast-check';
import { anyBytes, contextOf, read, utf8 } from './fields.test-kit.ts';
import { parsePairs } from './pairs.ts';

const readAll = (names: readonly string[], path: string) =>
  names.map((name) => read(name, contextOf({ path, host: 'API.Example.com:8443' })));

test('parts a request target in its normal spelling and as it was sent', () => {
  const names = ['path', 'path.extension', 'query'].map((each) => `http.request.uri.${each}`);
  const all = ['http.request.uri', ...names];
  const raw = all.map((name) => `raw.${name}`);

  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['/', ['/', '/', '', ''], ['/', '/', '', '']],
    [
      '/a/%2E./b//c?x=%2e',
      ['/b/c?x=%2e', '/b/c', '', 'x=%2e'],
      ['/a/%2E./b//c?x=%2e', '/a/%2E./b//c', '', 'x=%2e'],
    ],
    ['/A%2eHTML?', ['/A.HTML?', '/A.HTML', 'html', ''], ['/A%2eHTML?', '/A%2eHTML', '', '']],
    ['/a?b?c#d', ['/a?b?c', '/a', '', 'b?c'], ['/a?b?c', '/a', '', 'b?c']],
    ['/a#b?c', ['/a', '/a', '', ''], ['/a', '/a', '', '']],
    ['*', ['/*', '/*', '', ''], ['*', '*', '', '']],
    [utf8('/é'), ['/%C3%A9', '/%C3%A9', '', ''], [utf8('/é'), utf8('/é'), '', '']],
  ];
  for (const [path, normal, sent] of rows) {
    assert.deepEqual(readAll(all, path), normal, path);
    assert.deepEqual(readAll(raw, path), sent, path);
  }
});

test('takes as extension what follows the last dot of the last segment', () => {
  const rows = {
    '/a.tar.BZ2': ['bz2', 'BZ2'],
    '/.foo.mp3': ['mp3', 'mp3'],
    '/.mp3': ['', ''],
    '/a.': ['', ''],
    '/a.b/c': ['', ''],
    '/a': ['', ''],
    '/a.js?b.css': ['js', 'js'],
  };
  for (const [path, expected] of Object.entries(rows))
    assert.deepEqual(
      readAll(['http.request.uri.path.extension', 'raw.http.request.uri.path.extension'], path),
      expected,
      path,
    );
});

test('has the host in lower case without its port, and in full addresses where the scheme is known', () => {
  const sent = { host: 'API.Example.com:8443', path: '/a//b?c' };
  const full = ['http.request.full_uri', 'raw.http.request.full_uri'];

  assert.equal(read('http.host', contextOf(sent)), 'api.example.com');
  assert.equal(read('http.host', contextOf({ host: utf8('É.example') })), utf8('É.example'));
  assert.deepEqual(
    full.map((name) => read(name, contextOf(sent))),
    ['https://api.example.com/a/b?c', 'https://api.example.com/a//b?c'],
  );
  for (const name of full) assert.equal(read(name, contextOf({ ...sent, scheme: null })), undefined);
});

test('lists arguments as they came', () => {
  const context = contextOf({ path: '/?a=1&b&=c&&a=2=3&A=x+y%20z&=' });

  for (const prefix of ['', 'raw.']) {
    const args = `${prefix}http.request.uri.args`;
    assert.deepEqual(read(`${args}.names`, context), ['a', 'b', '', 'a', 'A', '']);
    assert.deepEqual(read(`${args}.values`, context), ['1', '', 'c', '2=3', 'x+y%20z', '']);
    assert.deepEqual(
      read(args, context),
      new Map([
        ['a', ['1', '2=3']],
        ['b', ['']],
        ['', ['c', '']],
        ['A', ['x+y%20z']],
      ]),
    );
  }
  assert.deepEqual(read('http.request.uri.args', contextOf({ path: '/' })), new Map());
});

test('loses no byte of a query', () => {
  fc.assert(
    fc.property(anyBytes(80), (query) => {
      const { names, values, lists } = parsePairs(query);

      const pieces = query.split('&').filter((piece) => piece !== '');
      assert.equal(names.length, pieces.length);
      for (const [at, piece] of pieces.entries())
        assert.equal(piece, names[at] + (piece.includes('=') ? `=${values[at]}` : ''));
      assert.deepEqual([...lists.values()].flat().sort(), [...values].sort());
    }),
  );
});

test('spells the path of a request as a template for it is saved', () => {
  const segment = fc.string({ unit: fc.constantFrom(...'aZ09.%-_~é2fFeE\\ "<>[]@😀'), maxLength: 6 });

  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      const path = `/${segments.join('/')}`;
      const template = normaliseTemplate(path);

      assert.ok(template.kind === 'ok');
      assert.equal(read('http.request.uri.path', contextOf({ path: utf8(path) })), template.value);
    }),
    { numRuns: 500 },
  );
});

test('keeps paths apart whose bytes are no text', () => {
  const paths = ['/\xe9', '/\xc3', '/\xff\xfe'].map((path) =>
    read('http.request.uri.path', contextOf({ path })),
  );

  assert.deepEqual(paths, ['/%E9', '/%C3', '/%FF%FE']);
});
