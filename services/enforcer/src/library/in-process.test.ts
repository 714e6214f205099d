/** The library without a framework: where its configuration comes from, what it writes, how it ends; and the examples. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connect2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, Phase } from '@precede/contracts';
import express from 'express';
import { fastify } from 'fastify';
import { expressionRule, plainRequest } from '../decider.test-kit.ts';
import {
  decisionsIn,
  host,
  openLog,
  operationOf,
  ruleOf,
  snapshotOf,
  temporaryDir,
  until,
  writeZone,
  zone,
} from '../fixtures.test-kit.ts';
import { expressEnforcer } from './express.ts';
import { fastifyEnforcer } from './fastify.ts';
import { openEnforcer } from './in-process.ts';
import {
  ask,
  cleanUp,
  listenOn,
  logger,
  onDisk,
  serve,
  sessionKey,
  writeSnapshot,
} from './library.test-kit.ts';

afterEach(cleanUp);

const shop = snapshotOf([operationOf('cart'), operationOf('pay', 'POST')], [ruleOf(1, 'cart', 'pay')]);
const pay = { ...plainRequest, method: 'POST', path: '/pay' };

test('follows the log, is ready with its first configuration and writes its decisions before it closes', async () => {
  const dir = temporaryDir();
  const log = await openLog(dir.path);
  const env = { PRECEDE_ENFORCER_FAIL_MODE: 'open', PRECEDE_ENFORCER_DEADLINE: '60s' };
  const enforcer = await openEnforcer({ zoneId: zone, sessionKey, log, env, logger });
  const early = await enforcer.decide(pay);
  await writeZone(log, shop);
  await enforcer.ready;
  const denied = await until(async () => {
    const decision = await enforcer.decide(pay);
    return decision.decision === 'deny' && decision;
  });
  await Promise.all([enforcer.close(), enforcer.close()]);
  const written = await decisionsIn(log);
  await log.close();
  dir.remove();

  assert.deepEqual([early.decision, early.failed], ['allow', 'not_ready']);
  assert.ok(written.some((each) => each.decisionId === denied.decisionId));
  assert.equal(enforcer.health.isReady(), false);
});

test('readiness is refused where it closes before there was a configuration', async () => {
  const never = new Promise<never>(() => {});
  const enforcer = await openEnforcer({ zoneId: zone, sessionKey, log: () => never, logger });

  await enforcer.close();

  await assert.rejects(enforcer.ready, /closed before there was any configuration/);
});

test('a wrong setting is refused at once, and a directory without a snapshot where there is no log', async () => {
  const dir = temporaryDir();
  const good = { zoneId: zone, sessionKey, snapshotDir: dir.path, logger };

  await assert.rejects(openEnforcer({ ...good, zoneId: 'shop', snapshotDir: '' }), (error: ConfigError) => {
    assert.deepEqual(
      error.faults.map((each) => each.split(':')[0]),
      ['log, snapshotDir', 'zoneId'],
    );
    return error instanceof ConfigError;
  });
  await assert.rejects(openEnforcer({ ...good, sessionKey: 'short' }), /PRECEDE_SESSION_KEY.*hidden/);
  await assert.rejects(openEnforcer({ ...good, env: { PRECEDE_ENFORCER_FAIL_MODE: 'ajar' } }), ConfigError);
  await assert.rejects(openEnforcer(good), /has no snapshot that can be used/);
  dir.remove();
});

test('with a host of its own a client cannot choose another one', async () => {
  const believing = await serve('connect', await onDisk(shop));
  const knowing = await serve('connect', await onDisk(shop, { host }));
  const statusOf = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/pay`, { method: 'POST' });
    return answer.status;
  };

  assert.equal(await statusOf(believing), 200);
  assert.equal(await statusOf(knowing), 403);
});

test('what a router is mounted at counts in the path', async () => {
  const app = express();
  app.use('/pay', expressEnforcer(await onDisk(shop)));

  const answer = await ask(await listenOn(createServer(app)), 'POST /pay');

  assert.equal(answer.status, 403);
});

test('decides requests over HTTP/2, whose pseudo headers are no headers', async () => {
  const count = expressionRule(
    Phase.custom,
    { kind: 'block', response: null },
    {
      expression: 'any(http.request.headers.names[*] eq ":path") or http.request.version ne "HTTP/2"',
    },
  );
  const app = fastify({ http2: true });
  await app.register(fastifyEnforcer, { enforcer: await onDisk({ ...shop, expressionRules: [count] }) });
  app.get('/cart', async () => 'cart');
  app.post('/pay', async () => 'paid');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const client = connect2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  const statusOf = async (method: string, path: string) => {
    const stream = client.request({
      ...{ ':method': method, ':path': path, ':authority': host, cookie: 'sid=one' },
    });
    const [headers] = await once(stream.end(), 'response');
    stream.resume();
    return headers[':status'];
  };

  const statuses = [
    await statusOf('POST', '/pay'),
    await statusOf('GET', '/cart'),
    await statusOf('POST', '/pay'),
  ];
  client.destroy();
  await app.close();

  assert.deepEqual(statuses, [403, 200, 200]);
});

const room = fileURLToPath(new URL('../../', import.meta.url));

for (const name of ['fastify', 'express'])
  test(`the ${name} example of the README runs, from disk while Kafka is away`, async () => {
    const example = `examples/${name}.ts`;
    const dir = temporaryDir();
    await writeSnapshot(dir.path, shop);
    const env = {
      ...{
        ...process.env,
        PORT: '0',
        ZONE_ID: zone,
        PRECEDE_SESSION_KEY: sessionKey,
        SNAPSHOT_DIR: dir.path,
      },
      ...{ PRECEDE_KAFKA_BROKERS: '127.0.0.1:1', PRECEDE_SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' },
    };
    const child = spawn(process.execPath, [example], { cwd: room, env, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'exit');
    try {
      const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
      const answer = await fetch(`${address}/pay`, { method: 'POST' });

      assert.equal(answer.status, 403);
      assert.ok(
        readFileSync(join(room, 'README.md'), 'utf8').includes(readFileSync(join(room, example), 'utf8')),
      );
    } finally {
      child.kill('SIGTERM');
      await ended;
      dir.remove();
    }
    assert.equal(child.exitCode, 0);
  });
