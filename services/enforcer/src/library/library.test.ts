/** The library on real servers: fastify, express, and a bare server that calls the middleware as connect does. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  ErrorCode,
  type ExpressionRule,
  Phase,
  type RateLimit,
  type RuleAction,
  UnavailableError,
} from '@precede/contracts';
import { systemClock } from '@precede/service';
import { Registry } from 'prom-client';
import { expressionRule } from '../decider.test-kit.ts';
import {
  configOf,
  cookieSession,
  host,
  metricIn,
  operationOf,
  ruleOf,
  snapshotOf,
  zoneSettings,
} from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import type { SessionStore } from '../ports.ts';
import { openStores } from '../stores/open.ts';
import { ask, askBytes, cleanUp, kinds, logger, onDisk, serve } from './library.test-kit.ts';

afterEach(cleanUp);

const operations = [operationOf('cart'), operationOf('pay', 'POST')];
const shop = (expressionRules: readonly ExpressionRule[] = []) =>
  snapshotOf(operations, [ruleOf(1, 'cart', 'pay')], { expressionRules });
const at = (path: string) => ({ expression: `http.request.uri.path eq "${path}"` });
const when = (expression: string) => ({ expression });
const block: RuleAction = { kind: 'block', response: null };
const noRedirect = { status: 302, keepsQuery: true } as const;
const https = ['x-forwarded-proto', 'https', 'x-forwarded-for', '192.0.2.7'];

/** Stores in memory that answer by promise, until they are away. */
const asyncStores = () => {
  const config = configOf();
  const metrics = createEnforcerMetrics(new Registry(), systemClock);
  const inner = openStores(config, { metrics, clock: systemClock, logger });
  let fault: Error | undefined;
  let closed = 0;
  const sessions: SessionStore = {
    read: async (...asked) => {
      await setImmediate();
      if (fault !== undefined) throw fault;
      return inner.sessions.read(...asked);
    },
    admit: async (...admitted) => inner.sessions.admit(...admitted),
    close: async () => {},
  };
  const close = async (): Promise<void> => {
    closed += 1;
  };
  const away = (error: Error = new UnavailableError(ErrorCode.storeUnavailable, 'away')): void => {
    fault = error;
  };
  return { stores: { ...inner, sessions, close }, away, closed: () => closed };
};

