import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { ClickHouse } from '@precede/clickhouse';
import { Topic } from '@precede/contracts';
import { type Clock, createHealth, createLogger, createMetrics, loadConfig } from '@precede/service';
import { scorerFields } from './index.ts';
import { createScorerMetrics } from './metrics.ts';
import { Ranker } from './ranker.ts';
import { createStorage } from './storage.ts';
import { makeWalks, observe, openWorld, type Server, startServer, until } from './testing.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const rankerOf = (clickhouse: ClickHouse, clock: Clock): Ranker => {
  const config = loadConfig(scorerFields, {});
  const logger = createLogger('ranker', 'fatal');
  const metrics = createScorerMetrics(createMetrics());
  const closing = new AbortController().signal;
  const storage = createStorage({ clickhouse, metrics, health: createHealth(), logger, closing });
  return new Ranker({
    config,
    storage,
    metrics,
    clock,
    logger,
    partitionCount: 3,
    ownedPartitions: () => [0, 1, 2],
  });
};

const positions = async (clickhouse: ClickHouse, sql: string): Promise<number[]> => {
  const rows = await clickhouse.query<{ partition: number; position: number }>(sql);
  return rows.map((row) => row.position);
};
const stored = (clickhouse: ClickHouse): Promise<number[]> =>
  positions(
    clickhouse,
    "SELECT partition, max(c.position) AS position FROM count_progress AS c WHERE zone_id = '' GROUP BY partition ORDER BY partition",
  );
const told = (clickhouse: ClickHouse): Promise<number[]> =>
  positions(
    clickhouse,
    'SELECT tupleElement(each, 1) AS partition, tupleElement(each, 2) AS position FROM (SELECT arrayJoin(arraySort(arrayZip(mapKeys(positions), mapValues(positions)))) AS each FROM newest_snapshots)',
  );

const clocks = [
  { name: 'clocks go', passesMs: 5_000, aheadMs: 0 },
  { name: 'the clock stands still', passesMs: 0, aheadMs: 0 },
  { name: 'its clock is ahead', passesMs: 5_000, aheadMs: 60_000 },
];
for (const { name, passesMs, aheadMs } of clocks)
  test(`a ranker that was held up within a round takes back nothing that another has told since: ${name}`, (t) =>
    holdUp(t, passesMs, aheadMs));

const holdUp = async (t: TestContext, passesMs: number, aheadMs: number): Promise<void> => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database(`held_up_${passesMs}_${aheadMs}`);
  await world.start(clickhouse, { PRECEDE_SCORER_RANK_INTERVAL: 3_600_000 });
  const send = async (seed: number): Promise<void> => {
    await world.send(makeWalks(20, seed).flatMap(observe));
    const ends = await world.log.endOffsets(Topic.sequences);
    await until('all is stored', async () => String(await stored(clickhouse)) === String(ends));
  };
  await send(1);
  let isFirst = true;
  const held = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const late = rankerOf(
    {
      ...clickhouse,
      query: async (sql, params, options) => {
        const rows = await clickhouse.query<never>(sql, params, options);
        if (!isFirst && sql.includes("zone_id = ''")) {
          reading.resolve();
          await held.promise;
        }
        return rows;
      },
    },
    { now: () => world.clock.nowMs + aheadMs },
  );
  await late.rankDue();
  isFirst = false;
  const lateRound = late.rankDue();
  await reading.promise;

  world.clock.nowMs += passesMs;
  await send(2);
  await rankerOf(clickhouse, world.clock).rankDue();
  world.clock.nowMs += passesMs;
  held.resolve();
  await lateRound;

  assert.deepEqual(await told(clickhouse), await world.log.endOffsets(Topic.sequences));
};
