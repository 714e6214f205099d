import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClickHouse, migrate } from '@precede/clickhouse';
import { CLUSTER, spread, startCluster } from '@precede/clickhouse/cluster.test-kit';
import { makeWalks, observe, openWorld, recount, stored, untilScored } from './testing.ts';

test('on two servers it stores what a recount gives, also after a restart at the other one', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-scorer-cluster-'));
  const members = await startCluster(dir, 2);
  const [one, two] = members.map((member) => member.connect('precede', CLUSTER)) as [ClickHouse, ClickHouse];
  const world = await openWorld();
  t.after(async () => {
    await world.close();
    await Promise.all([one.close(), two.close()]);
    await Promise.all(members.map(({ server }) => server.close()));
    await rm(dir, { recursive: true, force: true });
  });
  await migrate(spread([one, two]));
  const [first, second] = [makeWalks(150, 7), makeWalks(50, 8)];

  const before = await world.start(one);
  await world.send(first.flatMap(observe));
  await untilScored(world, two);
  assert.deepEqual(await stored(two), recount(first));
  await before.close();
  const after = await world.start(two);
  await world.send(second.flatMap(observe));
  await untilScored(world, one);

  const expected = recount([...first, ...second]);
  assert.deepEqual(await stored(one), expected);
  const scores = await one.query<{ operations: number[]; support: number }>(
    "SELECT operations, support FROM newest_scores WHERE kind = 'precedence'",
  );
  assert.ok(scores.length > 0);
  for (const { operations, support } of scores) assert.equal(support, expected[`collapsed ${operations}`]);
  await after.close();
});
