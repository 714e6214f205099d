/** The HTTP face: what is refused, with which pointer, and what each setting changes. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ZoneSnapshot } from '@precede/contracts';
import { createHealth, createLogger, fixedClock, listen, noTracing } from '@precede/service';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { failModesOf } from './fail-mode.ts';
import {
  configOf,
  host,
  masterKey,
  metricIn,
  noTokens,
  operationOf,
  otherZone,
  type Reply,
  ruleOf,
  snapshotOf,
  zone,
} from './fixtures.test-kit.ts';
import { buildServer } from './http.ts';
import { createEnforcerMetrics } from './metrics.ts';
import { Overload } from './overload.ts';
import { createDecide } from './pipeline.ts';
import { Publisher } from './publisher.ts';
import { Recorder } from './recorder.ts';
import { RequestFeed } from './request-feed.ts';
import { openStores } from './stores/open.ts';
import { ZoneTables } from './zone-tables.ts';

const logger = createLogger('enforcer', 'silent');
const servers: FastifyInstance[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

const shop = snapshotOf([operationOf('cart'), operationOf('pay', 'POST')], [ruleOf(1, 'cart', 'pay')], {
  identifiers: [
    { type: 'header', name: 'X-Client' },
    { type: 'cookie', name: 'sid' },
  ],
});
const cart = { zone_id: zone, method: 'get', host: `${host.toUpperCase()}:443`, path: '/cart?x=1' };
const pay = { zone_id: zone, method: 'POST', host, path: '/pay' };

const build = (env: Readonly<Record<string, string>> = {}, zones: readonly ZoneSnapshot[] = [shop]) => {
  const config = configOf(env);
  const registry = new Registry();
  const clock = fixedClock(1_700_000_000_000);
  const metrics = createEnforcerMetrics(registry, clock);
  const isLogOnly = config.PRECEDE_ENFORCER_LOG_ONLY;
  const tables = new ZoneTables({ masterKey, isLogOnly, tokens: noTokens, logger, metrics, clock });
  for (const each of zones) tables.install(each);
  const failModes = failModesOf(config);
  const deadlineMs = config.PRECEDE_ENFORCER_DEADLINE;
  const decide = createDecide({
    ...{ tables, metrics, clock, failModes, deadlineMs },
    stores: openStores(config, { logger, metrics, clock }),
    recorder: new Recorder(new Publisher({ maxQueued: 100, logger, counts: metrics })),
    feed: new RequestFeed(new Publisher({ maxQueued: 100, logger, counts: metrics.feed })),
    overload: new Overload({ maxWaiting: 10, deadlineMs }),
    random: () => 0.5,
    hasSnapshot: () => true,
    allowSample: config.PRECEDE_ENFORCER_ALLOW_SAMPLE,
    tracing: noTracing,
  });
  const { countGateway } = metrics;
  const health = createHealth();
  const app = buildServer({ config, logger, registry, tables, failModes, decide, health, countGateway });
  const address = listen(app, '127.0.0.1', 0);
  servers.push(app);
  const post = async (body: unknown, url = '/v1/decide', headers: Record<string, string> = {}) => {
    const response = await fetch(`${await address}${url}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, body: (await response.json()) as Reply };
  };
  return { post, metric: (name: string, labels = {}) => metricIn(registry, name, labels) };
};

test('every malformed request is refused with a pointer to its fault', async () => {
  const { post } = build();
  const long = 'x'.repeat(9000);
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`h${i}`, '']));
  const cases: readonly [unknown, number, string][] = [
    ['{"zone_id":', 400, ''],
    ['[]', 400, ''],
    ['null', 400, ''],
    [{ ...pay, zone_id: 'ABC' }, 400, '/zone_id'],
    [{ ...pay, method: 7 }, 400, '/method'],
    [{ ...pay, host: '' }, 400, '/host'],
    [{ ...pay, path: 'pay' }, 400, '/path'],
    [{ ...pay, path: `/${long}` }, 413, '/path'],
    [{ ...pay, headers: [] }, 400, '/headers'],
    [{ ...pay, headers: { 'a/b~': 1 } }, 400, '/headers/a~1b~0'],
    [{ ...pay, headers: { a: ['b', 1] } }, 400, '/headers/a'],
    [{ ...pay, headers: { a: long } }, 413, '/headers/a'],
    [{ ...pay, headers: many }, 413, '/headers'],
    [{ ...pay, cookies: 'sid=1' }, 400, '/cookies'],
    [{ ...pay, session: 1 }, 400, '/session'],
    [{ ...pay, session: { type: 'jwt', name: 'a', value: 'b' } }, 400, '/session/type'],
    [{ ...pay, session: { type: 'header', name: '', value: 'b' } }, 400, '/session/name'],
    [{ ...pay, session_id: 'x' }, 400, '/session_id'],
    [{ ...pay, time: 0 }, 400, '/time'],
  ];

  for (const [body, status, pointer] of cases) {
    const answer = await post(body);
    assert.deepEqual(
      [answer.status, answer.body.error.pointer],
      [status, pointer],
      JSON.stringify(body).slice(0, 80),
    );
  }
  assert.equal((await post({ ...pay, headers: { a: 'x'.repeat(70_000) } })).status, 413);
  assert.equal((await post(pay, '/v1/zones/nope/decide')).status, 400);
  assert.equal((await post(pay, `/v1/zones/${otherZone}/decide`)).body.error.pointer, '/zone_id');
});

test('an unknown zone is a 404 of its own, and the zone may stand in the path', async () => {
  const { post, metric } = build();
  const { zone_id: _, ...bare } = pay;

  assert.equal((await post({ ...pay, zone_id: otherZone })).body.error.code, 'PRECEDE_ZONE_UNKNOWN');
  assert.equal(await metric('failed_decisions_total', { cause: 'unknown_zone', mode: 'error' }), 1);
  assert.equal((await post(bare, `/v1/zones/${zone}/decide`)).body.decision, 'deny');
});

test('each answer is counted by its interface and outcome, and timed', async () => {
  const { post, metric } = build();
  const asked = (outcome: string): Promise<number> =>
    metric('gateway_requests_total', { interface: 'decide', outcome });

  await post(pay);
  await post('no json');
  await post({ ...pay, zone_id: otherZone });

  assert.deepEqual(
    [await asked('allow'), await asked('deny'), await asked('refused'), await asked('fault')],
    [0, 1, 1, 1],
  );
  assert.equal(await metric('gateway_request_seconds', { interface: 'decide', le: '+Inf' }), 3);
  assert.equal(await metric('decisions_total', { verdict: 'block', action: 'block' }), 1);
});

test('an enforcer of one zone need not be told which, one of several must', async () => {
  const { zone_id: _, ...bare } = pay;

  const one = await build().post(bare);
  const two = await build({}, [shop, { ...shop, zoneId: otherZone }]).post(bare);
  const none = await build({}, []).post(bare);

  assert.equal(one.body.decision, 'deny');
  assert.deepEqual([two.status, two.body.error.pointer], [400, '/zone_id']);
  assert.deepEqual([none.status, none.body.error.pointer], [400, '/zone_id']);
});

test('names the session by the first identifier that is present and not empty', async () => {
  const { post } = build();
  await post({ ...cart, headers: { 'x-CLIENT': 'c1' }, cookies: { sid: 'ignored' } });

  const decisionOf = async (more: object) => (await post({ ...pay, ...more })).body;

  assert.equal((await decisionOf({ headers: { 'X-Client': 'c1' } })).decision, 'allow');
  assert.equal(
    (await decisionOf({ session: { type: 'header', name: 'x-client', value: 'c1' } })).decision,
    'allow',
  );
  assert.equal((await decisionOf({ headers: { 'X-Client': ['', 'c1'] } })).decision, 'allow');
  assert.equal((await decisionOf({ cookies: { sid: 'ignored' } })).decision, 'deny');
  assert.equal((await decisionOf({ session: 'c1' })).decision, 'deny');
});

test('a request without a session is asked with nothing before it and leaves nothing behind', async () => {
  const { post, metric } = build();
  await post(cart);

  const answer = await post(pay);

  assert.deepEqual([answer.body.decision, answer.body.session], ['deny', false]);
  assert.match(answer.body.reason, /carries no session identifier/);
  assert.equal(await metric('requests_total', { kind: 'no_session' }), 2);
  assert.equal(await metric('sessions'), 0);
});

test('a request that no operation matches passes and takes no part', async () => {
  const { post, metric } = build();

  const answer = await post({ ...pay, path: '/other', session: 's' });

  assert.deepEqual([answer.body.decision, answer.body.operation], ['allow', null]);
  assert.equal(await metric('requests_total', { kind: 'unmatched' }), 1);
  assert.equal(await metric('sessions'), 0);
});

test('log-only lets denials pass, records them as log and admits them', async () => {
  const { post, metric } = build({ PRECEDE_ENFORCER_LOG_ONLY: 'true' });

  const answer = await post({ ...pay, session: 's' });

  const ruleId = ruleOf(1, 'cart', 'pay').ruleId;
  assert.deepEqual(
    [answer.body.decision, answer.body.rule_id, answer.body.logged],
    ['allow', ruleId, [ruleId]],
  );
  assert.match(answer.body.reason, /^Let through and logged: it would be denied by rule "cart before pay"/);
  assert.equal(await metric('decisions_total', { verdict: 'log', rule: 'apiShieldSequenceMitigation' }), 1);
  assert.equal(await metric('sessions'), 1);
});

test('past the deadline the fail mode answers and nothing is admitted', async () => {
  for (const [mode, decision] of [
    ['open', 'allow'],
    ['closed', 'deny'],
  ] as const) {
    const { post, metric } = build({
      PRECEDE_ENFORCER_DEADLINE: '0ms',
      PRECEDE_ENFORCER_FAIL_MODE: mode,
    });
    const answer = await post({ ...cart, session: 's' });

    assert.deepEqual([answer.body.decision, answer.body.failed], [decision, 'deadline']);
    assert.equal(await metric('failed_decisions_total', { cause: 'deadline', mode }), 1);
    assert.equal(await metric('sessions'), 0);
  }
  const { post } = build({ PRECEDE_ENFORCER_DEADLINE: '0ms' });
  assert.equal((await post(pay)).status, 503);
});

test('a simulation brings its own time where that is allowed', async () => {
  const { post } = build({ PRECEDE_ENFORCER_ACCEPT_TIME: 'true' });
  const session = 's';
  await post({ ...cart, session, time: '2026-01-01T00:00:00Z' });

  const within = await post({ ...pay, session, time: Date.parse('2026-01-01T00:10:00Z') });
  const later = await post({ ...pay, session, time: '2026-01-01T00:20:00.001Z' });

  assert.equal(within.body.decision, 'allow');
  assert.equal(later.body.decision, 'deny');
  assert.match(later.body.reason, /no earlier operation within 10 minutes/);
  assert.equal((await post({ ...pay, time: 'yesterday' })).body.error.pointer, '/time');
});

test('a token is asked for where one is set', async () => {
  const { post } = build({ PRECEDE_ENFORCER_TOKEN: 'secret-token' });

  assert.equal((await post(pay)).status, 401);
  assert.equal((await post(pay, '/v1/decide', { authorization: 'Bearer wrong' })).status, 401);
  assert.equal((await post(pay, '/v1/decide', { authorization: 'Bearer secret-token' })).status, 200);
});

test('forgets the longest unused session when full and counts it as live', async () => {
  const { post, metric } = build({ PRECEDE_ENFORCER_MAX_SESSIONS: '2' });
  for (const session of ['a', 'b', 'c']) await post({ ...cart, session });

  assert.equal((await post({ ...pay, session: 'a' })).body.decision, 'deny');
  assert.equal((await post({ ...pay, session: 'c' })).body.decision, 'allow');
  assert.deepEqual(
    [await metric('sessions'), await metric('session_evictions_total', { reason: 'live' })],
    [2, 1],
  );
});
