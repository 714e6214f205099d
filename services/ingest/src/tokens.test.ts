import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfigBody, RequestEvent, TokenConfiguration } from '@precede/contracts';
import { sessionIdOf, zoneSecretOf } from '@precede/service';
import { readRequestFields, Tokens } from '@precede/tokens';
import { configId, configuration, createIssuer, type Issuer, startKeyServer } from '@precede/tokens/test-kit';
import {
  event,
  eventsUrl,
  nowMs,
  sendConfig,
  sessionKeyHex,
  startFixture,
  until,
  zoneBodies,
  zoneId,
} from './http.fixture.ts';

const name = `${configId}:$.sub`;
const secret = zoneSecretOf(Buffer.from(sessionKeyHex, 'hex'), zoneId);
const byToken = (claim: string) => sessionIdOf(secret, 'jwt', name, claim);
const byHeader = (value: string) => sessionIdOf(secret, 'header', 'X-Session', value);
const identifiers = [
  { type: 'jwt', name },
  { type: 'header', name: 'X-Session' },
] as const;

const bodiesOf = (tokenConfiguration: TokenConfiguration): readonly ConfigBody[] => [
  { kind: 'token_configuration', id: configId, tokenConfiguration },
  ...zoneBodies.map((body) => (body.kind === 'session_identifiers' ? { ...body, identifiers } : body)),
];
const start = (t: TestContext, config: TokenConfiguration) => startFixture(t, { bodies: bodiesOf(config) });

const send = async (app: Awaited<ReturnType<typeof start>>['app'], events: readonly unknown[]) => {
  const answer = await app.inject({ method: 'POST', url: eventsUrl, payload: JSON.stringify(events) });
  assert.equal(answer.statusCode, 200);
  return answer.json();
};
/** Events of a client: the token goes into the authorization header. */
const withToken = (token: string, changes: Readonly<Record<string, unknown>> = {}) => {
  const { headers, ...others } = changes;
  return event({
    session: null,
    headers: { Authorization: `Bearer ${token}`, ...Object(headers) },
    ...others,
  });
};
const sessionsOf = (requests: readonly RequestEvent[]): ReadonlyMap<string | null, string> =>
  new Map(requests.flatMap((r) => (r.kind === 'request' ? [[r.eventId, r.sessionId] as const] : [])));

test('a refreshed token names the same session, as the library finds it for whoever else asks', async (t) => {
  const issuer = await createIssuer('k1');
  const config = configuration({ keys: [issuer.key] });
  const { app, requests, registry } = await start(t, config);
  const tokens = await Promise.all([
    issuer.sign({ sub: 'u1', jti: 'a' }),
    issuer.sign({ sub: 'u1', jti: 'b' }),
  ]);

  await send(
    app,
    tokens.map((token, at) => withToken(token, { id: `e${at}` })),
  );

  const library = new Tokens({ onOutcome: () => {}, onLoad: () => {} });
  const { sessions } = library.forZone({
    zoneId,
    identifiers,
    tokenConfigurations: new Map([[configId, config]]),
  });
  const found = await Promise.all(
    tokens.map((token) => sessions?.claimOf(name, readRequestFields([['authorization', token]], []), nowMs)),
  );
  assert.notEqual(tokens[0], tokens[1]);
  assert.deepEqual(
    [...sessionsOf(await requests()).values()],
    found.map((claim) => byToken(claim ?? '')),
  );
  assert.deepEqual(found, ['u1', 'u1']);
  assert.match(await registry.metrics(), /precede_ingest_tokens_total\{outcome="valid"\} 2/);
});

