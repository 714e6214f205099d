/**
 * Ingest counts the sequences that the enforcer decides on: for one request both must name one session. Whoever could
 * make them differ would be judged by a session that nobody has learned from.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SessionIdentifier } from '@precede/contracts';
import type { FieldReader, TokenSessions } from '@precede/tokens';
import fc from 'fast-check';
import { bothOf, host } from './one-request.test-kit.ts';

const identifiers: readonly SessionIdentifier[] = [
  { type: 'header', name: 'x-key' },
  { type: 'cookie', name: 'sid' },
];
const base = { method: 'GET', host, path: '/cart' };
const both = bothOf({ endpoints: ['/cart'], identifiers });

const named = async (asked: typeof both, more: object): Promise<string | null | undefined> => {
  const request = { ...base, ...more };
  const ingest = await asked.ingest(request);
  const { taken } = asked.enforcer(request);

  assert.ok(ingest !== null && taken !== null, JSON.stringify(more));
  assert.equal(taken.session, ingest.session, JSON.stringify(more));
  return ingest.session;
};
const sessionOf = (more: object) => named(both, more);

describe('ingest and enforcer name one session', () => {
  test('of two Cookie headers, however they are spelled', async () => {
    const alone = await sessionOf({ headers: { cookie: 'sid=1' } });

    for (const headers of [
      { cookie: ['a=2', 'sid=1'] },
      { cookie: ['', 'a=2', 'sid=1'] },
      { Cookie: 'a=2', COOKIE: 'sid=1' },
      { COOKIE: 'sid=2', cookie: 'sid=1' },
      { cookie: ['a=2; sid=1', 'sid=2'] },
      { cookie: null, Cookie: 'sid=1' },
      { cookie: '', Cookie: 'sid=1' },
    ])
      assert.equal(await sessionOf({ headers }), alone, JSON.stringify(headers));
    assert.equal(await sessionOf({ headers: { cookie: ['sid=', 'sid=1'] } }), null);
    assert.equal(await sessionOf({ headers: { Cookie: 'sid=', cOOKIE: 'sid=1' } }), null);
  });

  test('of a header that comes twice: the first that is not empty', async () => {
    const alone = await sessionOf({ headers: { 'x-key': 'a' } });

    for (const headers of [
      { 'X-KEY': 'a' },
      { 'x-key': ['', 'a', 'b'] },
      { 'X-Key': 'b', 'x-key': 'a' },
      { 'X-Key': 'a', 'x-key': '' },
      { 'X-Key': '', 'X-KEY': 'a' },
      { 'X-Key': 'a', 'x-key': null },
      { 'X-Key': ['', 'a'], 'x-key': ['', ''] },
    ])
      assert.equal(await sessionOf({ headers }), alone, JSON.stringify(headers));
  });

  test('of cookies that the gateway names beside the header', async () => {
    const alone = await sessionOf({ headers: { cookie: 'sid=1' } });

    assert.equal(await sessionOf({ cookies: { sid: '1' }, headers: { cookie: 'sid=2' } }), alone);
    assert.equal(await sessionOf({ cookies: { SID: '2' }, headers: { cookie: 'SID=2; sid=1' } }), alone);
    assert.equal(await sessionOf({ cookies: { sid: ['', '1'] } }), alone);
    assert.notEqual(await sessionOf({ headers: { cookie: 'sid="1"' } }), alone);
    for (const cookies of [{ sid: '' }, { sid: null }, { sid: [] }])
      assert.equal(await sessionOf({ cookies, headers: { cookie: 'sid=1' } }), null);
  });

  test('of an explicit session whatever its name and its neighbour in the body hold', async () => {
    const spellings = ['a\0b|c', 'a|b\0c', 'a\0|b\0c', 'a\0b\0|c', '1\0a|b'];
    const requests = spellings.map((text) => {
      const [name, value] = text.split('|');
      return { ...base, session: { type: 'header', name, value } };
    });

    for (const before of requests)
      for (const request of requests) {
        const ingest = await both.ingest(request, before);
        assert.deepEqual(both.enforcer(request).taken, ingest, JSON.stringify([before, request]));
      }
  });

  test('for any spelling, number and content of headers and cookies', async () => {
    const name = fc.constantFrom(
      'x-key',
      'X-Key',
      'X-KEY',
      'cookie',
      'Cookie',
      'COOKIE',
      '__proto__',
      'X-\u212aey',
    );
    const cookie = fc.constantFrom(
      'sid=1',
      ' sid = "2" ',
      'SID=3',
      'sid',
      'sid=',
      '%73id=4',
      'a=b',
      '=',
      'sid=\xe9',
    );
    const text = fc.oneof(
      fc.array(cookie, { maxLength: 3 }).map((all) => all.join(';')),
      fc.constantFrom('', ' ', 'v', '\0', '\r\nx-key: b', '\xe9', '\ufeffv', '\ud800', '\u{1f600}', ' v '),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    const value = fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.constant(null));
    const entries = (key: fc.Arbitrary<string>) =>
      fc.array(fc.tuple(key, value), { maxLength: 4 }).map((all) => Object.fromEntries(all));
    const request = fc.record(
      {
        headers: entries(name),
        cookies: entries(fc.constantFrom('sid', 'SID', '%73id', 'constructor', '__proto__')),
        session: fc.option(
          fc.oneof(
            text,
            fc.record({ type: fc.constant('header'), name: fc.constantFrom('X-Key', 'k\0'), value: text }),
          ),
        ),
      },
      { requiredKeys: [] },
    );

    await fc.assert(
      fc.asyncProperty(request, async (more) => void (await sessionOf(more))),
      { numRuns: Number(process.env['PRECEDE_TEST_RUNS'] ?? 500) },
    );
  });
});

describe('ingest and enforcer take one token', () => {
  /** Says what stands first where a token would be looked for. */
  const firstOf = (fieldOf: FieldReader): string => {
    const at = (field: string, name: string): unknown =>
      (fieldOf(field) as ReadonlyMap<string, readonly string[]>).get(name)?.[0];
    return `${at('http.request.headers', 'authorization')} ${at('http.request.cookies', 't')}`;
  };
  const tokens = {
    claimOf: (_: string, fieldOf: FieldReader) => firstOf(fieldOf),
    allClaims: (fieldOf: FieldReader) => new Map([['all', firstOf(fieldOf)]]),
    claimIn: (_: string, claims: ReadonlyMap<string, string>) => claims.get('all') ?? null,
  } as unknown as TokenSessions;
  const asked = bothOf({ endpoints: ['/cart'], identifiers: [{ type: 'jwt', name: 'any' }], tokens });

  test('of headers and cookies that come twice, in two spellings or empty', async () => {
    for (const more of [
      { headers: { Authorization: 'a', authorization: 'b' } },
      { headers: { Authorization: 'a', authorization: null } },
      { headers: { authorization: [], Authorization: 'a' } },
      { cookies: { t: null }, headers: { cookie: 't=1' } },
      { cookies: { t: ['', '1'] } },
      { cookies: { t: [] }, headers: { cookie: 't=1' } },
      { cookies: { '%74': '1' }, headers: { cookie: 't=2' } },
      { headers: { cookie: ['a=1', 't=2'], Cookie: 't=3' } },
      { headers: { Cookie: 't=3', cookie: 't=1' } },
    ])
      await named(asked, more);
  });
});
