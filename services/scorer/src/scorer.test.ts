import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ClickHouse } from '@precede/clickhouse';
import { ErrorCode, operationKey, type ShortId, Topic, UnavailableError } from '@precede/contracts';
import { SCORER_GROUP } from './index.ts';
import {
  hourMs,
  makeWalks,
  noon,
  observe,
  openWorld,
  recount,
  type Server,
  startServer,
  stored,
  until,
  untilScored,
  zone,
} from './testing.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

type Insert = (table: string, insert: (part: number) => Promise<void>) => Promise<void>;

/** The same client with its inserts changed: `insert` stores the first part of the rows, 1 being all of them. */
const withInsert = (clickhouse: ClickHouse, change: Insert): ClickHouse => ({
  ...clickhouse,
  insert: (table, columns, rows) =>
    change(table, (part) => clickhouse.insert(table, columns, rows.slice(0, rows.length * part))),
  insertBinary: (table, columns, rows) =>
    change(table, async (part) => {
      // Rows have no marks to cut at: a part of them is all or none.
      if (part === 1) await clickhouse.insertBinary(table, columns, rows);
    }),
});

test('stores what a recount of the input gives, and scores it', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('totals');
  const walks = makeWalks(150, 1);
  const service = await world.start(clickhouse);

  await world.send(walks.flatMap(observe));
  await untilScored(world, clickhouse);

  const expected = recount(walks);
  assert.deepEqual(await stored(clickhouse), expected);
  const scores = await clickhouse.query<{ short_ids: string[]; score: number; support: number }>(
    'SELECT short_ids, score, support FROM precedence_scores',
  );
  assert.ok(scores.length > 0);
  for (const { short_ids, score, support } of scores) {
    const operations = short_ids.map((id) => Number.parseInt(id, 16));
    assert.equal(support, expected[`collapsed ${operations}`]);
    assert.equal(score, support / (expected[`collapsed ${operations.at(-1)}`] ?? 0));
  }
  const lookback = await clickhouse.query<{ n: number }>('SELECT count() AS n FROM lookback_scores');
  assert.ok((lookback[0]?.n ?? 0) > 0);
  await service.close();
});

test('closes an epoch when the append hour turns, and commits the first offset of the open one', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('epochs');
  const walks = makeWalks(60, 2);
  const service = await world.start(clickhouse);

  await world.send(walks.slice(0, 30).flatMap(observe));
  await untilScored(world, clickhouse);
  const firstOfSecond = await world.log.endOffsets(Topic.sequences);
  assert.deepEqual(await world.log.committedOffsets(SCORER_GROUP, Topic.sequences), [null, null, null]);
  world.clock.nowMs += hourMs;
  await world.send(walks.slice(30).flatMap(observe));
  await untilScored(world, clickhouse);
  await service.close();

  assert.deepEqual(await world.log.committedOffsets(SCORER_GROUP, Topic.sequences), firstOfSecond);
  const epochs = await clickhouse.query<{ partition: number; end: number }>(
    'SELECT partition, max(end_offset) AS end FROM epochs GROUP BY partition ORDER BY partition',
  );
  assert.deepEqual(
    epochs.map((row) => row.end),
    firstOfSecond,
  );
  assert.deepEqual(await stored(clickhouse), recount(walks));
});

test('a restart replays the open epoch and changes nothing', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('restart');
  const walks = makeWalks(60, 3);

  for (const part of [walks.slice(0, 20), walks.slice(20, 40), walks.slice(40)]) {
    const service = await world.start(clickhouse);
    await world.send(part.flatMap(observe));
    await untilScored(world, clickhouse);
    await service.close();
  }

  assert.deepEqual(await stored(clickhouse), recount(walks));
});

test('writes that fail, succeed unheard, or stop half way are made good', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const real = await server.database('faults');
  const walks = makeWalks(24, 4);
  let call = 0;
  let crashes = 0;
  const faulty = withInsert(real, async (table, insert) => {
    call += 1;
    const own = call;
    const away = new UnavailableError(ErrorCode.clickhouseUnavailable, 'as asked');
    if (own % 5 === 0) throw away;
    await insert(own % 7 === 0 ? 0.5 : 1);
    if (own % 7 === 0 || own % 11 === 0) throw away;
    if (table === 'epochs') crashes += 1;
    if (table === 'epochs' && crashes <= 3) throw new Error('crash between write and commit');
  });
  const service = await world.start(faulty);

  await world.send(walks.slice(0, 12).flatMap(observe));
  world.clock.nowMs += hourMs;
  await world.send(walks.slice(12).flatMap(observe));
  await untilScored(world, real);
  await service.close();

  assert.deepEqual(await stored(real), recount(walks));
});

test('two owners of one partition write one truth', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('owners');
  const walks = makeWalks(40, 11);
  const service = await world.start(clickhouse);
  await world.send(walks.slice(0, 20).flatMap(observe));
  await untilScored(world, clickhouse);

  // The zombie reads the same log through a group of its own, stops where it likes, and is late.
  const { log } = world;
  const zombies = await world.zombies(clickhouse);
  await world.send(walks.slice(20).flatMap(observe));
  await untilScored(world, clickhouse);
  await until('the zombies have read all', async () => {
    const ends = await log.endOffsets(Topic.sequences);
    return ends.every((end, partition) => (zombies.positions.get(partition) ?? 0) >= end);
  });
  await zombies.close();
  await service.close();

  assert.deepEqual(await stored(clickhouse), recount(walks));
});

