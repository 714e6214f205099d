import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConfigError } from '@precede/contracts';
import { doorGrants, policed, policyOf, roomName, roomStatements } from './analysts.ts';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { CLUSTER, type Member, spread, startCluster } from './cluster.test-kit.ts';
import { ClusterDdl } from './cluster-ddl.ts';
import { packageStatements } from './migration-files.ts';
import { migrate } from './migrations.ts';
import { zonedRelations } from './schema.ts';

const root = mkdtempSync(join(tmpdir(), 'precede-cluster-'));
const clients: ClickHouse[] = [];
let members: Member[];

const ZONES = Array.from({ length: 8 }, (_, i) => i.toString(16).repeat(32));
const [OURS = '', THEIRS = ''] = ZONES;
const room = { database: 'precede', zoneId: OURS, cluster: CLUSTER };
const relations = zonedRelations(packageStatements());

/** As CREATE USER and CREATE ROW POLICY of analyst-sql.ts would make them, which the embedded server has not. */
function roomUsers(): string {
  const door = roomName(room);
  const queries = (grants: readonly string[]): string =>
    grants.map((grant) => `<query>${grant}</query>`).join('');
  const filters = policed(room, relations).map(
    (table) => `<${table}><filter>${policyOf(OURS)}</filter></${table}>`,
  );
  const rest = '<networks><ip>127.0.0.1</ip></networks><profile>zone_analyst</profile><quota>default</quota>';
  return `<${door}><password>x</password>${rest}<grants>${queries(doorGrants(room, relations))}</grants>
      <databases><precede>${filters.join('')}</precede></databases></${door}>
    <alice><password>alice</password>${rest}<grants>${queries([`GRANT SELECT ON ${door}.*`])}</grants></alice>`;
}

before(async () => {
  members = await startCluster(root, 2, roomUsers());
});

after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(members.map(({ server }) => server.close()));
  rmSync(root, { recursive: true });
});

function connect(member: number, database: string, cluster = ''): ClickHouse {
  const client = (members[member] as Member).connect(database, cluster);
  clients.push(client);
  return client;
}

const laidOut = (statements: readonly string[], database: string): string[] => {
  const ddl = new ClusterDdl({ cluster: CLUSTER, database });
  return statements.flatMap((statement) => ddl.rewrite(statement));
};

const retention = { countsMs: 3, scoresMs: 7, sessionsMs: 31, decisionsMs: 30, requestsMs: 7 };
const days = Object.fromEntries(
  Object.entries(retention).map(([name, n]) => [name, n * 86_400_000]),
) as unknown as typeof retention;

test("every statement of the package's migrations has a form on a cluster that the server reads", async () => {
  const clickhouse = connect(0, 'default');

  const statements = laidOut(packageStatements(), 'precede');

  for (const statement of statements) {
    await clickhouse.query('SELECT formatQuery({statement:String})', { statement });
    const isInsert = statement.startsWith('INSERT');
    assert.equal(statement.includes(` ON CLUSTER \`${CLUSTER}\``), !isInsert, statement);
  }
});

test("the package's tables are created with replicated engines, each on a path of its own", async () => {
  const clickhouse = connect(0, 'replicated');
  await clickhouse.createDatabase();
  const tables = new Set<string>();

  for (const statement of laidOut(packageStatements(), 'replicated')) {
    const [, what, name = ''] =
      /^(CREATE TABLE IF NOT EXISTS|DROP TABLE IF EXISTS) (\w+)/.exec(statement) ?? [];
    if (what === undefined || (what.startsWith('DROP') && !tables.has(name))) continue;
    if (what.startsWith('DROP')) tables.delete(name);
    else tables.add(name);
    await clickhouse.command(statement.replace(` ON CLUSTER \`${CLUSTER}\``, ''));
  }

  const replicas = await clickhouse.query<{ table: string; zookeeper_path: string; replica_name: string }>(
    "SELECT table, zookeeper_path, replica_name FROM system.replicas WHERE database = 'replicated'",
  );
  assert.ok(replicas.length > 0);
  assert.deepEqual(new Set(replicas.map(({ table }) => table)), tables);
  for (const { table, zookeeper_path, replica_name } of replicas) {
    assert.equal(zookeeper_path, `/clickhouse/tables/1/replicated/${table}`);
    assert.equal(replica_name, 'r1');
  }
  for (const { table } of replicas) await clickhouse.command(`DROP TABLE ${table} SYNC`);
});

async function fill(clickhouse: ClickHouse): Promise<void> {
  const time = '2026-03-01T12:00:00Z';
  await clickhouse.insert(
    'operations',
    [
      'zone_id',
      'short_id',
      'operation_id',
      'method',
      'host',
      'endpoint',
      'last_updated',
      'is_deleted',
      'revision',
    ],
    ZONES.map((zone) => [
      zone,
      7,
      '00000000-0000-0000-0000-000000000007',
      'GET',
      'api.example.com',
      `/${zone}`,
      time,
      0,
      1,
    ]),
  );
  await clickhouse.insert(
    'score_snapshots',
    [
      'zone_id',
      'computed_at',
      'generation',
      'advanced',
      'window_from',
      'window_to',
      'positions',
      'row_count',
      'listed_count',
      'cut_count',
    ],
    ZONES.map((zone) => [zone, time, 1, 1, time, time, { 0: 5 }, 1, 1, 0]),
  );
  await clickhouse.insert(
    'sequence_scores',
    [
      'zone_id',
      'computed_at',
      'generation',
      'kind',
      'operations',
      'score',
      'low',
      'high',
      'support',
      'last_support',
      'sessions',
      'is_listed',
    ],
    ZONES.map((zone) => [zone, time, 1, 'precedence', [7], 1, 1, 1, 10, 10, 5, 1]),
  );
  await clickhouse.insert(
    'count_progress',
    ['partition', 'position'],
    [0, 1, 2, 3, 4, 5, 6, 7].map((p) => [p, p + 10]),
  );
}

