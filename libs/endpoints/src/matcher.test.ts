import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, OperationId, ShortId } from '@precede/contracts';
import fc from 'fast-check';
import { compileMatcher, isMethod, normalisePath, normaliseRequestHost } from './index.ts';

const operation = (method: string, host: string, endpoint: string, n = 0): Operation => ({
  operationId: `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as OperationId,
  shortId: n as ShortId,
  method: isMethod(method) ? method : 'GET',
  host,
  endpoint,
  lastUpdatedMs: 0,
});

const api = compileMatcher([
  operation('GET', 'api.shop.com', '/'),
  operation('GET', 'api.shop.com', '/users/me'),
  operation('GET', 'api.shop.com', '/users/{var1}'),
  operation('GET', 'api.shop.com', '/users/{var1}/'),
  operation('POST', 'api.shop.com', '/users/{var1}'),
  operation('GET', 'api.shop.com', '/a/b/c'),
  operation('GET', 'api.shop.com', '/a/{var1}/d'),
  operation('GET', 'api.shop.com', '/{var1}/b/e'),
  operation('GET', '{hostVar1}.shop.com', '/users/me'),
  operation('GET', '{hostVar1}.shop.com', '/only/here'),
]);
const found = (method: string, host: string, path: string): string | undefined => {
  const operation = api.match(method, host, path);
  return operation && operation.host + operation.endpoint;
};

test('prefers a static segment and an exact host', () => {
  assert.equal(found('GET', 'api.shop.com', '/users/me'), 'api.shop.com/users/me');
  assert.equal(found('GET', 'api.shop.com', '/users/42'), 'api.shop.com/users/{var1}');
  assert.equal(found('GET', 'eu.shop.com', '/users/me'), '{hostVar1}.shop.com/users/me');
});

test('goes back where a static branch has no end', () => {
  assert.equal(found('GET', 'api.shop.com', '/a/b/d'), 'api.shop.com/a/{var1}/d');
  assert.equal(found('GET', 'api.shop.com', '/a/b/e'), 'api.shop.com/{var1}/b/e');
  assert.equal(found('GET', 'api.shop.com', '/only/here'), '{hostVar1}.shop.com/only/here');
});

test('counts method, segments and trailing slash, but neither query, port nor case of the host', () => {
  assert.equal(found('GET', 'API.shop.com:8443', '/users/me?x=/y'), 'api.shop.com/users/me');
  assert.equal(found('POST', 'api.shop.com', '/users/me'), 'api.shop.com/users/{var1}');
  assert.equal(found('get', 'api.shop.com', '/users/me'), undefined);
  assert.equal(found('PUT', 'api.shop.com', '/users/me'), undefined);
  assert.equal(found('GET', 'api.shop.com', '/users/42/'), 'api.shop.com/users/{var1}/');
  assert.equal(found('GET', 'api.shop.com', '/users/'), undefined);
  assert.equal(found('GET', 'api.shop.com', '/Users/me'), undefined);
  assert.equal(found('GET', 'api.shop.com', '/'), 'api.shop.com/');
});

test('a host variable is one label and never none', () => {
  assert.equal(found('GET', 'a.b.shop.com', '/only/here'), undefined);
  assert.equal(found('GET', 'shop.com', '/only/here'), undefined);
  assert.equal(found('GET', '.shop.com', '/only/here'), undefined);
});

test('keeps the first of two operations that are the same', () => {
  const matcher = compileMatcher([operation('GET', 'h', '/a', 1), operation('GET', 'h', '/a', 2)]);

  assert.equal(matcher.size, 1);
  assert.equal(matcher.match('GET', 'h', '/a')?.shortId, 1);
});

// The same words as in the header of matcher.ts, one operation at a time and compared afterwards.
const naive = (operations: readonly Operation[], method: string, host: string, path: string) => {
  const h = normaliseRequestHost(host);
  const segments = normalisePath(path).slice(1).split('/');
  const fits = operations.filter(
    (o) => o.method === method && hostFits(o.host, h) && pathFits(o.endpoint, segments),
  );
  return fits.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0))[0];
};
const hostFits = (pattern: string, host: string): boolean =>
  pattern.startsWith('{')
    ? /^[^.]+\./.test(host) && host.replace(/^[^.]+\./, '{hostVar1}.') === pattern
    : pattern === host;
const pathFits = (endpoint: string, segments: readonly string[]): boolean => {
  const parts = endpoint.slice(1).split('/');
  return (
    parts.length === segments.length &&
    parts.every((p, i) => (p.startsWith('{') ? segments[i] !== '' : p === segments[i]))
  );
};
const rank = (o: Operation): string =>
  (o.host.startsWith('{') ? '1' : '0') +
  o.endpoint
    .slice(1)
    .split('/')
    .map((s) => (s.startsWith('{') ? '1' : '0'))
    .join('');

test('agrees with a matcher that tries every operation', () => {
  const word = fc.constantFrom('a', 'b', '');
  const template = fc.array(fc.oneof(word, fc.constant('{var1}')), { maxLength: 5 });
  const host = fc.constantFrom('x.h', 'y.h', '{hostVar1}.h');
  const draft = fc.tuple(fc.constantFrom('GET', 'POST'), host, template);
  const path = fc.array(fc.oneof(word, fc.constantFrom('%61', '.', '..', 'c')), { maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(draft, { maxLength: 30 }),
      fc.array(fc.tuple(path, fc.constantFrom('x.h', 'Z.H:1', 'h'))),
      (drafts, asks) => {
        const operations = drafts.map(([m, h, t], i) => operation(m, h, normalTemplate(t), i));
        const matcher = compileMatcher(operations);
        for (const [segments, h] of asks) {
          const p = `/${segments.join('/')}?q`;
          assert.equal(matcher.match('GET', h, p)?.shortId, naive(operations, 'GET', h, p)?.shortId);
        }
      },
    ),
    { numRuns: 300 },
  );
});

const normalTemplate = (segments: readonly string[]): string => {
  const kept = segments.filter((s, i) => s !== '' || i === segments.length - 1);
  return `/${kept.join('/')}`;
};

test('visits each template segment at most once, also where every branch looks right until the end', () => {
  const depth = 12;
  const operations = Array.from({ length: 2 ** depth }, (_, bits) => {
    const segments = Array.from({ length: depth }, (_, i) => ((bits >> i) & 1 ? 'a' : '{var1}'));
    return operation('GET', 'h', `/${segments.join('/')}/end`, bits);
  });
  const matcher = compileMatcher(operations);

  const path = `/${'a/'.repeat(depth)}`;
  assert.equal(matcher.match('GET', 'h', `${path}end`)?.shortId, 2 ** depth - 1);
  // Without the bound this loop would not end in a day; with it the walk is at most 2^13 steps each.
  for (let i = 0; i < 100; i++) assert.equal(matcher.match('GET', 'h', `${path}never`), undefined);
});

test('takes hostile paths', () => {
  const matcher = compileMatcher([
    operation('GET', 'h', `/${'{var1}/'.repeat(500)}x`),
    operation('GET', 'h', '/{var1}'),
  ]);
  const hostile = [
    '/'.repeat(65_536),
    '/a'.repeat(32_768),
    '/..'.repeat(20_000),
    `/${'%'.repeat(65_535)}`,
    `/${'\ud800'.repeat(65_535)}`,
    `/${'a/'.repeat(500)}y`,
    `/${'\\'.repeat(65_535)}`,
  ];
  for (const path of hostile) assert.doesNotThrow(() => matcher.match('GET', 'h', path));
  assert.equal(matcher.match('GET', 'h', '/\u0000')?.endpoint, '/{var1}');
  assert.equal(matcher.match('GET', 'h', '/%ff')?.endpoint, '/{var1}');
});