test('waits for ClickHouse with readiness off, and goes on by itself', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const real = await server.database('outage');
  const walks = makeWalks(40, 5);
  let isAway = false;
  const service = await world.start(
    withInsert(real, async (_table, insert) => {
      if (isAway) throw new UnavailableError(ErrorCode.clickhouseUnavailable, 'as asked');
      await insert(1);
    }),
  );
  await until('ready', async () => service.health.isReady());

  isAway = true;
  await world.send(walks.flatMap(observe));
  await until('readiness is off', async () => !service.health.isReady());
  assert.deepEqual(await stored(real), {});
  isAway = false;
  await untilScored(world, real);

  assert.equal(service.health.isReady(), true);
  assert.deepEqual(await stored(real), recount(walks));
  await service.close();
});

test('closes in time while ClickHouse is away, and the next start counts everything', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const real = await server.database('closing');
  const walks = makeWalks(20, 6);
  const away = await world.start(
    withInsert(real, async () => {
      throw new UnavailableError(ErrorCode.clickhouseUnavailable, 'as asked');
    }),
  );
  await world.send(walks.flatMap(observe));
  await until('readiness is off', async () => !away.health.isReady());
  await away.close();

  const service = await world.start(real);
  await untilScored(world, real);

  assert.deepEqual(await stored(real), recount(walks));
  await service.close();
});

test('a write that is given up half way tells no progress for counts that are not stored', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const real = await server.database('half_written');
  const counts = withInsert(real, async (_table, insert) => insert(1));
  const service = await world.start({
    ...counts,
    insertBinary: async () => {
      throw new UnavailableError(ErrorCode.clickhouseUnavailable, 'as asked');
    },
  });
  await world.send(makeWalks(20, 13).flatMap(observe));
  await until('readiness is off', async () => !service.health.isReady());

  await service.close();

  assert.deepEqual(await stored(real), {});
  assert.deepEqual(await real.query('SELECT * FROM count_progress WHERE position > 0'), []);
});

test('a snapshot whose rows were stored unheard has each row once', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const real = await server.database('unheard');
  let unheard = 0;
  const service = await world.start(
    withInsert(real, async (table, insert) => {
      await insert(1);
      if (table !== 'sequence_scores' || unheard >= 2) return;
      unheard += 1;
      throw new UnavailableError(ErrorCode.clickhouseUnavailable, 'as asked');
    }),
  );

  await world.send(makeWalks(60, 14).flatMap(observe));
  await untilScored(world, real);
  await service.close();

  assert.equal(unheard, 2);
  const rows = await real.query(
    `SELECT row_count, count() AS stored, uniqExact(kind, operations) AS differing
     FROM newest_scores AS s INNER JOIN newest_snapshots AS n ON s.zone_id = n.zone_id
     GROUP BY row_count HAVING stored != row_count OR differing != row_count`,
  );
  assert.deepEqual(rows, []);
  const scored = await real.query('SELECT 1 AS one FROM newest_snapshots WHERE row_count > 0');
  assert.deepEqual(scored, [{ one: 1 }]);
});

test('leaves out what is older than the window and passes what it cannot read', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('odd');
  const walks = makeWalks(20, 7);
  const old = makeWalks(5, 8, noon - 30 * hourMs);
  const service = await world.start(clickhouse);
  const producer = await world.log.producer();

  const key = operationKey(zone, 1 as ShortId);
  await producer.send([
    { topic: Topic.sequences, key, value: Buffer.from('no record') },
    { topic: Topic.sequences, key, value: null },
  ]);
  await world.send([...old, ...walks].flatMap(observe));
  await untilScored(world, clickhouse);
  await service.close();

  assert.deepEqual(await stored(clickhouse), recount(walks));
  const letters = (await world.log.endOffsets(Topic.deadLetters)).reduce((a, b) => a + b, 0);
  assert.ok(letters >= 2, `${letters} dead letters`);
  await producer.close();
});

test('scores follow the window: an hour later the oldest hour is gone', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('sliding');
  const early = makeWalks(40, 9, noon - (noon % hourMs) - 24 * hourMs);
  const late = makeWalks(40, 10, noon - 4 * hourMs);
  const service = await world.start(clickhouse);
  await world.send([...early, ...late].flatMap(observe));
  await untilScored(world, clickhouse);
  const supportOf = async (): Promise<number> => {
    const rows = await clickhouse.query<{ support: number }>(
      "SELECT max(last_support) AS support FROM newest_scores WHERE kind = 'correlation' AND operations[-1] = 2",
    );
    return rows[0]?.support ?? 0;
  };
  const both = await supportOf();

  world.clock.nowMs += 3 * hourMs;
  const expected = recount(late)['raw 2'];
  await until('the snapshot has moved on', async () => (await supportOf()) === expected);

  assert.equal(both, recount([...early, ...late])['raw 2']);
  await service.close();
});

test('a zone whose requests are all too old still gets a snapshot that says so', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('too_old');
  await world.start(clickhouse);

  await world.send(makeWalks(5, 12, noon - 40 * hourMs).flatMap(observe));
  await untilScored(world, clickhouse);

  assert.deepEqual(await stored(clickhouse), {});
  const rows = await clickhouse.query('SELECT row_count FROM newest_snapshots');
  assert.deepEqual(rows, [{ row_count: 0 }]);
});
