import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ClickHouse } from '@precede/clickhouse';
import {
  ErrorCode,
  SessionEnd,
  type SessionId,
  type ShortId,
  type SourceId,
  sessionToAvro,
  Topic,
  UnavailableError,
  type ZoneId,
} from '@precede/contracts';
import { buildModel, modelRows, sessionLikelihood } from '@precede/sequence';
import { readModel, storeModel } from './likelihood.ts';
import {
  hourMs,
  makeWalks,
  noon,
  observe,
  openWorld,
  type Server,
  startServer,
  storageOf,
  until,
  untilScored,
  type Walk,
  type World,
  zone,
} from './testing.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

/** What the sessionizer sends once the windows have closed. */
const close = async (world: World, walks: readonly Walk[], zoneId: ZoneId = zone): Promise<void> => {
  const producer = await world.log.producer();
  await producer.send(
    walks.map(({ operations, firstMs, pseudonym }) => ({
      topic: Topic.sessions,
      key: Buffer.from(pseudonym),
      value: world.log.codec.encode(
        Topic.sessions,
        sessionToAvro({
          zoneId,
          sessionId: pseudonym.repeat(2) as SessionId,
          source: 'live' as SourceId,
          firstMs,
          lastMs: firstMs + (operations.length - 1) * 1_000,
          length: operations.length,
          operations: operations as readonly ShortId[],
          timesMs: operations.map((_, i) => firstMs + i * 1_000),
          cut: 0,
          ended: SessionEnd.gap,
        }),
      ),
    })),
  );
  await producer.close();
};

interface Row {
  readonly session_id: string;
  readonly operations: number[];
  readonly model_ms: number;
  readonly steps: number;
  readonly mean_log_loss: number;
  readonly anomaly: number;
  readonly rarest_from: number | null;
  readonly rarest_to: number;
  readonly rarest_probability: number;
  readonly rarest_at: number;
}

const rowsOf = (clickhouse: ClickHouse): Promise<Row[]> =>
  clickhouse.query<Row>('SELECT *, toUnixTimestamp64Milli(model_at) AS model_ms FROM sessions FINAL');

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) <= 1e-5 * (1 + Math.abs(expected)), `${actual} is not ${expected}`);

test('every session gets its likelihood under the model of its zone, those stored before there was one too', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('likelihood');
  const walks = makeWalks(120, 21);
  const service = await world.start(clickhouse);

  await close(world, walks.slice(0, 60));
  await until('the first are stored', async () => (await rowsOf(clickhouse)).length === 60);
  assert.ok((await rowsOf(clickhouse)).every((row) => row.model_ms === 0 && row.steps === 0));
  await world.send(walks.flatMap(observe));
  await untilScored(world, clickhouse);
  await close(world, walks.slice(60));
  await until('all have a likelihood', async () => {
    const rows = await rowsOf(clickhouse);
    return rows.length === 120 && rows.every((row) => row.model_ms > 0);
  });
  await service.close();

  const stored = await readModel(storageOf(clickhouse), zone);
  assert.ok(stored);
  for (const row of await rowsOf(clickhouse)) {
    assert.ok(row.model_ms <= stored.computedAtMs);
    if (row.model_ms < stored.computedAtMs) continue;
    const expected = sessionLikelihood(stored.model, row.operations);
    assert.equal(row.steps, expected.steps);
    near(row.mean_log_loss, expected.meanLogLoss);
    near(row.anomaly, expected.anomaly);
    assert.equal(row.rarest_from, expected.rarest?.from ?? null);
    assert.equal(row.rarest_to, expected.rarest?.to ?? 0);
    assert.equal(row.rarest_at, expected.rarest === null ? 0 : expected.rarest.at + 1);
    near(row.rarest_probability, expected.rarest?.probability ?? 1);
  }
});

test('the strangest session of the day is one query away', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('strange');
  const walks = makeWalks(200, 22);
  const odd: Walk = {
    operations: [4, 3, 2, 1, 7, 6, 2, 5],
    firstMs: noon - hourMs,
    pseudonym: 'feedbeef00000000',
  };
  const service = await world.start(clickhouse);

  await world.send([...walks, odd].flatMap(observe));
  await untilScored(world, clickhouse);
  await close(world, [...walks, odd]);
  await until('all have a likelihood', async () => {
    const rows = await rowsOf(clickhouse);
    return rows.length === 201 && rows.every((row) => row.model_ms > 0);
  });
  await service.close();

  const [strangest] = await clickhouse.query<Row>(
    'SELECT * FROM strange_sessions(zone = {zone:String}, from = {from:String}, to = {to:String}) LIMIT 1',
    { zone, from: '2026-03-01 00:00:00', to: '2026-03-02 00:00:00' },
  );
  assert.equal(strangest?.session_id, 'feedbeef00000000'.repeat(2));
});

test('a session of a zone without a model is stored without a likelihood', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('unlikely');
  const service = await world.start(clickhouse);
  const other = 'b'.repeat(32) as ZoneId;

  await close(world, makeWalks(3, 23), other);
  await until('they are stored', async () => (await rowsOf(clickhouse)).length === 3);
  await service.close();

  for (const row of await rowsOf(clickhouse))
    assert.deepEqual(
      [row.model_ms, row.steps, row.anomaly, row.rarest_from, row.rarest_to, row.rarest_at],
      [0, 0, 0, null, 0, 0],
    );
});

test('a model whose rows were stored unheard is read as it was learnt', async () => {
  const real = await server.database('unheard');
  let calls = 0;
  const storage = storageOf({
    ...real,
    insert: async (table, columns, rows) => {
      await real.insert(table, columns, rows);
      calls += 1;
      if (calls === 1) throw new UnavailableError(ErrorCode.clickhouseUnavailable, 'as asked');
    },
  });
  const counts = [[1], [2], [1, 2]].map((operations) => ({ operations, occurrences: 50, sessions: 50 }));
  const model = buildModel(counts);

  await storeModel(storage, zone, { model, computedAtMs: noon });

  const read = await readModel(storageOf(real), zone);
  assert.ok(read);
  const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
  assert.equal(calls, 2);
  assert.deepEqual(sorted(modelRows(read.model)), sorted(modelRows(model)));
});
