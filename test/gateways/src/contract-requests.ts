/** What a gateway tells the enforcer of a request, and what it passes on to the origin. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import type { Features } from './gateways.ts';
import type { Stand } from './stand.ts';
import { token, zone } from './stand-in.ts';

export const describeRequests = (stand: () => Stand, features: Features): void => {
  test('tells the enforcer the request as the client sent it', async () => {
    const headers = { cookie: 'sid=1; a=b', authorization: 'Bearer of-the-client', 'x-list': ['one', 'two'] };
    await stand().ask({ method: 'DELETE', path: '/allow/%20x?q=%2F&q=2', headers });

    const [seen] = stand().enforcer.seen;
    assert.equal(seen?.zoneId ?? seen?.request.zoneId, zone);
    const { method, host, path, scheme, clientIp, httpVersion } = seen?.request ?? {};
    assert.deepEqual([method, host, scheme], ['DELETE', 'api.example.com', 'http']);
    assert.equal(path, '/allow/%20x?q=%2F&q=2');
    assert.ok(isOwnAddress(clientIp), `client ${clientIp}`);
    assert.equal(httpVersion, features.hasHttpVersion ? 'HTTP/1.1' : null);
    assert.equal(seen?.request.headers.get('cookie'), 'sid=1; a=b');
    assert.equal(seen?.request.headers.get('authorization'), 'Bearer of-the-client');
    assert.deepEqual(seen?.request.headers.get('x-list'), features.joinsHeaders ? 'one,two' : ['one', 'two']);
    assert.equal(seen?.request.headers.get('host'), 'api.example.com');
    assert.ok(!JSON.stringify([...(seen?.request.headers ?? [])]).includes(token), 'the token is no header');
  });

  test('forwards bodies whole, small and large', async () => {
    for (const bytes of [0, 1, 1000, 300_000]) {
      const body = randomBytes(bytes);
      const answer = await stand().ask({ method: 'POST', path: '/allow', body });

      assert.equal(answer.status, 200);
      const got = stand().origin.received.at(-1);
      assert.equal(got?.method, 'POST');
      assert.equal(got?.bodyBytes, bytes);
      assert.equal(got?.bodySha256, createHash('sha256').update(body).digest('hex'));
    }
  });

  test('shows the enforcer bodies where it can', async () => {
    await stand().ask({ method: 'POST', path: '/allow', body: 'name=größer' });
    await stand().ask({ method: 'POST', path: '/allow', body: 'x'.repeat(300_000) });

    const [small, large] = stand().enforcer.seen;
    if (!features.hasBodies) assert.equal(small?.request.body, null);
    else {
      assert.equal(Buffer.from(small?.request.body ?? []).toString(), 'name=größer');
      assert.equal(small?.request.isBodyCut, false);
      assert.equal(large?.request.body?.length, 65_536);
      assert.equal(large?.request.isBodyCut, true);
    }
  });

  test('believes nothing that a client says in the name of the gateway', async () => {
    const headers = smuggled();
    const block = await stand().ask({ path: '/block', headers });
    await stand().ask({ path: '/allow', headers });

    assert.equal(block.status, 451);
    assert.equal(block.body, '{"title":"Nicht erlaubt – größer"}');
    const { request } = stand().enforcer.seen.at(-1) ?? {};
    assert.deepEqual(
      [request?.method, request?.path, request?.host, request?.scheme],
      ['GET', '/allow', 'api.example.com', 'http'],
    );
    assert.ok(isOwnAddress(request?.clientIp), `client ${request?.clientIp}`);
    assert.equal(request?.metadata.size, 0);
    const got = stand().origin.received.at(-1)?.headers ?? {};
    assert.equal(got['x-seen'], 'yes', 'no header of a client removes another');
    assert.ok(!JSON.stringify(got).includes(token), 'the token stays between gateway and enforcer');
  });

  test('keeps its connections to the enforcer', async () => {
    await stand().ask({ path: '/allow' });
    const before = stand().http.connections() + stand().grpc.connections();
    for (let count = 0; count < 30; count += 1) await stand().ask({ path: '/allow' });

    // Health checks and a pool that grows may open a few.
    assert.ok(stand().http.connections() + stand().grpc.connections() - before <= 5);
  });
};

/** In x-forwarded-for Envoy writes its own address for a client on its loopback interface. */
const isOwnAddress = (address: string | null | undefined): boolean =>
  address === '127.0.0.1' ||
  Object.values(networkInterfaces()).some((each) => each?.some((found) => found.address === address));

/** Every header that some gateway uses in its own name. */
const smuggled = (): Record<string, string> => ({
  ...Object.fromEntries(
    ['x-forwarded-', 'x-original-'].flatMap((told) => [
      [`${told}method`, 'TRACE'],
      [`${told}uri`, '/allow'],
      [`${told}host`, 'other.example.com'],
      [`${told}proto`, 'https'],
      [`${told}for`, '203.0.113.9'],
      [`${told}version`, 'HTTP/9'],
    ]),
  ),
  'x-precede-token': 'guessed',
  'x-precede-denial': Buffer.from('{"status":404,"headers":[],"body":""}').toString('base64url'),
  'x-precede-decision': 'mine',
  'x-envoy-auth-headers-to-remove': 'x-seen',
  'x-envoy-auth-partial-body': 'true',
  'x-envoy-external-address': '203.0.113.9',
  'x-real-ip': '203.0.113.9',
  zone_id: 'f'.repeat(32),
  'x-seen': 'yes',
});
