import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addAnalyst, connectClickHouse, migrate } from '@precede/clickhouse';
import { createLogger } from '@precede/service';
import { superviseClickHouse } from './supervised-clickhouse.ts';

const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 60_000;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(50);
  }
};

test('analysts that are added while it runs can read their zone within seconds, on the same address', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-supervised-'));
  const server = await superviseClickHouse(dir, '127.0.0.1', 0, createLogger('test', 'fatal'));
  const clickhouse = connectClickHouse(server.connection);
  t.after(async () => {
    await clickhouse.close();
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });
  await migrate(clickhouse);
  const zones = { alice: 'a'.repeat(32), bob: 'b'.repeat(32) };
  await clickhouse.insert(
    'zones',
    ['zone_id', 'name'],
    Object.entries(zones).map(([name, zone]) => [zone, name]),
  );

  for (const [name, zoneId] of Object.entries(zones)) {
    addAnalyst(dir, { name, zoneId });
    // The second one falls into the restart for the first.
    await sleep(1_500);
  }

  for (const name of Object.keys(zones)) {
    const password = (await readFile(join(dir, `${name}.password`), 'utf8')).trim();
    const headers = { 'x-clickhouse-user': name, 'x-clickhouse-key': password, connection: 'close' };
    await until(`${name} sees the own zone alone`, async () => {
      const answer = await fetch(server.connection.url, {
        method: 'POST',
        body: 'SELECT name FROM zones',
        headers,
      });
      return (await answer.text()) === `${name}\n`;
    });
  }
  assert.deepEqual(await clickhouse.query('SELECT count() AS n FROM zones'), [{ n: 2 }]);
});
