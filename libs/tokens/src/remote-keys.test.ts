import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { andThen } from '@precede/service';
import { maxAgeOf } from './fetch-keys.ts';
import { type KeysLoad, type RemoteKeysOptions, remoteKeys } from './remote-keys.ts';
import { configuration, createIssuer, startKeyServer } from './tokens.test-kit.ts';
import { Verifier } from './verifier.ts';
import { createVerifierMemory } from './verifier-memory.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A source of keys and a verifier that uses them, over a server that has the old key. */
const start = async (t: TestContext, options: Partial<RemoteKeysOptions> = {}) => {
  const [old, young] = await Promise.all([createIssuer('old'), createIssuer('young')]);
  const server = await startKeyServer(t, [old.key]);
  const clock = { nowMs: 1_000_000_000_000 };
  const loads: KeysLoad[] = [];
  const waiting: (() => void)[] = [];
  const onLoad = (load: KeysLoad): void => {
    loads.push(load);
    for (const wake of waiting.splice(0)) wake();
  };
  const keys = remoteKeys(server.url, { now: () => clock.nowMs, onLoad, ...options });
  const memory = createVerifierMemory();
  const verifier = new Verifier(configuration(), { id: '1', keys, memory, now: () => clock.nowMs });
  const tokens = { old: await old.sign({ sub: 'o' }), young: await young.sign({ sub: 'y' }) };
  const ask = (token: keyof typeof tokens) =>
    andThen(verifier.verify(tokens[token], clock.nowMs), (v) => v.outcome);
  /** Resolves when so many loads have ended. */
  const loaded = async (count: number): Promise<void> => {
    while (loads.length < count) await new Promise<void>((resolve) => void waiting.push(resolve));
  };
  return { old, young, server, clock, loads, keys, ask, loaded };
};

test('nothing verifies until the keys are there, and nobody waits for them', async (t) => {
  const { ask, loaded, keys, loads, server } = await start(t);

  assert.equal(ask('old'), 'keys_unavailable');
  assert.equal(ask('old'), 'keys_unavailable');
  await loaded(1);
  assert.equal(await ask('old'), 'valid');
  await keys.attempted();
  assert.equal(server.asked(), 1);
  assert.deepEqual([loads[0]?.outcome, loads[0]?.previous], ['loaded', null]);
});

test('follows a rotation: old key, both, new key', async (t) => {
  const { old, young, server, clock, keys, ask, loaded } = await start(t);
  await keys.attempted();
  assert.deepEqual([await ask('old'), await ask('young')], ['valid', 'unknown_key']);
  assert.equal(server.asked(), 1);

  server.serve([old.key, young.key]);
  clock.nowMs += 29_999;
  assert.equal(await ask('young'), 'unknown_key');
  assert.equal(server.asked(), 1);
  clock.nowMs += 1;
  assert.equal(await ask('young'), 'unknown_key');
  await loaded(2);
  assert.deepEqual([await ask('old'), await ask('young')], ['valid', 'valid']);

  server.serve([young.key]);
  clock.nowMs += 8 * minute;
  assert.deepEqual([await ask('old'), await ask('young')], ['valid', 'valid']);
  await loaded(3);
  assert.deepEqual([await ask('old'), await ask('young')], ['unknown_key', 'valid']);
});

test('a load of the same keys keeps what was verified with them', async (t) => {
  const { clock, keys, ask, loaded } = await start(t);
  await keys.attempted();
  await ask('old');

  clock.nowMs += 9 * minute;
  await ask('old');
  await loaded(2);

  assert.equal(ask('old'), 'valid');
});

test('one unknown key after another asks once a cooldown', async (t) => {
  const { clock, keys, server, loaded } = await start(t);
  await keys.attempted();

  for (let n = 0; n < 100; n += 1) keys.missed();
  clock.nowMs += 30_000;
  for (let n = 0; n < 100; n += 1) keys.missed();
  await loaded(2);
  for (let n = 0; n < 100; n += 1) keys.missed();

  assert.equal(server.asked(), 2);
});

test('keys are used while their source is away, for a day', async (t) => {
  const { clock, keys, ask, loaded, server } = await start(t);
  await keys.attempted();
  server.answer((_request, response) => void response.writeHead(500).end());

  clock.nowMs += 24 * hour;
  assert.equal(await ask('old'), 'valid');
  await loaded(2);
  assert.equal(await ask('old'), 'valid');
  assert.equal(server.asked(), 2);
  clock.nowMs += 10 * minute;
  assert.equal(ask('old'), 'keys_unavailable');
  await loaded(3);
});

