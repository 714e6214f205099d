import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf, read } from './fields.test-kit.ts';

const withClaims = (...claims: readonly Readonly<Record<string, unknown>>[]) =>
  contextOf({}, { claims: new Map(claims.map((each, at) => [`id-${at}`, each])) });

const claimOf = (name: string, claims: Readonly<Record<string, unknown>>) =>
  (read(`http.request.jwt.claims.${name}`, withClaims(claims)) as ReadonlyMap<string, unknown>).get('id-0');

test('has claims by the id of the token configuration that verified them', () => {
  const context = withClaims({ sub: 'ann', aud: ['a', 'b'] }, { aud: 'c' }, { sub: 'é' });
  const jwt = 'http.request.jwt.claims';

  assert.deepEqual(
    read(`${jwt}.sub`, context),
    new Map([
      ['id-0', ['ann']],
      ['id-2', ['\xc3\xa9']],
    ]),
  );
  assert.deepEqual(read(`${jwt}.sub.names`, context), ['id-0', 'id-2']);
  assert.deepEqual(read(`${jwt}.sub.values`, context), ['ann', '\xc3\xa9']);
  assert.deepEqual(read(`${jwt}.aud.values`, context), ['a', 'b', 'c']);
  assert.deepEqual((read(jwt, context) as ReadonlyMap<string, unknown>).get('id-2'), ['{"sub":"\xc3\xa9"}']);
  assert.deepEqual(read(jwt, contextOf()), new Map());
});

test('takes a claim of another type for none', () => {
  const rows: readonly (readonly [string, Readonly<Record<string, unknown>>, unknown])[] = [
    ['iat.sec', { iat: 1_767_225_600 }, [1_767_225_600]],
    ['iat.sec', { iat: 1.9 }, [1]],
    ['iat.sec', { iat: -0 }, [0]],
    ['iat.sec', { iat: '1' }, undefined],
    ['iat.sec', { iat: 1e300 }, undefined],
    ['nbf.sec', { nbf: null }, undefined],
    ['aud', { aud: 'a' }, ['a']],
    ['aud', { aud: ['a', 7, null, 'b'] }, ['a', 'b']],
    ['aud', { aud: [] }, undefined],
    ['aud', {}, undefined],
    ['iss', { iss: 7 }, undefined],
    ['jti', { jti: '' }, ['']],
  ];
  for (const [name, claims, expected] of rows)
    assert.deepEqual(claimOf(name, claims), expected, JSON.stringify(claims));
});

test('has no text of claims that are nested too deep to be written', () => {
  const deep: unknown = JSON.parse('['.repeat(40_000) + ']'.repeat(40_000));

  assert.deepEqual(read('http.request.jwt.claims', withClaims({ sub: 'ann', deep })), new Map());
  assert.deepEqual(claimOf('sub', { sub: 'ann', deep }), ['ann']);
});
