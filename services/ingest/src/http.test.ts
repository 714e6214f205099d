import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { ErrorCode, UnavailableError, type ZoneId } from '@precede/contracts';
import { sessionIdOf, zoneSecretOf } from '@precede/service';
import fc from 'fast-check';
import {
  event,
  eventsUrl,
  fedByEnforcer,
  getItem,
  listItems,
  nowMs,
  sessionKeyHex,
  startFixture,
  zoneId,
} from './http.fixture.ts';

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}, url = eventsUrl) => ({
  method: 'POST' as const,
  url,
  headers: { 'content-type': 'application/json', ...headers },
  payload: Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body),
});
const ndjson = { 'content-type': 'application/x-ndjson' };
const secret = zoneSecretOf(Buffer.from(sessionKeyHex, 'hex'), zoneId);

test('publishes matched events with their session hashed, in order, and counts the others', async (t) => {
  const { app, requests, unmatched, registry } = await startFixture(t);

  const answer = await app.inject(
    post(
      [
        event({ time: '2026-05-01T11:59:00.250Z', status: 200, duration_ms: 1.5, bytes: 10, id: 'e1' }),
        event({
          path: '/items/7?x=1',
          host: 'API.shop.com:443',
          session: null,
          headers: { 'x-SESSION': 'h' },
        }),
        event({ session: undefined, cookies: { sid: 'c' } }),
        event({ session: undefined }),
        event({ path: '/%6eo/../nowhere?secret=1', status: 404 }),
        event({ path: 'items' }),
      ],
      {},
      `${eventsUrl}?source=import-1`,
    ),
  );

  assert.equal(answer.statusCode, 200);
  const { refused, ...counts } = answer.json();
  assert.deepEqual(counts, {
    accepted: 5,
    matched: 4,
    unmatched: 1,
    without_session: 1,
    sequenced: 3,
    clamped: 0,
    refused_total: 1,
  });
  assert.deepEqual(refused, [
    { index: 5, pointer: '/5/path', code: 'path_invalid', message: 'path must begin with /' },
  ]);
  const published = await requests();
  const first = published.find((r) => r.kind === 'request' && r.eventId === 'e1');
  assert.deepEqual(first, {
    kind: 'request',
    zoneId,
    sessionId: sessionIdOf(secret, 'explicit', '', 's1'),
    operation: listItems.shortId,
    timeMs: nowMs - 59_750,
    source: 'import-1',
    status: 200,
    durationMs: 1.5,
    bytes: 10,
    eventId: 'e1',
  });
  const others = published.flatMap((r) =>
    r.kind === 'request' && r.eventId === null ? [[r.sessionId, r.operation]] : [],
  );
  assert.deepEqual(
    new Set(others.map(String)),
    new Set([
      String([sessionIdOf(secret, 'header', 'X-Session', 'h'), getItem.shortId]),
      String([sessionIdOf(secret, 'cookie', 'sid', 'c'), listItems.shortId]),
    ]),
  );
  assert.deepEqual(await unmatched(), [
    { zoneId, method: 'GET', host: 'api.shop.com', path: '/nowhere', timeMs: nowMs, status: 404 },
  ]);
  assert.match(await registry.metrics(), /precede_ingest_events_total\{outcome="sequenced"\} 3/);
});

