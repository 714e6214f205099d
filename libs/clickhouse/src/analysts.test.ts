import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { InputError } from '@precede/contracts';
import { addAnalyst, analystsFile, readAnalysts, removeAnalyst } from './analyst-files.ts';
import { openRooms } from './analyst-rooms.ts';
import { analystStatements } from './analyst-sql.ts';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { packageStatements } from './migration-files.ts';
import { migrate } from './migrations.ts';
import { zonedRelations } from './schema.ts';

const OURS = 'a'.repeat(32);
const THEIRS = 'b'.repeat(32);
const relations = zonedRelations(packageStatements());
const dir = mkdtempSync(join(tmpdir(), 'precede-analysts-'));
let server: EmbeddedClickHouse;
let precede: ClickHouse;

function connect(username: string, password: string, database: string): ClickHouse {
  return connectClickHouse({ url: server.url, username, password, database, requestTimeoutMs: 30_000 });
}

const passwordOf = (name: string): string => readFileSync(join(dir, `${name}.password`), 'utf8').trim();

/** As a person's tool asks: no database and no settings of ours. Body and whether it was an error. */
async function ask(user: string, sql: string): Promise<{ isError: boolean; text: string }> {
  const headers = { 'x-clickhouse-user': user, 'x-clickhouse-key': passwordOf(user), connection: 'close' };
  const answer = await fetch(server.url, { method: 'POST', body: sql, headers });
  return { isError: answer.status !== 200, text: await answer.text() };
}

async function fill(zone: string, name: string): Promise<void> {
  for (const table of relations.filter(({ kind }) => kind === 'table')) {
    await precede.insert(table.name, ['zone_id'], [[zone]]);
  }
  const time = '2026-03-01T12:00:00Z';
  await precede.insert('zones', ['zone_id', 'name', 'revision'], [[zone, name, 1]]);
  await precede.insert(
    'operations',
    ['zone_id', 'short_id', 'method', 'host', 'revision'],
    [[zone, 7, 'GET', name, 1]],
  );
  await precede.insert(
    'score_snapshots',
    ['zone_id', 'computed_at', 'generation', 'window_from'],
    [[zone, time, 1, 0]],
  );
  await precede.insert(
    'sequence_scores',
    ['zone_id', 'computed_at', 'generation', 'kind', 'operations', 'score', 'is_listed'],
    (['precedence', 'correlation', 'lookback'] as const).map((kind) => [zone, time, 1, kind, [7, 7], 1, 1]),
  );
}

async function start(): Promise<void> {
  server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  precede = connect(server.username, server.password, 'precede');
  await migrate(precede);
  await openRooms(precede, dir);
}

async function stop(): Promise<void> {
  await precede.close();
  await server.close();
}

before(async () => {
  addAnalyst(dir, { name: 'alice', zoneId: OURS });
  addAnalyst(dir, { name: 'bob', zoneId: THEIRS });
  await start();
  await fill(OURS, 'ours');
  await fill(THEIRS, 'theirs');
});

after(async () => {
  await stop();
  rmSync(dir, { recursive: true });
});

const TABLES = relations.filter(({ kind }) => kind === 'table').map(({ name }) => name);
const plain = relations.filter(({ parameters }) => parameters.size === 0);

test('an analyst sees all of one zone and nothing of another, in every table and through every view', async () => {
  const seen = new Set<string>();
  for (const { name, kind } of plain) {
    const alice = await ask('alice', `SELECT DISTINCT toString(zone_id) FROM ${name}`);
    const bob = await ask('bob', `SELECT DISTINCT toString(zone_id) FROM ${name}`);

    // A view may need more than these rows to show any, a dictionary may load later; a table shows those that it has.
    const isEmpty = kind !== 'table' && alice.text === '' && bob.text === '';
    assert.deepEqual(alice, { isError: false, text: isEmpty ? '' : `${OURS}\n` }, name);
    assert.deepEqual(bob, { isError: false, text: isEmpty ? '' : `${THEIRS}\n` }, name);
    if (!isEmpty) seen.add(name);
  }
  for (const name of [
    ...TABLES,
    'precedence_scores',
    'correlation_scores',
    'lookback_scores',
    'newest_snapshots',
  ])
    assert.ok(seen.has(name), name);
});

test('views show the same rows as to the operator, in the same order, names included', async () => {
  const sql = `SELECT * FROM precedence_scores WHERE zone_id = '${OURS}'`;

  const alice = await ask('alice', `${sql} FORMAT JSONEachRow`);
  const operator = await ask('analyst', `${sql.replace('FROM ', 'FROM precede.')} FORMAT JSONEachRow`);

  assert.deepEqual(alice, operator);
  assert.match(alice.text, /"hosts":\["ours","ours"\]/);
});

