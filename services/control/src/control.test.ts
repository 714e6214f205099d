import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectClickHouse } from '@precede/clickhouse';
import { ConfigError } from '@precede/contracts';
import { createHealth, createMetrics, loadConfig, systemClock } from '@precede/service';
import { pino } from 'pino';
import { controlFields } from './config.ts';
import { startControl } from './control.ts';
import { openLog, token, withDirectory } from './harness.test-kit.ts';

test('refuses to start without an admin token, or with a short one, and hides it', () => {
  for (const given of [{}, { PRECEDE_CONTROL_ADMIN_TOKEN: 'short' }])
    assert.throws(
      () => loadConfig(controlFields, given),
      (error: unknown) =>
        error instanceof ConfigError &&
        /PRECEDE_CONTROL_ADMIN_TOKEN/.test(error.message) &&
        !/short/.test(error.message),
    );
});

test('is ready without ClickHouse, shows that it is away, and ends in order', async (t) => {
  const { dir, remove } = await withDirectory();
  t.after(remove);
  const log = await openLog(dir);
  t.after(() => log.close());
  const options = { database: 'precede', username: 'u', password: 'p', requestTimeoutMs: 1_000 };
  const clickhouse = connectClickHouse({ url: 'http://127.0.0.1:1', ...options });
  t.after(() => clickhouse.close());
  const config = loadConfig(controlFields, {
    PRECEDE_CONTROL_HOST: '127.0.0.1',
    PRECEDE_CONTROL_PORT: '0',
    PRECEDE_CONTROL_ADMIN_TOKEN: token,
    PRECEDE_CONTROL_MODE: 'embedded',
  });
  const tools = { registry: createMetrics(), health: createHealth(), clock: systemClock };
  const control = await startControl(config, {
    log,
    clickhouse,
    logger: pino({ level: 'silent' }),
    ...tools,
  });

  const ready = await fetch(`${control.address}/readyz`);
  const instance = await fetch(`${control.address}/client/v4/instance`, {
    headers: { authorization: `Bearer ${token}` },
  });

  assert.equal(ready.status, 200);
  const { conditions } = (await ready.json()) as { conditions: Record<string, { ok: boolean }> };
  assert.deepEqual([conditions['config']?.ok, conditions['clickhouse']?.ok], [true, false]);
  const { result } = (await instance.json()) as { result: { mode: string; version: string } };
  assert.equal(result.mode, 'embedded');
  assert.match(result.version, /^\d+\.\d+\.\d+/);
  await control.close();
  await assert.rejects(fetch(`${control.address}/livez`));
});