test('takes an object, an array and NDJSON, plain and compressed', async (t) => {
  const { app, requests } = await startFixture(t);
  const lines = `${JSON.stringify(event())}\n\r\n${JSON.stringify(event())}\r\n`;
  const pretty = JSON.stringify(event(), null, 2);
  const bodies = [
    post(event()),
    post(pretty),
    post(`\ufeff${pretty}`),
    post([event()]),
    post(lines, ndjson),
    post(lines),
    post(lines, { 'content-type': 'text/plain' }),
    post(gzipSync(lines), { ...ndjson, 'content-encoding': 'gzip' }),
    post(deflateSync(lines), { ...ndjson, 'content-encoding': 'deflate' }),
    post(brotliCompressSync(lines), { ...ndjson, 'content-encoding': 'br' }),
  ];

  const answers = [];
  for (const body of bodies) answers.push((await app.inject(body)).json().accepted);

  assert.deepEqual(answers, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
  assert.equal((await requests()).length, 16);
});

test('keeps the order of one session within a body and over bodies', async (t) => {
  const { app, requests } = await startFixture(t);
  const ids = Array.from({ length: 5000 }, (_, i) => String(i));

  await app.inject(post(ids.slice(0, 3000).map((id) => event({ id }))));
  await app.inject(post(ids.slice(3000).map((id) => event({ id }))));

  assert.deepEqual(
    (await requests()).map((r) => r.kind === 'request' && r.eventId),
    ids,
  );
});

test('refuses a body that cannot be read whole, and publishes nothing of it', async (t) => {
  const { app, requests } = await startFixture(t, { environment: { PRECEDE_INGEST_MAX_EVENTS: '3' } });
  const good = JSON.stringify(event());
  const gzip = { 'content-encoding': 'gzip' };
  const cases = [
    [post('not json'), 400, /the body is not JSON: "n"/],
    [post(''), 400, /the body is empty/],
    [post('"text"'), 400, /the body is not JSON/],
    [post(`[${good},{"a":}]`), 400, /event 1, from character \d+, is not JSON/],
    [post(`[${good},]`), 400, /event 1/],
    [post(`[${good}`), 400, /stops before its end/],
    [post(`[${good}] x`), 400, /something follows/],
    [post(Buffer.from(`[${good},"\xff"]`, 'latin1')), 400, /not UTF-8 at byte \d+/],
    [post(gzipSync(good.repeat(50)).subarray(0, 40), gzip), 400, /the gzip body stops before its end/],
    [post('plain', gzip), 400, /not valid gzip/],
    [post(good, { 'content-encoding': 'zstd' }), 400, /content-encoding must be one of/],
    [post(`[${Array(4).fill(good).join()}]`), 413, /more than 3 events/],
  ] as const;

  for (const [request, status, message] of cases) {
    const answer = await app.inject(request);
    assert.deepEqual([answer.statusCode, answer.headers['retry-after']], [status, undefined], answer.body);
    assert.match(answer.json().error.message, message);
  }
  assert.deepEqual(await requests(), []);
});

test('names the bad lines of NDJSON and takes the good ones', async (t) => {
  const { app } = await startFixture(t);
  const good = JSON.stringify(event());
  const lines = [good, '{"half":', `{"path":"${'x'.repeat(1_100_000)}"}`, '{"host":"\xff"}', '17', good];

  const answer = await app.inject(post(Buffer.from(lines.join('\n'), 'latin1'), ndjson));

  assert.equal(answer.statusCode, 200);
  assert.equal(answer.json().sequenced, 2);
  assert.deepEqual(
    answer.json().refused.map((r: Record<string, unknown>) => [r['index'], r['line'], r['code']]),
    [
      [1, 2, 'not_json'],
      [2, 3, 'too_long'],
      [3, 4, 'not_utf8'],
      [4, 5, 'not_an_object'],
    ],
  );
});

test('answers 400 with the list when every event is refused, and names at most a thousand', async (t) => {
  const { app } = await startFixture(t);

  const answer = await app.inject(post(Array(1500).fill({})));

  assert.equal(answer.statusCode, 400);
  assert.equal(answer.json().error.code, ErrorCode.inputInvalid);
  assert.equal(answer.json().refused.length, 1000);
  assert.equal(answer.json().refused_total, 1500);
});

test('refuses bodies above the limits, zip bombs among them', async (t) => {
  const environment = { PRECEDE_INGEST_MAX_BODY: '1MiB', PRECEDE_INGEST_MAX_DECODED_BODY: '2MiB' };
  const { app } = await startFixture(t, { environment });

  const large = await app.inject(post('x'.repeat(1_100_000)));
  const bomb = await app.inject(
    post(gzipSync(Buffer.alloc(100 * 1024 * 1024, ' ')), { 'content-encoding': 'gzip' }),
  );

  assert.deepEqual([large.statusCode, large.json().error.code], [413, ErrorCode.inputTooLarge]);
  assert.deepEqual([bomb.statusCode, bomb.json().error.code], [413, ErrorCode.inputTooLarge]);
});

test('says busy before it reads a body that does not fit, and has room again afterwards', async (t) => {
  const { app } = await startFixture(t, { environment: { PRECEDE_INGEST_MAX_IN_FLIGHT: '4KiB' } });

  const busy = await app.inject(post(Array(100).fill(event())));
  const bomb = await app.inject(post(gzipSync(JSON.stringify(event())), { 'content-encoding': 'gzip' }));

  assert.deepEqual(
    [busy.statusCode, busy.headers['retry-after'], busy.json().error.code],
    [429, '1', ErrorCode.ingestBusy],
  );
  assert.equal(bomb.statusCode, 429);
  for (let i = 0; i < 50; i++) assert.equal((await app.inject(post([event()]))).statusCode, 200);
});

test('tells an unknown zone from a malformed one, and checks the source', async (t) => {
  const { app } = await startFixture(t);

  const unknown = await app.inject(post([event()], {}, `/v1/zones/${'b'.repeat(32)}/events`));
  const malformed = await app.inject(post([event()], {}, '/v1/zones/xyz/events'));
  const source = await app.inject(post([event()], {}, `${eventsUrl}?source=a%20b`));

  assert.deepEqual([unknown.statusCode, unknown.json().error.code], [404, ErrorCode.zoneUnknown]);
  assert.deepEqual([malformed.statusCode, malformed.json().error.pointer], [400, '/zone_id']);
  assert.deepEqual([source.statusCode, source.json().error.pointer], [400, '/source']);
});

test('a zone that the enforcer feeds takes imports and no live requests', async (t) => {
  const { app, registry } = await startFixture(t, { bodies: fedByEnforcer });

  const live = await app.inject(post([event()]));
  const imported = await app.inject(post([event()], {}, `${eventsUrl}?source=import-1`));

  assert.deepEqual([live.statusCode, live.json().error.code], [409, ErrorCode.originRefused]);
  assert.equal(imported.statusCode, 200);
  assert.match(await registry.metrics(), /precede_ingest_bodies_total\{outcome="other_origin"\} 1/);
});

test('asks for the token where one is set', async (t) => {
  const { app } = await startFixture(t, { environment: { PRECEDE_INGEST_TOKEN: 'open-sesame' } });

  const without = await app.inject(post([event()]));
  const wrong = await app.inject(post([event()], { authorization: 'Bearer open-sesam' }));
  const right = await app.inject(post([event()], { authorization: 'Bearer open-sesame' }));

  assert.deepEqual([without.statusCode, wrong.statusCode, right.statusCode], [401, 401, 200]);
});

test('answers 503 with Retry-After, and counts nothing, when the log does not acknowledge', async (t) => {
  const full = new UnavailableError(ErrorCode.logFull, 'full');
  const faults = [
    full,
    new UnavailableError(ErrorCode.logUnavailable, 'away'),
    new Error('a foreign secret'),
  ];
  const { app, registry } = await startFixture(t, {
    wrap: (own) => ({ ...own, send: async () => Promise.reject(faults.shift()), close: () => own.close() }),
  });

  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await app.inject(post([event()])));

  assert.deepEqual(
    answers.map((a) => [a.statusCode, a.headers['retry-after'], a.json().error.code]),
    [
      [503, '1', ErrorCode.logFull],
      [503, '1', ErrorCode.logUnavailable],
      [503, '1', ErrorCode.logUnavailable],
    ],
  );
  assert.ok(answers.every((a) => !a.body.includes('foreign')));
  assert.doesNotMatch(await registry.metrics(), /precede_ingest_events_total\{/);
});

test('keeps at most so many unmatched events a second and counts the others', async (t) => {
  const { app, unmatched, registry } = await startFixture(t, {
    environment: { PRECEDE_INGEST_UNMATCHED_PER_SECOND: '5' },
  });
  const path = `/${'%c3%a9'.repeat(1000)}`;

  const answer = await app.inject(post(Array(20).fill(event({ path }))));

  assert.equal(answer.json().unmatched, 20);
  const kept = await unmatched();
  assert.equal(kept.length, 5);
  assert.ok(kept.every((each) => each.path.length <= 2048 && /%[0-9A-F]{2}$/.test(each.path)));
  assert.match(await registry.metrics(), /precede_ingest_unsampled_events_total 15/);
});

test('ends a source in every partition, but never live traffic', async (t) => {
  const { app, requests } = await startFixture(t);
  const url = (source: string) => `/v1/zones/${zoneId}/sources/${source}/end`;

  const ended = await app.inject({ method: 'POST', url: url('import-1') });
  const live = await app.inject({ method: 'POST', url: url('live') });

  assert.deepEqual([ended.statusCode, ended.json()], [200, { partitions: 3 }]);
  assert.equal(live.statusCode, 400);
  const markers = await requests();
  assert.deepEqual(
    markers,
    Array(3).fill({ kind: 'source_ended', zoneId: zoneId as ZoneId, source: 'import-1' }),
  );
});

test('answers any bytes with JSON and never with a fault of its own', async (t) => {
  const { app } = await startFixture(t);
  const good = Buffer.from(JSON.stringify([event(), event()]));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)),
    fc.json().map((text) => Buffer.from(text)),
    fc.array(fc.json()).map((each) => Buffer.from(each.join('\n'))),
    fc
      .array(fc.anything().map((value) => event({ headers: value, session: value, time: value })))
      .map((e) => Buffer.from(JSON.stringify(e))),
    fc
      .tuple(fc.nat(good.length), fc.integer({ min: 0, max: 255 }))
      .map(([at, byte]) => Buffer.concat([good.subarray(0, at), Buffer.from([byte]), good.subarray(at + 1)])),
  );
  const encoding = fc.constantFrom('', 'gzip', 'deflate', 'br', 'x');
  const type = fc.constantFrom('application/json', 'application/x-ndjson', 'text/plain');
  await fc.assert(
    fc.asyncProperty(bytes, encoding, type, async (body, contentEncoding, contentType) => {
      const answer = await app.inject(
        post(body, { 'content-encoding': contentEncoding, 'content-type': contentType }),
      );
      assert.ok(
        answer.statusCode === 200 || answer.statusCode === 400,
        `${answer.statusCode} ${answer.body}`,
      );
      assert.equal(typeof answer.json(), 'object');
    }),
    { numRuns: 500 },
  );
});
