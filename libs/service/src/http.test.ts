import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError, UnavailableError } from '@precede/contracts';
import { Registry } from 'prom-client';
import { createHealth } from './health.ts';
import { buildHttp } from './http.ts';
import { createLogger } from './logger.ts';

const build = () => {
  const health = createHealth();
  const app = buildHttp({ logger: createLogger('test', 'fatal'), health, registry: new Registry() });
  app.get('/input', async () => {
    throw new InputError('/a/0', 'wrong');
  });
  app.get('/away', async () => {
    throw new UnavailableError('PRECEDE_LOG_UNAVAILABLE', 'the log is away');
  });
  app.get('/bug', async () => {
    throw new Error('secret detail');
  });
  return { app, health };
};

test('readiness names its conditions and turns false on draining', async () => {
  const { app, health } = build();
  health.set('log', false, 'connecting');
  health.set('extra', false, 'away', false);

  const before = await app.inject('/readyz');
  health.set('log', true);
  const ready = await app.inject('/readyz');
  health.drain();
  const draining = await app.inject('/readyz');

  assert.equal(before.statusCode, 503);
  assert.deepEqual(before.json().conditions.log, { ok: false, detail: 'connecting' });
  assert.equal(ready.statusCode, 200);
  assert.equal(draining.statusCode, 503);
  assert.equal((await app.inject('/livez')).statusCode, 200);
});

test('errors become HTTP by kind and foreign messages stay inside', async () => {
  const { app } = build();

  const input = await app.inject('/input');
  const away = await app.inject('/away');
  const bug = await app.inject('/bug');
  const nowhere = await app.inject('/nowhere');

  assert.deepEqual([input.statusCode, input.json().error.pointer], [400, '/a/0']);
  assert.deepEqual([away.statusCode, away.headers['retry-after']], [503, '1']);
  assert.equal(bug.statusCode, 500);
  assert.ok(!bug.body.includes('secret detail'));
  assert.equal(nowhere.statusCode, 404);
});
