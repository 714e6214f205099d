/** What a gateway makes of each decision. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Features } from './gateways.ts';
import type { Stand } from './stand.ts';
import { cookie } from './stand-in.ts';

export const describeActions = (stand: () => Stand, features: Features): void => {
  test('lets an allowed and a logged request pass, with the answer of the origin', async () => {
    for (const path of ['/allow?a=1&b=%20', '/log']) {
      const answer = await stand().ask({ path });

      assert.equal(answer.status, 200);
      assert.equal(answer.body, 'from the origin');
      assert.equal(stand().origin.received.at(-1)?.path, path);
    }
  });

  test('blocks with status, content type and body of the rule, and asks no origin', async () => {
    const answer = await stand().ask({ path: '/block' });

    assert.equal(answer.status, 451);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.body, '{"title":"Nicht erlaubt – größer"}');
    assert.equal(answer.headers['x-precede-decision'], 'decision');
    assert.equal(stand().origin.received.length, 0);
  });

  test('blocks with a large body', async () => {
    const answer = await stand().ask({ path: '/block-large' });

    assert.equal(answer.status, 403);
    assert.equal(answer.body.length, 20_000);
  });

  test('blocks with a status of 500 and more', async () => {
    const answer = await stand().ask({ path: '/block-503' });

    assert.equal(answer.status, features.has5xxDenials ? 503 : 403);
    assert.equal(answer.body, 'closed');
  });

  test('blocks any method', async () => {
    for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await stand().ask({ method, path: '/block' });

      assert.equal(answer.status, 451, method);
      assert.equal(stand().enforcer.seen.at(-1)?.request.method, method);
    }
    assert.equal(stand().origin.received.length, 0);
  });

  test('says when a limited client may come again', async () => {
    const answer = await stand().ask({ path: '/limit' });

    assert.equal(answer.status, 429);
    assert.equal(answer.headers['retry-after'], '7');
    assert.equal(answer.body, 'slow down');
  });

  test('redirects, the query kept, elsewhere and on the same host', async () => {
    const elsewhere = await stand().ask({ path: '/redirect?x=1&y=%2F' });
    const here = await stand().ask({ method: 'POST', path: '/redirect-here?x=1', body: 'sent' });

    assert.deepEqual(
      [elsewhere.status, elsewhere.headers.location],
      [302, 'https://other.example/target?x=1&y=%2F'],
    );
    assert.deepEqual([here.status, here.headers.location], [308, '/target?x=1']);
  });

  test('sets, adds and removes request headers', async () => {
    const headers = { 'x-tier': 'free', 'x-list': ['one', 'two'], 'x-seen': 'yes', 'x-other': 'stays' };
    await stand().ask({ path: '/headers', headers });

    const got = stand().origin.received.at(-1)?.headers ?? {};
    assert.equal(got['x-tier'], 'gold');
    assert.equal(String(got['x-list']).replaceAll(', ', ','), 'one,two,added');
    assert.equal(got['x-seen'], undefined);
    assert.equal(got['x-other'], 'stays');
  });

  test('adds to a header that the client did not send', async () => {
    await stand().ask({ path: '/headers' });

    const got = stand().origin.received.at(-1)?.headers ?? {};
    assert.deepEqual([got['x-tier'], got['x-list'], got['x-seen']], ['gold', 'added', undefined]);
  });

  test('passes on header values that are UTF-8, and lives with some that are not', async () => {
    await stand().ask({ path: '/header-bytes', headers: { 'x-list': 'gr\xc3\xbcn' } });
    await stand().ask({ path: '/header-bytes', headers: { 'x-list': 'a\xfcb' } });

    const [utf8, other] = stand().origin.received.map((each) => String(each.headers['x-list']));
    assert.equal(Buffer.from(utf8 ?? '', 'latin1').toString(), 'grün, größer');
    assert.ok(other?.endsWith('er'), `x-list ${other}`);
  });

  test('leaves headers that no rule changes as they were', async () => {
    await stand().ask({
      path: '/allow',
      headers: { 'x-tier': 'free', 'x-list': ['one', 'two'], 'x-seen': 'yes' },
    });

    const got = stand().origin.received.at(-1)?.headers ?? {};
    assert.equal(got['x-tier'], 'free');
    assert.equal(String(got['x-list']).replaceAll(', ', ','), 'one,two');
    assert.equal(got['x-seen'], 'yes');
  });

  test('gives the client the cookie of the enforcer beside that of the origin', async () => {
    const allowed = await stand().ask({ path: '/allow-cookie' });
    const denied = await stand().ask({ path: '/deny-cookie' });
    const without = await stand().ask({ path: '/allow' });

    assert.deepEqual(allowed.headers['set-cookie']?.map(nameOf).sort(), ['__Host-precede_seq', 'origin']);
    assert.ok(
      allowed.headers['set-cookie']?.some((each) => each.includes('HttpOnly') && each.includes('Secure')),
    );
    assert.deepEqual([denied.status, denied.headers['set-cookie']], [403, [cookie]]);
    assert.deepEqual(without.headers['set-cookie'], ['origin=1']);
  });
};

const nameOf = (setCookie: string): string => setCookie.split('=')[0] ?? '';
