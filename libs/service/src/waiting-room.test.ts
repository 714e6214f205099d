import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, ErrorCode, UnavailableError } from '@precede/contracts';
import { createHealth } from './health.ts';
import { buildHttp, listen } from './http.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { inWaitingRoom } from './waiting-room.ts';

const freePort = async (): Promise<number> => {
  const app = buildHttp(toolsOf());
  const { port } = new URL(await listen(app, '127.0.0.1', 0));
  await app.close();
  return Number(port);
};

const toolsOf = () => ({
  logger: createLogger('test', 'silent'),
  health: createHealth(),
  registry: createMetrics(),
});

test('while something is awaited the port answers: alive, and not ready for the reason given', async () => {
  const tools = toolsOf();
  const door = { host: '127.0.0.1', port: await freePort(), ...tools };
  const address = `http://127.0.0.1:${door.port}`;
  let isThere = false;
  const told = Promise.withResolvers<void>();
  const waiting = inWaitingRoom(door, 'topics', async () => {
    if (isThere) return 'done';
    // The second attempt: the first one's reason is shown by then.
    if (tools.health.conditions()['topics']?.detail !== 'not yet') told.resolve();
    throw new UnavailableError(ErrorCode.logUnavailable, 'Run "precede topics".');
  });
  await told.promise;

  const alive = await fetch(`${address}/livez`);
  const ready = await fetch(`${address}/readyz`);
  const event = await fetch(`${address}/v1/zones/a/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: 'x'.repeat(2_000_000),
  });
  const { conditions } = (await ready.json()) as { conditions: Record<string, { detail: string }> };
  isThere = true;
  const found = await waiting;

  assert.deepEqual([alive.status, ready.status, found], [200, 503, 'done']);
  assert.deepEqual([event.status, event.headers.has('retry-after')], [503, true]);
  assert.equal(conditions['topics']?.detail, 'Run "precede topics".');
  assert.equal(tools.health.isReady(), true);
  // The port is free for the server of the service.
  const own = buildHttp(tools);
  await listen(own, door.host, door.port);
  await own.close();
});

test('a fault that waiting does not mend is the caller’s, and the port is given back', async () => {
  const door = { host: '127.0.0.1', port: await freePort(), ...toolsOf() };

  await assert.rejects(
    inWaitingRoom(door, 'topics', async () => {
      throw new ConfigError(['wrong password']);
    }),
    ConfigError,
  );

  const own = buildHttp(toolsOf());
  await listen(own, door.host, door.port);
  await own.close();
});