test('over two servers rows are spread by zone, and each server answers for all of them', async () => {
  const pair = [connect(0, 'precede', CLUSTER), connect(1, 'precede', CLUSTER)] as const;
  const clickhouse = spread(pair);
  const applied = await migrate(clickhouse, { retention: days });

  await fill(clickhouse);
  // Repeated rows must meet the earlier ones, so they must go to the same server.
  await fill(spread([pair[1], pair[0]]));

  assert.ok(applied.length > 0);
  const held = await Promise.all(
    pair.map((member) => member.query<{ n: number }>('SELECT uniqExact(zone_id) AS n FROM operations_local')),
  );
  const counts = held.map(([row]) => row?.n ?? 0);
  assert.ok(
    counts.every((n) => n > 0),
    `${counts}`,
  );
  assert.equal(
    counts.reduce((a, b) => a + b),
    ZONES.length,
  );
  for (const member of pair) {
    const [merged] = await member.query<{ n: number }>('SELECT count() AS n FROM operations FINAL');
    assert.equal(merged?.n, ZONES.length);
    const scores = await member.query<{ zone_id: string; endpoints: string[] }>(
      'SELECT DISTINCT zone_id, endpoints FROM precedence_scores ORDER BY zone_id',
    );
    assert.deepEqual(
      scores,
      ZONES.map((zone_id) => ({ zone_id, endpoints: [`/${zone_id}`] })),
    );
    const zone = ZONES[3];
    assert.deepEqual(
      await member.query('SELECT zone_id, min_sessions FROM newest_snapshots WHERE zone_id = {zone:String}', {
        zone,
      }),
      [{ zone_id: zone, min_sessions: 5 }],
    );
    const [progress] = await member.query<{ n: number; top: number }>(
      'SELECT uniqExact(partition) AS n, max(position) AS top FROM count_progress',
    );
    assert.deepEqual(progress, { n: 8, top: 17 });
  }
});

test('a join of an analyst is made on the server that holds the zone', async () => {
  const clickhouse = connect(1, 'precede', CLUSTER);

  const rows = await clickhouse.query<{ n: number }>(
    `SELECT uniqExact(s.zone_id) AS n FROM sequence_scores AS s
     INNER JOIN operations AS o ON o.zone_id = s.zone_id AND o.short_id = s.operations[1]
     WHERE s.zone_id IN (SELECT zone_id FROM score_snapshots)`,
  );

  assert.deepEqual(rows, [{ n: ZONES.length }]);
});

test('over two servers an analyst sees one zone alone, on whichever server it lies', async () => {
  const pair = [connect(0, 'precede', CLUSTER), connect(1, 'precede', CLUSTER)];
  for (const statement of roomStatements(room, relations)) await spread(pair).command(statement);
  const ask = async (member: Member, sql: string): Promise<string> => {
    const headers = { 'x-clickhouse-user': 'alice', 'x-clickhouse-key': 'alice', connection: 'close' };
    const url = `${member.server.url}/?database=${roomName(room)}`;
    return (await fetch(url, { method: 'POST', body: sql, headers })).text();
  };

  for (const member of members) {
    for (const name of [
      'operations',
      'score_snapshots',
      'sequence_scores',
      'newest_snapshots',
      'precedence_scores',
    ])
      assert.equal(await ask(member, `SELECT DISTINCT zone_id FROM ${name}`), `${OURS}\n`, name);
    const probe = ZONES.slice(1).map((zone) => `throwIf(zone_id = '${zone}') = 0`);
    assert.equal(await ask(member, `SELECT count() > 0 FROM operations WHERE ${probe.join(' AND ')}`), '1\n');
    for (const table of ['operations', 'operations_local'])
      assert.match(
        await ask(member, `SELECT * FROM precede.${table} WHERE zone_id = '${THEIRS}'`),
        /ACCESS_DENIED/,
      );
  }
});

test('the second start on a cluster has nothing to do, and retention is set on the local tables', async () => {
  const pair = [connect(0, 'precede', CLUSTER), connect(1, 'precede', CLUSTER)];
  const clickhouse = spread(pair);

  assert.deepEqual(await migrate(clickhouse, { retention: days }), []);

  for (const member of pair) {
    const [table] = await member.query<{ query: string }>(
      "SELECT create_table_query AS query FROM system.tables WHERE database = 'precede' AND name = 'sessions_local'",
    );
    assert.match(table?.query ?? '', /TTL written_at \+ toIntervalDay\(31\)/);
  }
});

test('a migration has the same checksum on one server and on a cluster', async () => {
  const single = connect(0, 'single');
  await migrate(single);

  const sql = 'SELECT version, checksum FROM schema_migrations ORDER BY version';

  assert.deepEqual(await connect(1, 'precede', CLUSTER).query(sql), await single.query(sql));
});

test('a cluster that the server does not know is refused before anything is made', async () => {
  const { url, username, password } = (members[0] as Member).server;
  const stranger = connectClickHouse({
    url,
    username,
    password,
    database: 'nowhere',
    cluster: 'other',
    requestTimeoutMs: 30_000,
  });
  clients.push(stranger);

  await assert.rejects(migrate(stranger), ConfigError);
  assert.deepEqual(
    await connect(0, 'default').query("SELECT name FROM system.databases WHERE name = 'nowhere'"),
    [],
  );
});
