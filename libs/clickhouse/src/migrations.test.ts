import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, UnavailableError } from '@precede/contracts';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { takeLock } from './migration-lock.ts';
import { migrate } from './migrations.ts';

const root = mkdtempSync(join(tmpdir(), 'precede-migrations-'));
const clients: ClickHouse[] = [];
let server: EmbeddedClickHouse;

before(async () => {
  server = await startEmbeddedClickHouse({ dir: join(root, 'data'), httpPort: 0 });
});

after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
  rmSync(root, { recursive: true });
});

function connect(database: string): ClickHouse {
  const { url, username, password } = server;
  const client = connectClickHouse({ url, username, password, database, requestTimeoutMs: 30_000 });
  clients.push(client);
  return client;
}

function migrations(files: Record<string, string>): string {
  const dir = mkdtempSync(join(root, 'migrations-'));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(dir, name), sql);
  return dir;
}

/** Not repeatable on purpose: it shows whether a statement ran twice. */
const counting = (n: number): string =>
  `CREATE TABLE IF NOT EXISTS runs (n UInt8) ENGINE = MergeTree ORDER BY n;\nINSERT INTO runs VALUES (${n});\n`;

test('applies each migration once, in order, in a database that it creates', async () => {
  const clickhouse = connect('once');
  const dir = migrations({ '0002_second.sql': counting(2), '0001_first.sql': counting(1) });

  assert.deepEqual(await migrate(clickhouse, { dir }), ['first', 'second']);
  assert.deepEqual(await migrate(clickhouse, { dir }), []);
  writeFileSync(join(dir, '0003_third.sql'), counting(3));
  assert.deepEqual(await migrate(clickhouse, { dir }), ['third']);

  assert.deepEqual(await clickhouse.query('SELECT n FROM runs ORDER BY n'), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  assert.deepEqual(
    await clickhouse.query('SELECT version, name FROM schema_migrations ORDER BY version LIMIT 1'),
    [{ version: 1, name: 'first' }],
  );
});

test('of several processes that start at once each migration is applied by one', async () => {
  const dir = migrations(Object.fromEntries([1, 2, 3, 4].map((n) => [`000${n}_step${n}.sql`, counting(n)])));

  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(connect('crowd'), { dir })));

  assert.deepEqual(applied.flat().sort(), ['step1', 'step2', 'step3', 'step4']);
  const rows = await connect('crowd').query('SELECT n, count() AS times FROM runs GROUP BY n ORDER BY n');
  assert.deepEqual(
    rows,
    [1, 2, 3, 4].map((n) => ({ n, times: 1 })),
  );
  assert.deepEqual(
    await connect('crowd').query("SELECT name FROM system.tables WHERE name LIKE 'schema_migrations_lock%'"),
    [],
  );
});

test('refuses a migration that changed after it was applied, but not its line endings', async () => {
  const clickhouse = connect('changed');
  const dir = migrations({ '0001_first.sql': counting(1) });
  await migrate(clickhouse, { dir });

  writeFileSync(join(dir, '0001_first.sql'), counting(1).replaceAll('\n', '\r\n'));
  assert.deepEqual(await migrate(clickhouse, { dir }), []);
  writeFileSync(join(dir, '0001_first.sql'), counting(9));
  await assert.rejects(migrate(clickhouse, { dir }), ConfigError);
});

test('refuses misnamed files and a number used twice', async () => {
  const clickhouse = connect('names');

  await assert.rejects(migrate(clickhouse, { dir: migrations({ '1_first.sql': '' }) }), ConfigError);
  await assert.rejects(
    migrate(clickhouse, { dir: migrations({ '0001_a.sql': '', '0001_b.sql': '' }) }),
    ConfigError,
  );
});

test('a migration that fails is not recorded, lets the lock go, and runs again when mended', async () => {
  const clickhouse = connect('failing');
  const dir = migrations({ '0001_good.sql': counting(1), '0002_bad.sql': `${counting(2)} CREATE NONSENSE` });

  await assert.rejects(migrate(clickhouse, { dir }));
  writeFileSync(join(dir, '0002_bad.sql'), 'CREATE TABLE IF NOT EXISTS mended (n UInt8) ENGINE = Memory');

  assert.deepEqual(await migrate(clickhouse, { dir }), ['bad']);
});

test('warns of migrations that only a newer version knows', async () => {
  const clickhouse = connect('newer');
  const warnings: object[] = [];
  const logger = { info: () => {}, warn: (facts: object) => warnings.push(facts) };
  await migrate(clickhouse, { dir: migrations({ '0001_first.sql': '', '0002_second.sql': '' }) });

  await migrate(clickhouse, { dir: migrations({ '0001_first.sql': '' }), logger });

  assert.deepEqual(warnings, [{ newer: ['second'] }]);
});

test('a lock whose owner died is taken over after its lease, and its owner notices', async () => {
  const clickhouse = connect('stale');
  await clickhouse.createDatabase();
  const dead = await takeLock(clickhouse, { leaseMs: 60_000, waitMs: 0 });

  await assert.rejects(takeLock(clickhouse, { leaseMs: 60_000, waitMs: 200 }), UnavailableError);
  const rivals = await Promise.allSettled(
    [1, 2, 3].map(() => takeLock(connect('stale'), { leaseMs: 1000, waitMs: 60_000 }).then(holdAndRelease)),
  );

  assert.deepEqual(
    rivals.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled'],
  );
  await assert.rejects(dead.renew(), UnavailableError);
});

async function holdAndRelease(lock: Awaited<ReturnType<typeof takeLock>>): Promise<void> {
  await lock.renew();
  await lock.renew();
  await lock.release();
}

test("the package's own migrations apply, and each of them can run again after it was cut short", async () => {
  const clickhouse = connect('own');
  const own = fileURLToPath(new URL('../migrations/', import.meta.url));
  const files = readdirSync(own).sort();
  const dir = mkdtempSync(join(tmpdir(), 'precede-migrations-'));

  for (const file of files) {
    copyFileSync(join(own, file), join(dir, file));
    const applied = await migrate(clickhouse, { dir });
    await clickhouse.command(
      'ALTER TABLE schema_migrations DELETE WHERE version = {v:UInt32} SETTINGS mutations_sync = 2',
      {
        v: Number(file.slice(0, 4)),
      },
    );

    assert.equal(applied.length, 1, file);
    assert.deepEqual(await migrate(clickhouse, { dir }), applied);
  }
  assert.deepEqual(await migrate(clickhouse), []);
  rmSync(dir, { recursive: true });
});
