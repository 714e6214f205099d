import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { createLookback, push } from '@precede/rules';
import { acquireValkey } from '@precede/testkit';
import { Redis } from 'ioredis';
import { metricIn, until } from '../fixtures.test-kit.ts';
import { encodeLookback } from './lookback-codec.ts';
import { describeRateCounter } from './rate-counter.test-kit.ts';
import { a, b, clientOf, describeSessionStore, startMs } from './session-store.test-kit.ts';
import { connected, openClient } from './valkey.test-kit.ts';
import { ValkeyRates } from './valkey-rates.ts';
import { ValkeySessions } from './valkey-sessions.ts';

const found = await acquireValkey();
const skip = 'skip' in found ? found.skip : false;
const url = 'url' in found ? found.url : '';
const server = 'url' in found ? found.server : undefined;
const secret = 'a-secret-that-nobody-sees';

after(async () => {
  if ('release' in found) await found.release();
});

const isUnavailable = (error: unknown): boolean =>
  error instanceof UnavailableError && error.code === ErrorCode.storeUnavailable;

describeSessionStore(
  'valkey',
  async () => {
    const opened = openClient(url);
    await connected(opened);
    return {
      store: new ValkeySessions(opened.client),
      client: clientOf,
      answered: () => {},
      close: () => opened.client.close(),
    };
  },
  { skip, keepsParallel: true, runs: 30 },
);

describeRateCounter(
  'valkey, two connections',
  async () => {
    const env = { PRECEDE_ENFORCER_VALKEY_PREFIX: `test-${process.pid}-rates:` };
    const both = [openClient(url, env), openClient(url, env)];
    await Promise.all(both.map(connected));
    return {
      counters: both.map((each) => new ValkeyRates(each.client)),
      close: async () => {
        await Promise.all(both.map((each) => each.client.close()));
      },
    };
  },
  { skip, runs: 50 },
);

describe('sessions in valkey', { skip }, () => {
  test('are the same bytes that this process writes, under prefix, zone and session, for an hour', async () => {
    const env = { PRECEDE_ENFORCER_VALKEY_PREFIX: `test-${process.pid}-bytes:` };
    const opened = openClient(url, env);
    await connected(opened);
    const store = new ValkeySessions(opened.client);
    const direct = new Redis(url);
    const client = clientOf(7, 7);
    const model = createLookback();
    for (const [i, operation] of [a, b, b].entries()) {
      await store.admit(client, operation, startMs + i);
      push(model, operation, startMs + i);
    }

    const key = `test-${process.pid}-bytes:session:${client.zoneId}:${client.sessionId}`;
    assert.deepEqual(await direct.getBuffer(key), encodeLookback(model));
    const ttlMs = await direct.pttl(key);
    assert.ok(ttlMs > 3_500_000 && ttlMs <= 3_600_000, `${ttlMs}`);

    await direct.set(key, 'another format');
    await assert.rejects(store.read(client, startMs), isUnavailable);
    await store.admit(client, a, startMs);
    assert.deepEqual((await store.read(client, startMs)).raw, [a]);
    direct.disconnect();
    await opened.client.close();
  });

  test('loses no admission of two enforcers at one time', async () => {
    const env = { PRECEDE_ENFORCER_VALKEY_PREFIX: `test-${process.pid}-two:` };
    const both = [openClient(url, env), openClient(url, env)];
    await Promise.all(both.map(connected));
    const stores = both.map((each) => new ValkeySessions(each.client));
    const client = clientOf(0, 1);

    await Promise.all(
      Array.from({ length: 10 }, (_, i) => stores[i % 2]?.admit(client, i as typeof a, startMs)),
    );

    const { raw } = await (stores[0] as ValkeySessions).read(client, startMs);
    assert.deepEqual([...raw].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await Promise.all(both.map((each) => each.client.close()));
  });

  test('go on where the server has forgotten the scripts', async () => {
    const opened = openClient(url);
    await connected(opened);
    const store = new ValkeySessions(opened.client);
    const direct = new Redis(url);
    await store.admit(clientOf(0, 1), a, startMs);

    await direct.script('FLUSH');
    await store.admit(clientOf(0, 1), b, startMs);

    assert.deepEqual((await store.read(clientOf(0, 1), startMs)).raw, [a, b]);
    direct.disconnect();
    await opened.client.close();
  });
});

describe('valkey that is away', {
  skip: skip || (server === undefined && 'the server is not ours to end'),
}, () => {
  test('fails calls at once, and is used again when it is back', async () => {
    const opened = openClient(url);
    const store = new ValkeySessions(opened.client);
    await connected(opened);

    await server?.end();
    await until(async () => (await metricIn(opened.registry, 'valkey_connected')) === 0);
    const away = () => metricIn(opened.registry, 'valkey_failures_total', { reason: 'away' });
    const before = await away();
    await assert.rejects(store.read(clientOf(0, 1), startMs), isUnavailable);
    await assert.rejects(store.admit(clientOf(0, 1), a, startMs), isUnavailable);
    assert.equal(await away(), before + 2);

    await server?.start();
    await connected(opened);
    await store.admit(clientOf(0, 1), a, startMs);
    assert.deepEqual((await store.read(clientOf(0, 1), startMs)).raw, [a]);
    assert.deepEqual(
      opened.logged.map((line) => line.at(-1)),
      ['valkey is away', 'valkey is back'],
    );
    await opened.client.close();
  });

  test('fails calls by the timeout where the server is silent, lets the connection go, and comes back', async () => {
    const opened = openClient(url, { PRECEDE_ENFORCER_VALKEY_TIMEOUT: '100ms' });
    const rates = new ValkeyRates(opened.client);
    await connected(opened);
    server?.freeze();
    try {
      const window = { periodMs: 1000, requestsPerPeriod: 1, mitigationTimeoutMs: 0 };
      await assert.rejects(async () => rates.hit('key', window, startMs, true), isUnavailable);
      assert.equal(await metricIn(opened.registry, 'valkey_failures_total', { reason: 'timeout' }), 1);
      await until(async () => (await metricIn(opened.registry, 'valkey_connected')) === 0);
    } finally {
      server?.thaw();
    }

    await connected(opened);
    await opened.client.close();
  });

  test('does not hold up the end of a process', async () => {
    const opened = openClient('redis://127.0.0.1:1');
    await assert.rejects(opened.client.get('read', 'key'), isUnavailable);

    await opened.client.close();
  });
});

describe('valkey with a password', { skip }, () => {
  test('takes it from the address or by itself, and never tells it', async () => {
    const locked = await acquireValkey(['--requirepass', secret]);
    if ('skip' in locked) throw new Error(locked.skip);
    const { host } = new URL(locked.url);
    try {
      const byUrl = openClient(`redis://:${secret}@${host}`);
      const byItself = openClient(locked.url, { PRECEDE_ENFORCER_VALKEY_PASSWORD: secret });
      await Promise.all([connected(byUrl), connected(byItself)]);
      const wrong = openClient(locked.url, { PRECEDE_ENFORCER_VALKEY_PASSWORD: `${secret}-wrong` });

      await until(() => wrong.logged.length > 0);
      const failure = await wrong.client.get('read', 'key').catch((error: unknown) => error);

      assert.ok(isUnavailable(failure));
      const told = JSON.stringify([wrong.logged, byUrl.logged, failure, String(failure)]);
      assert.ok(!told.includes(secret), told);
      await Promise.all([byUrl, byItself, wrong].map((each) => each.client.close()));
    } finally {
      await locked.release();
    }
  });
});