test('every table and view of the database has its zone guarded, or is not for analysts', async () => {
  const columns = await precede.query<{ table: string; isZoned: number }>(
    `SELECT table, max(name = 'zone_id') AS isZoned FROM system.columns WHERE database = 'precede' GROUP BY table ORDER BY table`,
  );
  const asking = new Set(relations.filter(({ parameters }) => parameters.size > 0).map(({ name }) => name));
  const zoned = columns
    .filter(({ table }) => !asking.has(table))
    .filter(({ isZoned }) => isZoned === 1)
    .map(({ table }) => table);
  const unguarded = columns.filter(({ isZoned }) => isZoned === 0).map(({ table }) => table);

  assert.deepEqual(plain.map(({ name }) => name).sort(), zoned);
  for (const table of unguarded) {
    assert.match((await ask('alice', `SELECT count() FROM precede.${table}`)).text, /ACCESS_DENIED/, table);
  }
});

test("no table of the services can be read, nor its keys, by name, by table function or by another zone's room", async () => {
  const attempts = TABLES.flatMap((table) => [
    `SELECT zone_id FROM precede.${table}`,
    `SELECT count() FROM precede.${table}`,
    `SELECT * FROM mergeTreeIndex(precede, ${table})`,
    `SELECT * FROM merge('precede', '^${table}$')`,
    `SELECT * FROM remote('127.0.0.1', precede.${table})`,
    `SELECT * FROM remote('127.0.0.1', precede.${table}, 'default', '')`,
    `SELECT * FROM loop(precede.${table}) LIMIT 1`,
    `SELECT * FROM precede_zone_${THEIRS}.${table}`,
    `INSERT INTO precede.${table} (zone_id) VALUES ('${OURS}')`,
    `INSERT INTO ${table} (zone_id) VALUES ('${OURS}')`,
    `ALTER TABLE precede.${table} DELETE WHERE 1`,
  ]);

  for (const sql of attempts) {
    const { isError, text } = await ask('alice', sql);

    assert.ok(isError && (sql.includes(THEIRS) || !text.includes(THEIRS)), `${sql}: ${text}`);
    assert.match(
      text,
      /ACCESS_DENIED|BAD_ARGUMENTS|UNKNOWN_TABLE|CANNOT_EXTRACT_TABLE_STRUCTURE|READONLY|NOT_IMPLEMENTED/,
      sql,
    );
  }
});

test('nothing outside of the database can be read or written, nobody else can be become, nothing can be made', async () => {
  const attempts = [
    "SELECT * FROM file('*.csv', 'LineAsString')",
    `SELECT * FROM url('${server.url}', 'LineAsString')`,
    "SELECT * FROM executable('x', 'TSV', 'x String')",
    "SELECT * FROM sqlite('/tmp/x', 'y')",
    "SELECT * FROM clusterAllReplicas('default', precede.zones)",
    "SELECT * FROM dictionary('precede.zones')",
    "SELECT dictGet('precede.operations', 'host', 7)",
    `SELECT * FROM view(SELECT * FROM precede.zones)`,
    'CREATE TABLE t (n UInt8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE t (n UInt8)',
    `CREATE OR REPLACE VIEW zones DEFINER = precede_zone_${THEIRS} SQL SECURITY DEFINER AS SELECT * FROM precede.zones`,
    'CREATE DATABASE d',
    `EXECUTE AS precede_zone_${THEIRS} SELECT * FROM precede.zones`,
    'SET readonly = 0',
    'SYSTEM FLUSH LOGS',
    'KILL QUERY WHERE 1',
    "BACKUP DATABASE precede TO Disk('default', 'x')",
  ];

  for (const sql of attempts) assert.equal((await ask('alice', sql)).isError, true, sql);
  const door = await fetch(`${server.url}/?query=SELECT%201`, {
    headers: { 'x-clickhouse-user': `precede_zone_${OURS}` },
  });
  assert.equal(door.status, 403);
});