for (const kind of kinds) {
  test(`${kind}: lets a request pass after its start and denies it before`, async () => {
    const enforcer = await onDisk(shop());
    const port = await serve(kind, enforcer);
    const session = ['cookie', 'sid=one'];

    const before = await ask(port, 'POST /pay', session);
    const start = await ask(port, 'GET /cart?x=1', session);
    const after = await ask(port, 'POST /pay', session);

    assert.deepEqual([before.status, start.status, after.status], [403, 200, 200]);
    assert.equal(before.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(JSON.parse(before.body).error.decision_id, before.headers['x-precede-decision']);
    assert.equal(start.seen().url, '/cart?x=1');
    assert.equal(await metricIn(enforcer.registry, 'decisions_total'), 3);
  });

  test(`${kind}: answers with the response of a block rule, and with redirects`, async () => {
    const response = { status: 451, contentType: 'text/plain', content: 'nicht hier: ü' };
    const target = { kind: 'value', value: 'https://new.example.com/b' } as const;
    const enforcer = await onDisk(
      shop([
        expressionRule(Phase.custom, { kind: 'block', response }, at('/gone')),
        expressionRule(Phase.redirect, { kind: 'redirect', target, ...noRedirect }, at('/old')),
      ]),
    );
    const port = await serve(kind, enforcer);

    const gone = await ask(port, 'GET /gone');
    const head = await ask(port, 'HEAD /gone');
    const moved = await ask(port, 'GET /old?a=1');

    assert.deepEqual([gone.status, gone.body], [451, 'nicht hier: ü']);
    assert.deepEqual(
      [gone.headers['content-type'], gone.headers['cache-control']],
      ['text/plain', 'no-store'],
    );
    assert.deepEqual([head.status, head.body], [451, '']);
    assert.deepEqual([moved.status, moved.body], [302, '']);
    assert.equal(moved.headers.location, 'https://new.example.com/b?a=1');
    assert.equal(moved.headers['content-type'], undefined);
  });

  test(`${kind}: limits a client and says when to come again`, async () => {
    const limit: RateLimit = {
      characteristics: ['http.request.headers["x-key"][0]'],
      periodMs: 60_000,
      requestsPerPeriod: 1,
      mitigationTimeoutMs: 30_000,
      countingExpression: '',
    };
    const enforcer = await onDisk(shop([expressionRule(Phase.ratelimit, block, { ratelimit: limit })]), {
      clock: { now: () => 1_800_000_000_000 },
    });
    const port = await serve(kind, enforcer);

    const first = await ask(port, 'GET /', ['x-key', 'a']);
    const second = await ask(port, 'GET /', ['x-key', 'a']);
    const other = await ask(port, 'GET /', ['x-key', 'b']);

    assert.deepEqual([first.status, second.status, other.status], [200, 429, 200]);
    assert.equal(second.headers['retry-after'], '30');
  });

  test(`${kind}: handlers see the request headers as rules changed them`, async () => {
    const rewrite: RuleAction = {
      kind: 'rewrite',
      headers: [
        { name: 'x-set', operation: 'set', value: { kind: 'value', value: 'ours' } },
        { name: 'x-many', operation: 'add', value: { kind: 'value', value: 'three' } },
        { name: 'x-secret', operation: 'remove', value: null },
      ],
    };
    const enforcer = await onDisk(shop([expressionRule(Phase.lateTransform, rewrite)]));
    const port = await serve(kind, enforcer);
    const sent = [
      'X-Set',
      'a',
      'x-set',
      'b',
      'X-Many',
      'one',
      'x-many',
      'two',
      'X-Secret',
      's',
      'x-kept',
      'k',
    ];

    const { headers, distinct, raw } = (await ask(port, 'GET /', sent)).seen();

    assert.deepEqual(
      [headers['x-set'], headers['x-many'], headers['x-kept']],
      ['ours', 'one, two, three', 'k'],
    );
    assert.ok(!('x-secret' in headers) && !('x-secret' in distinct));
    assert.deepEqual([distinct['x-set'], distinct['x-many']], [['ours'], ['one', 'two', 'three']]);
    assert.deepEqual(
      raw.filter((_, index) => /^x-(set|secret)$/i.test(raw[index - (index % 2)] ?? '')),
      ['x-set', 'ours'],
    );
  });

  test(`${kind}: rules see repeated header lines and bytes that are no text`, async () => {
    const enforcer = await onDisk(
      shop([
        expressionRule(Phase.custom, block, when('len(http.request.headers["x-twice"]) gt 1')),
        expressionRule(Phase.custom, block, when('any(http.request.headers["user-agent"][*] eq "second")')),
        expressionRule(Phase.custom, block, when('http.request.headers["x-odd"][0] eq "\\xff\\x80"')),
      ]),
    );
    const port = await serve(kind, enforcer);
    const statusOf = async (...lines: string[]) => (await ask(port, 'GET /', lines)).status;

    assert.equal(await statusOf('X-Twice', 'a'), 200);
    assert.equal(await statusOf('X-Twice', 'a', 'x-tWICE', 'b'), 403);
    assert.equal(await statusOf('user-agent', 'first', 'User-Agent', 'second'), 403, 'Node drops the second');
    assert.equal(await statusOf('x-odd', 'plain'), 200);
    assert.equal(await statusOf('x-odd', '\xff\x80'), 403);
    assert.equal(await statusOf('__proto__', 'a', 'constructor', 'b'), 200);
  });

  test(`${kind}: decides on the path that is routed, and serves no target that can be read in two ways`, async () => {
    const enforcer = await onDisk(shop());
    const port = await serve(kind, enforcer);
    const lineFor = (target: string) =>
      askBytes(
        port,
        `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );

    for (const target of [
      '/pay',
      '/%70ay',
      '//pay',
      '/x/../pay',
      `http://${host}/pay`,
      'http://other.example/pay',
    ])
      assert.match(await lineFor(target), / 403 /, target);
    for (const target of ['/pay#x', '/pay\xa0', 'http://x?/pay', 'http://x\\/pay', 'http://x/a\\pay'])
      assert.match(await lineFor(target), / 400 /, target);
    assert.match(await lineFor('/other?a=b'), / 200 /);
  });

  test(`${kind}: an async store decides as the one in memory, and denies where it is away`, async () => {
    const { stores, away, closed } = asyncStores();
    const enforcer = await onDisk(shop(), { stores });
    const port = await serve(kind, enforcer);
    const session = ['cookie', 'sid=one'];

    const before = await ask(port, 'POST /pay', session);
    await ask(port, 'GET /cart', session);
    const after = await ask(port, 'POST /pay', session);
    away();
    const gone = await ask(port, 'POST /pay', session);
    await enforcer.close();

    assert.deepEqual([before.status, after.status, gone.status], [403, 200, 503]);
    assert.equal(closed(), 1);
  });

  test(`${kind}: what nobody foresaw goes to the error handler, never to the handler`, async () => {
    const { stores, away } = asyncStores();
    const enforcer = await onDisk(shop(), { stores });
    const port = await serve(kind, enforcer);

    away(new TypeError('a bug'));
    const answer = await ask(port, 'POST /pay', ['cookie', 'sid=one']);

    assert.equal(answer.status, 500);
  });

  test(`${kind}: without a decision the fail mode answers`, async () => {
    for (const [mode, status] of [
      ['error', 503],
      ['open', 200],
      ['closed', 503],
    ] as const) {
      const env = { PRECEDE_ENFORCER_FAIL_MODE: mode, PRECEDE_ENFORCER_DEADLINE: '0ms' };
      const enforcer = await onDisk(shop(), { env });
      const port = await serve(kind, enforcer);

      const answer = await ask(port, 'POST /pay');

      assert.equal(answer.status, status, mode);
      assert.equal(answer.headers['retry-after'], mode === 'open' ? undefined : '1');
      assert.equal(await metricIn(enforcer.registry, 'failed_decisions_total', { mode }), 1);
    }
  });

  // A bare server is told by its socket alone; the two frameworks believe the proxy here.
  if (kind !== 'connect')
    test(`${kind}: over TLS of a trusted proxy sets the sequence cookie beside the handler's own`, async () => {
      const settings = { ...zoneSettings, hasSequenceCookies: true };
      const only = when('ip.src eq 192.0.2.7 and not ssl');
      const snapshot = snapshotOf(operations, [], {
        ...{ settings, identifiers: cookieSession },
        expressionRules: [expressionRule(Phase.custom, block, only)],
      });
      const port = await serve(kind, await onDisk(snapshot));

      const secure = await ask(port, 'GET /cart', https);
      const plain = await ask(port, 'GET /cart', ['x-forwarded-for', '192.0.2.8']);
      const denied = await ask(port, 'GET /cart', ['x-forwarded-for', '192.0.2.7']);

      const cookies = secure.headers['set-cookie'] ?? [];
      assert.equal(cookies.length, 2);
      assert.ok(cookies.some((each) => each.startsWith('__Host-precede_seq=')));
      assert.ok(cookies.some((each) => each.startsWith('own=1')));
      assert.equal(plain.headers['set-cookie']?.length, 1);
      assert.equal(denied.status, 403);
    });
}
