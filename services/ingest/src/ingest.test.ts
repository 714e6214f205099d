import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Topic, topicSpecs, type ZoneId } from '@precede/contracts';
import { type EventLog, openEmbeddedLog } from '@precede/log';
import { createHealth, createLogger, createMetrics, fixedClock, loadConfig } from '@precede/service';
import { ingestFields } from './config.ts';
import {
  event,
  eventsUrl,
  nowMs,
  readAll,
  sendConfig,
  sessionKeyHex,
  until,
  zoneBodies,
  zoneId,
} from './http.fixture.ts';
import { startIngest } from './ingest.ts';

const open = async (t: TestContext): Promise<EventLog> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-ingest-'));
  const log = await openEmbeddedLog({ dir, partitions: 2 });
  await log.ensureTopics(topicSpecs);
  t.after(async () => {
    await log.close();
    await rm(dir, { recursive: true, force: true });
  });
  return log;
};

const start = (log: EventLog) => {
  const environment = {
    PRECEDE_SESSION_KEY: sessionKeyHex,
    PRECEDE_INGEST_HOST: '127.0.0.1',
    PRECEDE_INGEST_PORT: '0',
  };
  const config = loadConfig(ingestFields, environment);
  const logger = createLogger('ingest', 'silent');
  return startIngest(config, {
    log,
    logger,
    registry: createMetrics(),
    health: createHealth(),
    clock: fixedClock(nowMs),
  });
};

const post = (address: string, url: string, events: unknown) =>
  fetch(address + url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });

test('becomes ready once configuration and log are there, follows new zones, and gives back what it took', async (t) => {
  const log = await open(t);
  const service = await start(log);
  await until(async () => (await fetch(`${service.address}/readyz`)).status === 200);
  assert.equal((await post(service.address, eventsUrl, [event()])).status, 404);

  await sendConfig(log, zoneId, zoneBodies);
  await until(async () => (await post(service.address, eventsUrl, [event()])).status === 200);
  const other = 'c'.repeat(32) as ZoneId;
  await sendConfig(log, other, zoneBodies);
  await until(
    async () => (await post(service.address, `/v1/zones/${other}/events`, [event()])).status === 200,
  );
  await service.close();

  assert.equal(service.health.isReady(), false);
  const keys = (await readAll(log, Topic.requests)).map((record) => record.key?.toString('hex') ?? '');
  assert.deepEqual(new Set(keys.map((key) => key.slice(0, 32))), new Set([zoneId, other]));
  assert.equal(
    new Set(keys.map((key) => key.slice(32))).size,
    2,
    'one session value has a pseudonym in each zone',
  );
});

test('answers the requests in flight before it closes', async (t) => {
  const log = await open(t);
  await sendConfig(log, zoneId, zoneBodies);
  const gate = Promise.withResolvers<void>();
  const sending = Promise.withResolvers<void>();
  const slow: EventLog = Object.create(log, {
    producer: {
      value: async () => {
        const own = await log.producer();
        const send = async (records: Parameters<typeof own.send>[0]): Promise<void> => {
          sending.resolve();
          await gate.promise;
          await own.send(records);
        };
        return { send, close: () => own.close() };
      },
    },
  });
  const service = await start(slow);
  await until(async () => (await fetch(`${service.address}/readyz`)).status === 200);

  const answer = post(service.address, eventsUrl, [event()]);
  await sending.promise;
  const closed = service.close();
  gate.resolve();

  assert.equal((await answer).status, 200);
  await closed;
  assert.equal((await readAll(log, Topic.requests)).length, 1);
  await assert.rejects(post(service.address, eventsUrl, [event()]));
});
