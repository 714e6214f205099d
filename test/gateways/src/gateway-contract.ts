/**
 * What every gateway must do with the shipped configuration. What one cannot do is a feature, and the tests say so on both
 * sides: with it and without. deploy/gateways/README.md has the table.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { after, before, beforeEach, describe, test } from 'node:test';
import { eventually } from '@precede/testkit';
import { findGateway } from './gateway-binaries.ts';
import { type GatewayKind, type GatewayProcess, startGateway } from './gateway-process.ts';
import type { Failed, Features, Gateway } from './gateways.ts';
import { type Answered, type Asked, ask, hangUp } from './http-client.ts';
import { type Link, openLink } from './link.ts';
import { type Origin, startOrigin } from './origin.ts';
import { cookie, type StandIn, startStandIn, token, zone } from './stand-in.ts';

/** Failing open, the origin answers. */
const passed: Failed = { undecided: 200, slow: 200, dead: 200 };

interface Stand {
  readonly origin: Origin;
  readonly enforcer: StandIn;
  readonly http: Link;
  readonly grpc: Link;
  readonly process: GatewayProcess;
  ask(asked: Asked): Promise<Answered>;
  close(): Promise<void>;
}

const openStand = async (kind: GatewayKind, isOpen: boolean): Promise<Stand> => {
  const [origin, enforcer] = [await startOrigin(), await startStandIn()];
  const [http, grpc] = [await openLink(enforcer.httpPort), await openLink(enforcer.grpcPort)];
  const ports = { origin: origin.port, http: http.port, grpc: grpc.port };
  const gateway = await startGateway(kind, ports, isOpen);
  return {
    ...{ origin, enforcer, http, grpc, process: gateway },
    ask: (asked) => ask(gateway.port, asked),
    close: async () => {
      hangUp();
      await gateway.stop();
      await Promise.all([http.cut(), grpc.cut()]);
      await enforcer.close();
      await origin.close();
    },
  };
};

export const describeGateway = ({ name, binary, kind, features }: Gateway): void => {
  const path = findGateway(binary);
  const skip = path === undefined ? `${binary} is not installed: tools/gateways/install.sh` : false;
  const whole: GatewayKind = { ...kind, binary: path ?? '' };
  describe(`${name}, failing closed`, { skip }, () => describeClosed(whole, features));
  describe(`${name}, failing open`, { skip }, () => describeOpen(whole));
};

const describeClosed = (kind: GatewayKind, features: Features): void => {
  let stand: Stand;
  before(async () => {
    stand = await openStand(kind, false);
    await decided(stand);
  });
  after(() => stand.close());
  beforeEach(() => {
    stand.enforcer.seen.length = 0;
    stand.origin.received.length = 0;
  });
  describeActions(() => stand, features);
  describeRequests(() => stand, features);
  describeFaults(() => stand, features.failed);
};

const describeOpen = (kind: GatewayKind): void => {
  let stand: Stand;
  before(async () => {
    stand = await openStand(kind, true);
    await decided(stand);
  });
  after(() => stand.close());
  beforeEach(() => {
    stand.enforcer.seen.length = 0;
    stand.origin.received.length = 0;
  });
  test('still denies what is denied, with a status of 500 and more too', async () => {
    const block = await stand.ask({ path: '/block' });
    const block503 = await stand.ask({ path: '/block-503' });

    assert.equal(block.status, 451);
    assert.ok([403, 503].includes(block503.status), `status ${block503.status}`);
    assert.equal(stand.origin.received.length, 0);
  });
  describeFaults(() => stand, passed);
};

/** A gateway listens before it knows that the enforcer is well. */
const decided = (stand: Stand): Promise<unknown> =>
  eventually(
    'a decision',
    async () => ((await stand.ask({ path: '/block' })).status === 451 ? true : undefined),
    20_000,
  );

const describeActions = (stand: () => Stand, features: Features): void => {
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

    assert.deepEqual(allowed.headers['set-cookie']?.map(nameOf).sort(), ['__Secure-precede_seq', 'origin']);
    assert.ok(
      allowed.headers['set-cookie']?.some((each) => each.includes('HttpOnly') && each.includes('Secure')),
    );
    assert.deepEqual([denied.status, denied.headers['set-cookie']], [403, [cookie]]);
    assert.deepEqual(without.headers['set-cookie'], ['origin=1']);
  });
};

const nameOf = (setCookie: string): string => setCookie.split('=')[0] ?? '';

const describeRequests = (stand: () => Stand, features: Features): void => {
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

const describeFaults = (stand: () => Stand, failed: Failed): void => {
  /** One that passes reaches the origin once, its body whole. */
  const askFailing = async (status: number): Promise<void> => {
    stand().origin.received.length = 0;
    const body = randomBytes(5000);
    const answer = await stand().ask({ method: 'POST', path: '/allow?x=1', body });

    assert.equal(answer.status, status);
    const got = stand().origin.received.map(({ method, path, bodySha256 }) => [method, path, bodySha256]);
    const digest = createHash('sha256').update(body).digest('hex');
    assert.deepEqual(got, status === 200 ? [['POST', '/allow?x=1', digest]] : []);
  };
  const healed = (): Promise<unknown> => decided(stand());

  test('an enforcer that cannot decide is a failed one', async () => {
    const answer = await stand().ask({ path: '/unavailable' });

    assert.equal(answer.status, failed.undecided);
    assert.equal(stand().origin.received.length, failed === passed ? 1 : 0);
  });

  test('an enforcer that is slow is a failed one, and a well one is asked again', async () => {
    stand().http.stall();
    stand().grpc.stall();

    await askFailing(failed.slow);

    await stand().http.mend();
    await stand().grpc.mend();
    await healed();
  });

  test('an enforcer that is dead is a failed one, and a well one is asked again', async () => {
    await stand().http.cut();
    await stand().grpc.cut();

    await askFailing(failed.dead);
    await askFailing(failed.dead);

    await stand().http.mend();
    await stand().grpc.mend();
    await healed();
  });
};
