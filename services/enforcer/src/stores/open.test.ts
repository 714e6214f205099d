import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { createLogger } from '@precede/service';
import { Registry } from 'prom-client';
import { configOf } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import { CookieSessions } from './cookie-sessions.ts';
import { MemoryRates } from './memory-rates.ts';
import { MemorySessions } from './memory-sessions.ts';
import { openStores } from './open.ts';
import { addressOf } from './valkey-config.ts';
import { ValkeyRates } from './valkey-rates.ts';
import { ValkeySessions } from './valkey-sessions.ts';

const clock = { now: () => 0 };
const open = (env: Readonly<Record<string, string>>) =>
  openStores(configOf(env), {
    metrics: createEnforcerMetrics(new Registry(), clock),
    clock,
    logger: createLogger('enforcer', 'silent'),
  });
// Nobody listens there, and nobody needs to: opening does not wait.
const url = 'redis://127.0.0.1:1';

test('keeps all in memory unless told otherwise', async () => {
  const stores = open({});

  assert.ok(stores.sessions instanceof MemorySessions);
  assert.ok(stores.rates instanceof MemoryRates);
  assert.ok(stores.cookies instanceof CookieSessions);
  assert.equal(stores.keepsBySession, true);
  await stores.close();
});

test('counts rates in valkey where its address is set, and sessions where it is named', async () => {
  const rates = open({ PRECEDE_ENFORCER_VALKEY_URL: url });
  assert.ok(rates.sessions instanceof MemorySessions);
  assert.ok(rates.rates instanceof ValkeyRates);
  const both = open({ PRECEDE_ENFORCER_VALKEY_URL: url, PRECEDE_ENFORCER_SESSION_STORE: 'valkey' });
  assert.ok(both.sessions instanceof ValkeySessions);
  assert.equal(both.keepsBySession, true);
  const sessions = open({
    PRECEDE_ENFORCER_VALKEY_URL: url,
    PRECEDE_ENFORCER_SESSION_STORE: 'valkey',
    PRECEDE_ENFORCER_RATE_STORE: 'memory',
  });
  assert.ok(sessions.rates instanceof MemoryRates);

  await Promise.all([rates, both, sessions].map((each) => each.close()));
});

test('has one cookie store where sessions are kept in cookies', async () => {
  const stores = open({ PRECEDE_ENFORCER_SESSION_STORE: 'cookie' });

  assert.equal(stores.sessions, stores.cookies);
  assert.equal(stores.keepsBySession, false);
  await stores.close();
});

test('does not start where valkey is named and its address is not, and names each variable', () => {
  assert.throws(
    () => open({ PRECEDE_ENFORCER_SESSION_STORE: 'valkey', PRECEDE_ENFORCER_RATE_STORE: 'valkey' }),
    (error) => error instanceof ConfigError && error.faults.length === 2,
  );
});

test('reads host, port, database, user, password and TLS from the address', () => {
  const of = (address: string, more: Readonly<Record<string, string>> = {}) =>
    addressOf(configOf({ PRECEDE_ENFORCER_VALKEY_URL: address, ...more }));

  const ca = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

  assert.deepEqual(of('redis://cache'), { host: 'cache', port: 6379, db: 0 });
  assert.deepEqual(of('valkeys://me:p%40ss@cache:7000/3', { PRECEDE_ENFORCER_VALKEY_TLS_CA: ca }), {
    ...{ host: 'cache', port: 7000, db: 3, username: 'me', password: 'p@ss' },
    tls: { host: 'cache', ca },
  });
  assert.deepEqual(of('rediss://[::1]:1', { PRECEDE_ENFORCER_VALKEY_PASSWORD: 'x' }), {
    ...{ host: '::1', port: 1, db: 0, password: 'x' },
    tls: { host: '::1' },
  });
  for (const wrong of ['cache:6379', 'http://cache', 'redis://cache/name', 'redis://'])
    assert.throws(
      () => of(wrong),
      (error) => error instanceof ConfigError && !error.message.includes('cache:6379'),
    );
});
