/** Migrations beside an older release, and interrupted at each of their statements. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { readMigrations } from './migration-files.ts';
import { takingStatements } from './migration-policy.test-kit.ts';
import { assertMigrated } from './migration-state.ts';
import { migrate } from './migrations.ts';
import { splitStatements } from './statements.ts';

const root = mkdtempSync(join(tmpdir(), 'precede-policy-'));
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

const connect = (database: string): ClickHouse => {
  const { url, username, password } = server;
  const client = connectClickHouse({ url, username, password, database, requestTimeoutMs: 30_000 });
  clients.push(client);
  return client;
};

const migrations = (files: Readonly<Record<string, string>>): string => {
  const dir = mkdtempSync(join(root, 'migrations-'));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(dir, name), sql);
  return dir;
};

test('the migrations of this package add, or say in their name that they take away', () => {
  assert.deepEqual(readMigrations().flatMap(takingStatements), []);
});

test('what takes away is seen, also within an ALTER that adds', () => {
  const taking = (name: string, sql: string): number => takingStatements({ version: 15, name, sql }).length;

  assert.equal(taking('more', "ALTER TABLE a ADD COLUMN IF NOT EXISTS b UInt8 COMMENT 'x, DROP y'"), 0);
  assert.equal(
    taking('more', 'CREATE OR REPLACE VIEW v AS SELECT 1;\n-- DROP\nCREATE TABLE IF NOT EXISTS t (n UInt8)'),
    0,
  );
  for (const sql of [
    'DROP TABLE IF EXISTS a',
    'ALTER TABLE a DROP COLUMN b',
    'ALTER TABLE a MODIFY COLUMN b String',
    'ALTER TABLE a ADD COLUMN IF NOT EXISTS c UInt8,\n  DROP COLUMN b',
    'RENAME TABLE a TO b',
    'TRUNCATE TABLE a',
  ]) {
    assert.equal(taking('more', sql), 1, sql);
    assert.equal(taking('contract_a', sql), 0, sql);
  }
});

test('an older release works beside migrations that add, and refuses tables that lack what it needs', async () => {
  const clickhouse = connect('beside');
  const logger = { info: () => {}, warn: () => {} };
  const first = {
    '0001_things.sql': 'CREATE TABLE IF NOT EXISTS things (a UInt8, b UInt8) ENGINE = MergeTree ORDER BY a',
  };
  const more = { '0002_more.sql': 'ALTER TABLE things ADD COLUMN IF NOT EXISTS c UInt8 DEFAULT 7' };
  const less = { '0003_contract_things.sql': 'ALTER TABLE things DROP COLUMN IF EXISTS b' };
  const older = { dir: migrations(first), logger };
  await migrate(clickhouse, older);
  await clickhouse.insert('things', ['a', 'b'], [[1, 2]]);

  await migrate(clickhouse, { dir: migrations({ ...first, ...more }) });
  await assertMigrated(clickhouse, older);
  await clickhouse.insert('things', ['a', 'b'], [[3, 4]]);
  assert.deepEqual(await clickhouse.query('SELECT a, b, c FROM things ORDER BY a'), [
    { a: 1, b: 2, c: 7 },
    { a: 3, b: 4, c: 7 },
  ]);

  await migrate(clickhouse, { dir: migrations({ ...first, ...more, ...less }) });
  const refusal = (error: unknown): boolean =>
    error instanceof ConfigError &&
    /newer release.*\(contract_things\): start the newer one/.test(error.message);
  await assert.rejects(migrate(clickhouse, older), refusal);
  await assert.rejects(assertMigrated(clickhouse, older), refusal);
});

/** Every relation with its whole definition. */
const definitions = async (clickhouse: ClickHouse): Promise<string[]> => {
  const rows = await clickhouse.query<{ name: string; definition: string }>(
    `SELECT name, replaceAll(create_table_query, currentDatabase() || '.', '') AS definition
     FROM system.tables WHERE database = currentDatabase() ORDER BY name`,
  );
  return rows.map(({ name, definition }) => `${name}: ${definition.replace(/UUID '[^']*'/g, '')}`);
};

test('cut short behind each statement in turn, the migrations make the same tables when they run again', async () => {
  const whole = connect('whole');
  await migrate(whole);
  const expected = await definitions(whole);
  assert.ok(expected.length > 10);

  const cut = connect('cut');
  await cut.createDatabase();
  const dir = migrations({});
  for (const { version, name, sql } of readMigrations()) {
    writeFileSync(join(dir, `${String(version).padStart(4, '0')}_${name}.sql`), sql);
    const statements = splitStatements(sql);
    for (const [last] of statements.entries())
      for (const statement of statements.slice(0, last + 1)) await cut.command(statement);
    assert.deepEqual(await migrate(cut, { dir }), [name]);
  }

  assert.deepEqual(await definitions(cut), expected);
});