test('a source that comes back is asked again after some seconds', async (t) => {
  const { old, clock, keys, ask, loaded, loads, server } = await start(t);
  server.answer((_request, response) => void response.writeHead(500).end());
  await keys.attempted();
  await keys.attempted();
  server.serve([old.key]);

  assert.equal(ask('old'), 'keys_unavailable');
  assert.equal(server.asked(), 1);
  clock.nowMs += 5_000;
  assert.equal(ask('old'), 'keys_unavailable');
  await loaded(2);
  assert.equal(await ask('old'), 'valid');
  assert.deepEqual([loads[1]?.outcome, loads[1]?.previous], ['loaded', 'status']);
});

const json = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}): RequestListener => {
  return (_request, response) => void response.writeHead(200, headers).end(body);
};
const redirectTo =
  (location: (url: string) => string): RequestListener =>
  (request, response) =>
    void response.writeHead(302, { location: location(`http://${request.headers.host}`) }).end();
const answers: readonly (readonly [name: string, outcome: string, listener: RequestListener])[] = [
  ['never answers', 'timeout', () => {}],
  [
    'stops within its body',
    'timeout',
    (_request, response) => void response.writeHead(200).write('{"keys":'),
  ],
  ['breaks off', 'unreachable', (request) => request.socket.destroy()],
  ['answers 500', 'status', (_request, response) => void response.writeHead(500).end()],
  ['answers 304 unasked', 'status', (_request, response) => void response.writeHead(304).end()],
  ['answers a huge body', 'too_large', json(Buffer.alloc(300_000, ' '))],
  [
    'answers a small body that becomes huge',
    'too_large',
    json(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }),
  ],
  ['answers HTML', 'not_a_key_set', json('<html></html>')],
  ['answers an array', 'not_a_key_set', json('[]')],
  ['answers null', 'not_a_key_set', json('null')],
  ['answers keys that are none', 'not_a_key_set', json('{"keys":[1]}')],
  ['answers too many keys', 'not_a_key_set', json(JSON.stringify({ keys: Array(65).fill({ kty: 'EC' }) }))],
  ['redirects to another host', 'redirect', redirectTo(() => 'http://localhost:1/keys')],
  ['redirects to a file', 'redirect', redirectTo(() => 'file:///etc/passwd')],
  ['redirects to itself for ever', 'redirect', redirectTo((url) => `${url}/again`)],
];

for (const [name, outcome, listener] of answers)
  test(`a source that ${name} gives no keys, and takes none away`, async (t) => {
    const { server, clock, keys, ask, loaded, loads } = await start(t, { timeoutMs: 500 });
    await keys.attempted();
    server.answer(listener);
    clock.nowMs += 9 * minute;

    keys.current();
    await loaded(2);

    assert.equal(loads[1]?.outcome, outcome);
    assert.equal(await ask('old'), 'valid');
  });

test('follows a redirect on the same host', async (t) => {
  const { old, server, keys, loads } = await start(t);
  server.answer((request, response) => {
    if (request.url === '/keys') response.writeHead(307, { location: '/elsewhere' }).end();
    else response.end(JSON.stringify({ keys: [old.key] }));
  });

  await keys.attempted();

  assert.equal(loads[0]?.outcome, 'loaded');
});

test('a key set may be empty: the issuer has withdrawn all', async (t) => {
  const { server, clock, keys, ask, loaded } = await start(t);
  await keys.attempted();
  assert.equal(await ask('old'), 'valid');
  server.serve([]);
  clock.nowMs += 9 * minute;
  keys.current();
  await loaded(2);

  assert.equal(await ask('old'), 'unknown_key');
});

test('keys that verify nothing do no harm to the others', async (t) => {
  const { old, server, keys, ask } = await start(t);
  const strange = [{ kty: 'oct', k: 'AAAA', kid: 'old' }, { kty: 'RSA', kid: 'x' }, { kty: 'new' }, {}];
  server.serve([...strange, old.key]);
  await keys.attempted();

  assert.equal(await ask('old'), 'valid');
});

test('keys live as long as their source says, from a minute to an hour', () => {
  const inMinutes = (header: string | null): number => maxAgeOf(header) / minute;

  assert.equal(inMinutes(null), 10);
  assert.equal(inMinutes('public'), 10);
  assert.equal(inMinutes('public, Max-Age=1200, must-revalidate'), 20);
  assert.equal(inMinutes('s-maxage=1200'), 10);
  assert.equal(inMinutes('max-age="1200"'), 20);
  assert.equal(inMinutes('max-age=1'), 1);
  assert.equal(inMinutes('max-age=999999999999'), 60);
  assert.equal(inMinutes('max-age=99999999999999999'), 10);
  assert.equal(inMinutes('max-age=600, no-store'), 1);
  assert.equal(inMinutes('no-cache'), 1);
});
