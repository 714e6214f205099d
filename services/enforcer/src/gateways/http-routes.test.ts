/** The HTTP interfaces by injection: what each gateway says, and what it gets. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ErrorCode, UnavailableError, type ZoneId } from '@precede/contracts';
import { buildHttp, createHealth, createLogger, type Soon } from '@precede/service';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { Decision } from '../decision.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { carriedDenial, carryDenial } from './carried-denial.ts';
import { allow, deny } from './gateways.test-kit.ts';
import { gatewayRoutes } from './http-routes.ts';

const zone = 'a'.repeat(32);
let app: FastifyInstance;
let decision: () => Soon<Decision>;
const counted: string[] = [];
let seen: { zoneId: ZoneId | null; request: GatewayRequest } | undefined;

const build = (token = ''): FastifyInstance => {
  const logger = createLogger('enforcer', 'silent');
  const built = buildHttp({ logger, health: createHealth(), registry: new Registry() });
  const decide = (zoneId: ZoneId | null, request: GatewayRequest): Soon<Decision> => {
    seen = { zoneId, request };
    return decision();
  };
  const count = (face: string, outcome: string): void => {
    counted.push(`${face} ${outcome}`);
  };
  gatewayRoutes(built, { decide, token, count, maxBodyBytes: 1_048_576 });
  return built;
};

beforeEach(() => {
  app = build();
  decision = () => allow;
  seen = undefined;
  counted.length = 0;
});
afterEach(() => app.close());

const told = (kind: 'original' | 'forwarded', more: Readonly<Record<string, string>> = {}) => ({
  [`x-${kind}-method`]: 'post',
  [`x-${kind}-proto`]: 'https',
  [`x-${kind}-host`]: 'api.example.com',
  [`x-${kind}-uri`]: '/pay?a=%2F',
  [`x-${kind}-for`]: '203.0.113.7, 198.51.100.2',
  ...(kind === 'original' ? { 'x-original-version': 'HTTP/2.0' } : {}),
  ...more,
});

const askForwarded = (query = '', more: Readonly<Record<string, string>> = {}) =>
  app.inject({ url: `/v1/forward_auth${query}`, headers: told('forwarded', more) });

const change = (name: string, operation: 'set' | 'add' | 'remove', value = '') => ({
  name,
  operation,
  value,
});

describe('forward_auth', () => {
  test('reads the request that the gateway tells of', async () => {
    const { statusCode } = await app.inject({
      url: `/v1/zones/${zone}/forward_auth`,
      headers: told('forwarded', { cookie: 'sid=1', 'x-precede-token': 'whatever' }),
    });

    assert.equal(statusCode, 200);
    assert.equal(seen?.zoneId, zone);
    const { method, scheme, host, path, clientIp, httpVersion, headers } = seen?.request ?? {};
    assert.deepEqual(
      [method, scheme, host, path, clientIp, httpVersion],
      ['POST', 'https', 'api.example.com', '/pay?a=%2F', '198.51.100.2', null],
    );
    assert.equal(headers?.get('cookie'), 'sid=1');
    assert.equal(headers?.get('host'), 'api.example.com');
    for (const name of ['x-forwarded-method', 'x-forwarded-uri', 'x-precede-token', 'connection'])
      assert.equal(headers?.get(name), undefined, name);
  });

  test('answers a denial as the client shall get it', async () => {
    const headers = [
      ['content-type', 'text/html'],
      ['link', '</a>'],
      ['link', '</b>'],
    ] as const;
    decision = () => Promise.resolve(deny({ status: 503, headers, body: 'größer' }, 'seq=1'));

    const answer = await askForwarded();

    assert.equal(answer.statusCode, 503);
    assert.equal(answer.headers['content-type'], 'text/html');
    assert.deepEqual(answer.headers['link'], ['</a>', '</b>']);
    assert.equal(answer.headers['set-cookie'], 'seq=1');
    assert.equal(answer.body, 'größer');
  });

  test('sends no header that would be two, or none', async () => {
    decision = () =>
      deny({
        status: 302,
        headers: [
          ['location', '/a\r\nset-cookie: b=1'],
          ['x-a', 'zł'],
        ],
      });

    const { statusCode, headers } = await askForwarded();

    assert.equal(statusCode, 302);
    assert.equal(headers.location, '/aset-cookie: b=1');
    assert.equal(Buffer.from(String(headers['x-a']), 'latin1').toString(), 'zł');
  });

  test('denies below 500 where the gateway takes more for a fault', async () => {
    decision = () => deny({ status: 503, body: 'closed' });

    const answer = await askForwarded('?denials=below_500');

    assert.deepEqual([answer.statusCode, answer.body], [403, 'closed']);
  });

  test('answers headers that the gateway copies as they shall be, changed or not', async () => {
    const sent = { 'x-a': 'sent', 'x-b': 'sent', 'x-c': 'sent', 'x-d': 'sent' };
    const requestHeaders = [change('x-a', 'set', '1'), change('x-b', 'add', '2'), change('x-c', 'remove')];
    decision = () => ({ ...allow, requestHeaders, setCookie: 'seq=1' });

    const { headers } = await askForwarded('?copy=x-a,X-B&copy=x-c,x-d,x-e', sent);

    assert.deepEqual(
      ['x-a', 'x-b', 'x-c', 'x-d', 'x-e', 'set-cookie'].map((name) => headers[name]),
      ['1', 'sent, 2', undefined, 'sent', undefined, 'seq=1'],
    );
  });

  test('takes the address so many trusted hops away', async () => {
    const addresses: unknown[] = [];
    for (const query of ['', '?hops=1', '?hops=9']) {
      await askForwarded(query);
      addresses.push(seen?.request.clientIp);
    }

    assert.deepEqual(addresses, ['198.51.100.2', '203.0.113.7', '203.0.113.7']);
  });

  test('reads fields from the headers that the configuration names, and from no others', async () => {
    await askForwarded('?field=ip.src.country:X-Country', { 'x-country': 'DE', 'x-city': 'Ulm' });

    assert.deepEqual([...(seen?.request.metadata ?? [])], [['ip.src.country', 'DE']]);
    assert.equal(seen?.request.headers.get('x-country'), undefined);
  });

  test('refuses options that it does not have', async () => {
    for (const query of ['?copi=x-a', '?copy=host', '?hops=-1', '?denials=all', '?field=a']) {
      const answer = await askForwarded(query);

      assert.equal(answer.statusCode, 500, query);
      assert.equal(seen, undefined);
    }
  });
});

describe('auth_request', () => {
  const ask = (query = '') => app.inject({ url: `/v1/auth_request${query}`, headers: told('original') });

  test('lets pass with 204, and tells the version of HTTP', async () => {
    assert.equal((await ask()).statusCode, 204);
    assert.equal(seen?.request.httpVersion, 'HTTP/2.0');
  });

  test('refuses to decide where the gateway does not tell all, or something that is not of its form', async () => {
    const whole = told('original');
    const faults = [
      ...Object.keys(whole).map((name) => ({ ...whole, [name]: '' })),
      { ...whole, 'x-original-method': 'GET, POST' },
      { ...whole, 'x-original-proto': 'http, https' },
      { ...whole, 'x-original-host': 'a.example, b.example' },
      { ...whole, 'x-original-version': 'HTTP/1.1, HTTP/2' },
    ];
    for (const headers of faults) {
      const answer = await app.inject({ url: '/v1/auth_request', headers });

      assert.equal(answer.statusCode, 500, JSON.stringify(headers));
      assert.equal(answer.headers['x-precede-fault'], ErrorCode.inputInvalid);
    }
    assert.equal(seen, undefined);
  });

  test('carries a denial to nginx and back', async () => {
    const headers = [['content-type', 'application/json']] as const;
    decision = () => deny({ status: 429, headers, body: '{"größer":1}' }, 'seq=1');

    const denied = await ask();
    const payload = String(denied.headers['x-precede-denial']);
    const answer = await app.inject({ method: 'POST', url: '/v1/auth_request/denied', payload });

    assert.equal(denied.statusCode, 403);
    assert.equal(answer.statusCode, 429);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['set-cookie'], 'seq=1');
    assert.equal(answer.body, '{"größer":1}');
  });

  test('makes no answer of what carries no denial', async () => {
    for (const text of ['', 'x', '{}', '{"status":200,"headers":[],"body":""}', '{"status":403}']) {
      const payload = Buffer.from(text).toString('base64url');
      const answer = await app.inject({ method: 'POST', url: '/v1/auth_request/denied', payload });

      assert.equal(answer.statusCode, 500, text);
    }
  });

  test('carries any denial unchanged, and a huge one without its body', () => {
    const header = fc.tuple(fc.string(), fc.string());
    const denial = fc.record(
      {
        status: fc.integer({ min: 300, max: 599 }),
        headers: fc.array(header, { maxLength: 4 }),
        body: fc.string({ unit: 'grapheme' }),
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(denial, (each) => assert.deepEqual(carriedDenial(carryDenial(each)), each)));
    const huge = { status: 403, headers: [], body: 'x'.repeat(100_000) };
    assert.deepEqual(carriedDenial(carryDenial(huge)), { ...huge, body: '' });
  });
});

describe('ext_authz', () => {
  test('reads the request as Envoy passes it on, whatever its path', async () => {
    for (const path of ['/', '/a/b?c=%2F', '//a', '/ext_authz/x', '/a?ext_authz=1']) {
      await app.inject({
        method: 'PUT',
        url: `/v1/zones/${zone}/ext_authz${path}`,
        headers: { host: 'api.example.com', 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' },
        payload: 'sent',
      });

      const { method, host, scheme, clientIp, body } = seen?.request ?? {};
      assert.equal(seen?.request.path, path);
      assert.deepEqual([method, host, scheme, clientIp], ['PUT', 'api.example.com', 'https', '203.0.113.7']);
      assert.equal(Buffer.from(body ?? []).toString(), 'sent');
    }
  });

  test('names the headers that Envoy shall remove, and denies below 500', async () => {
    decision = () => ({ ...allow, requestHeaders: [change('x-a', 'remove'), change('x-b', 'set', '1')] });
    const allowed = await app.inject('/v1/ext_authz/a');
    decision = () => deny({ status: 502 });
    const denied = await app.inject('/v1/ext_authz/a');

    assert.equal(allowed.headers['x-envoy-auth-headers-to-remove'], 'x-a');
    assert.equal(allowed.headers['x-b'], '1');
    assert.equal(denied.statusCode, 403);
  });

  test('takes any method', async () => {
    for (const method of ['PROPFIND', 'TRACE', 'PURGE', 'MKCOL']) {
      const answer = await app.inject({ method: method as 'GET', url: '/v1/ext_authz/a' });

      assert.equal(answer.statusCode, 200, method);
      assert.equal(seen?.request.method, method);
    }
  });

  test('denies a body that is too large', async () => {
    const payload = Buffer.alloc(1_100_000);

    const answer = await app.inject({ method: 'POST', url: '/v1/ext_authz/a', payload });

    assert.equal(answer.statusCode, 413);
    assert.equal(answer.headers['x-precede-fault'], undefined);
  });
});

describe('every interface', () => {
  test('answers a fault with 500 or 503, which no gateway takes for a denial', async () => {
    const faults: readonly [() => never | Promise<never>, number][] = [
      [() => Promise.reject(new UnavailableError(ErrorCode.logUnavailable, 'not yet')), 503],
      [() => Promise.reject(new TypeError('of our own making')), 500],
    ];
    for (const [fault, status] of faults) {
      decision = fault;
      const answer = await askForwarded();

      assert.equal(answer.statusCode, status);
      assert.ok(answer.headers['x-precede-fault']);
      assert.ok(!answer.body.includes('making'));
    }
    const answer = await app.inject('/v1/zones/shop/ext_authz/a');
    assert.equal(answer.statusCode, 500);
  });

  test('counts what came of each request', async () => {
    await askForwarded();
    decision = () => deny({});
    await app.inject({ url: '/v1/auth_request', headers: told('original') });
    await app.inject('/v1/zones/shop/ext_authz/a');
    await app.inject({ method: 'POST', url: '/v1/ext_authz/a', payload: Buffer.alloc(1_100_000) });

    assert.deepEqual(counted, [
      ...['forward_auth allow', 'auth_request deny', 'ext_authz_http fault', 'ext_authz_http deny'],
    ]);
  });

  test('asks for the token, in a header that is not the one of the client', async () => {
    await app.close();
    app = build('secret');
    const statusOf = async (headers: Readonly<Record<string, string>>) =>
      (await askForwarded('', headers)).statusCode;

    assert.equal(await statusOf({ 'x-precede-token': 'secret' }), 200);
    assert.equal(await statusOf({ 'x-precede-token': 'other' }), 500);
    assert.equal(await statusOf({ authorization: 'Bearer secret' }), 500);
    assert.equal((await app.inject({ method: 'POST', url: '/v1/auth_request/denied' })).statusCode, 500);
  });
});