test('where the token does not verify the next identifier names the session, or none does', async (t) => {
  const issuer = await createIssuer('k1');
  const attacker = await createIssuer('k1');
  const { app, requests, registry } = await start(t, configuration({ keys: [issuer.key] }));
  const forged = await attacker.sign({ sub: 'u1' });

  const answer = await send(app, [
    withToken(forged, { id: 'forged', headers: { 'x-session': 'h1' } }),
    withToken(forged, { id: 'alone' }),
    withToken('a.b', { id: 'broken' }),
    event({ session: null, headers: { 'x-session': 'h2', other: 5 }, id: 'without' }),
    event({ session: 'own', id: 'explicit', headers: { authorization: forged } }),
    withToken(await issuer.sign({ sub: 'u2' }), { id: 'good', headers: { 'x-session': 'h3', other: [5] } }),
  ]);

  assert.deepEqual([answer.without_session, answer.refused_total], [2, 0]);
  assert.deepEqual(
    sessionsOf(await requests()),
    new Map([
      ['forged', byHeader('h1')],
      ['without', byHeader('h2')],
      ['explicit', sessionIdOf(secret, 'explicit', '', 'own')],
      ['good', byToken('u2')],
    ]),
  );
  const metrics = await registry.metrics();
  assert.match(metrics, /precede_ingest_tokens_total\{outcome="bad_signature"\} 2/);
  assert.match(metrics, /precede_ingest_tokens_total\{outcome="malformed"\} 1/);
  assert.match(metrics, /precede_ingest_tokens_total\{outcome="missing"\} 1/);
});

test('events keep their order whether they wait for a token or not', async (t) => {
  const issuer = await createIssuer('k1', 'ES256');
  const { app, requests } = await start(t, configuration({ keys: [issuer.key], algorithms: ['ES256'] }));
  const sign = (n: number) => issuer.sign({ sub: `u${n % 3}`, jti: String(n) });
  const events = await Promise.all(
    Array.from({ length: 300 }, async (_, n) =>
      n % 2 === 0
        ? withToken(await sign(n), { id: `t${n}`, status: n })
        : event({ session: n % 5 === 0 ? 5 : 'plain', id: `p${n}`, status: n }),
    ),
  );

  const answer = await send(app, events);

  const bySession = Map.groupBy(
    (await requests()).filter((r) => r.kind === 'request'),
    (r) => r.sessionId,
  );
  assert.equal(bySession.size, 4);
  for (const own of bySession.values())
    assert.deepEqual(
      own.map((r) => r.status),
      own.map((r) => r.status).toSorted((a, b) => Number(a) - Number(b)),
    );
  assert.deepEqual([answer.sequenced, answer.refused_total], [270, 30]);
  assert.deepEqual(
    answer.refused.map(({ index }: { index: number }) => index),
    Array.from({ length: 30 }, (_, n) => 10 * n + 5),
  );
});

test('a token counts at the time of its event, however late the event comes', async (t) => {
  const issuer = await createIssuer('k1');
  const { app } = await start(t, configuration({ keys: [issuer.key] }));
  const token = await issuer.sign({ sub: 'u1', exp: nowMs / 1000 - 3600 });

  const answer = await send(app, [withToken(token, { time: nowMs - 3_601_000 }), withToken(token)]);

  assert.deepEqual([answer.sequenced, answer.without_session], [1, 1]);
});

test('keys by URL are there when ingest is ready', async (t) => {
  const issuer: Issuer = await createIssuer('k1');
  const server = await startKeyServer(t, [issuer.key]);
  const { app, registry } = await start(t, configuration({ jwksUrl: server.url }));

  const answer = await send(app, [withToken(await issuer.sign({ sub: 'u1' }))]);

  assert.equal(answer.sequenced, 1);
  assert.match(
    await registry.metrics(),
    /precede_ingest_token_keys_load_seconds_count\{outcome="loaded"\} 1/,
  );
});

test('an identifier that cannot be used is counted as its configuration is, and the others of the zone go on', async (t) => {
  const { app, registry } = await start(t, configuration({ algorithms: ['HS256'] }));

  const answer = await send(app, [withToken('a.b.c', { headers: { 'x-session': 'h' } })]);

  assert.equal(answer.sequenced, 1);
  assert.match(await registry.metrics(), /precede_ingest_config_faults_total 2/);
});

test('a configuration that comes while ingest runs has its keys loaded before anybody asks', async (t) => {
  const issuer = await createIssuer('k1');
  const server = await startKeyServer(t, [issuer.key]);
  const { app, log } = await startFixture(t);
  const token = await issuer.sign({ sub: 'u1' });
  assert.equal((await send(app, [withToken(token)])).without_session, 1);

  await sendConfig(log, zoneId, bodiesOf(configuration({ jwksUrl: server.url })));
  await until(async () => server.asked() === 1);

  await until(async () => (await send(app, [withToken(token)])).sequenced === 1);
  assert.equal(server.asked(), 1);
});