test("no system table shows another zone's queries, rows, sizes or names", async () => {
  const secret = 'a-word-that-only-bob-asks-for';
  await ask('bob', `SELECT '${secret}' FROM sessions`);
  await precede.command('SYSTEM FLUSH LOGS');
  const tables = await precede.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'system'",
  );

  const readable: string[] = [];
  for (const { name } of tables) {
    // These are endless, and hold nothing but numbers.
    if (/^(numbers|zeros|primes)/.test(name)) continue;
    const { isError, text } = await ask('alice', `SELECT * FROM system.${name} LIMIT 100000`);
    assert.ok(!text.includes(secret) && !text.includes(THEIRS), name);
    if (!isError) readable.push(name);
  }

  for (const name of [
    'query_log',
    'processes',
    'parts',
    'parts_columns',
    'dictionaries',
    'users',
    'row_policies',
    'text_log',
  ])
    assert.ok(!readable.includes(name), name);
  assert.deepEqual(
    await ask('alice', "SELECT DISTINCT database FROM system.tables WHERE database != 'system'"),
    {
      isError: false,
      text: `precede_zone_${OURS}\n`,
    },
  );
});

test('FINAL may be written where the table has it', async () => {
  assert.deepEqual(await ask('alice', 'SELECT uniq(zone_id) FROM decisions FINAL'), {
    isError: false,
    text: '1\n',
  });
});

test('a condition of the analyst is asked of rows of the zone alone, so that its failing tells nothing', async () => {
  const probe = `SELECT count() FROM zones WHERE throwIf(zone_id = '${THEIRS}') = 0`;

  assert.deepEqual(await ask('alice', probe), { isError: false, text: '1\n' });
  assert.equal((await ask('bob', probe)).isError, true);
});

test('bounds of a query may be lowered and not raised', async () => {
  const bounded = await ask('alice', 'SELECT number FROM numbers(1000001) FORMAT Null');
  const attempts = [
    'max_result_rows = 0',
    'max_result_rows = 2000000',
    'max_execution_time = 61',
    'max_memory_usage = 0',
    "result_overflow_mode = 'break'",
  ];

  assert.match(bounded.text, /TOO_MANY_ROWS/);
  assert.deepEqual(await ask('alice', 'SELECT 1 SETTINGS max_execution_time = 5'), {
    isError: false,
    text: '1\n',
  });
  for (const setting of attempts)
    assert.match(
      (await ask('alice', `SELECT 1 SETTINGS ${setting}`)).text,
      /SETTING_CONSTRAINT_VIOLATION/,
      setting,
    );
});

test('an analyst that is removed cannot log in after the next start, and the room of the zone goes with the last one', async () => {
  addAnalyst(dir, { name: 'carol', zoneId: THEIRS });
  removeAnalyst(dir, 'bob');
  await stop();
  await start();
  assert.equal((await ask('carol', 'SELECT 1')).isError, false);

  removeAnalyst(dir, 'carol');
  await stop();
  await start();

  const rooms = await precede.query("SELECT name FROM system.databases WHERE name LIKE 'precede_zone_%'");
  assert.deepEqual(rooms, [{ name: `precede_zone_${OURS}` }]);
  const gone = await fetch(`${server.url}/?query=SELECT%201`, {
    headers: { 'x-clickhouse-user': 'carol', 'x-clickhouse-key': 'x' },
  });
  assert.equal(gone.status, 403);
});

test('names are plain and taken once; files are for the owner alone', () => {
  const fresh = mkdtempSync(join(dir, 'files-'));
  const path = addAnalyst(fresh, { name: 'dora', zoneId: OURS });

  for (const name of ['dora', 'precede', 'analyst', 'default', '../x', 'Eve', '', 'x_zone_y'])
    assert.throws(() => addAnalyst(fresh, { name, zoneId: OURS }), InputError, name);
  assert.throws(() => addAnalyst(fresh, { name: 'eve', zoneId: "a' OR 1" }), InputError);
  assert.throws(() => removeAnalyst(fresh, 'eve'), InputError);
  assert.deepEqual(readAnalysts(fresh), [{ name: 'dora', zoneId: OURS }]);
  for (const file of [path, analystsFile(fresh)]) assert.equal(statSync(file).mode & 0o077, 0, file);
});

test('the SQL for a server of your own is read by the server, on one and on a cluster', async () => {
  for (const cluster of ['', 'main']) {
    const room = { database: 'precede', zoneId: OURS, cluster };
    const statements = analystStatements(room, 'dora', '0'.repeat(64), relations);

    for (const statement of statements) {
      await precede.query('SELECT formatQuery({statement:String})', { statement });
      assert.equal(statement.includes(' ON CLUSTER `main`'), cluster === 'main', statement);
    }
    for (const table of TABLES)
      assert.ok(
        statements.some((statement) => statement.includes(`ON precede.${table} USING zone_id = '${OURS}'`)),
        table,
      );
  }
});
