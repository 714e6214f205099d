import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { migrate } from './migrations.ts';
import { differingRetention, type Retention, ttlOf, ttls } from './retention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** As the migrations have it. */
const DEFAULTS: Retention = {
  countsMs: 3 * DAY,
  scoresMs: 7 * DAY,
  sessionsMs: 30 * DAY,
  decisionsMs: 30 * DAY,
  requestsMs: 7 * DAY,
};
const ZONE = 'a'.repeat(32);

const dir = mkdtempSync(join(tmpdir(), 'precede-retention-'));
const clients: ClickHouse[] = [];
let server: EmbeddedClickHouse;

before(async () => {
  server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
});

after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
  rmSync(dir, { recursive: true });
});

function connect(database: string): ClickHouse {
  const { url, username, password } = server;
  const client = connectClickHouse({ url, username, password, database, requestTimeoutMs: 30_000 });
  clients.push(client);
  return client;
}

async function present(clickhouse: ClickHouse): Promise<Record<string, string>> {
  const rows = await clickhouse.query<{ name: string; query: string }>(
    'SELECT name, create_table_query AS query FROM system.tables WHERE database = currentDatabase()',
  );
  return Object.fromEntries(rows.map(({ name, query }) => [name, ttlOf(query)]));
}

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

test('intervals are in their largest whole unit, as the server prints them', () => {
  const texts = [36 * HOUR, 90 * DAY, 90 * 60_000, 90_000].map(
    (sessionsMs) => ttls({ ...DEFAULTS, sessionsMs })['sessions'],
  );

  assert.deepEqual(texts, [
    'written_at + toIntervalHour(36)',
    'written_at + toIntervalDay(90)',
    'written_at + toIntervalMinute(90)',
    'written_at + toIntervalSecond(90)',
  ]);
});

test('the defaults are what the migrations say, so that nothing is changed', async () => {
  const clickhouse = connect('defaults');
  await migrate(clickhouse);

  assert.deepEqual(await differingRetention(clickhouse, DEFAULTS), []);
});

test('a table whose TTL differs is changed once, of several processes by one; the others stay as they are', async () => {
  const clickhouse = connect('changed');
  await migrate(clickhouse);
  const before = await present(clickhouse);
  const set: object[] = [];
  const logger = {
    info: (facts: object, message: string) => message === 'retention set' && set.push(facts),
    warn: () => {},
  };
  const retention = { ...DEFAULTS, scoresMs: 36 * HOUR, decisionsMs: 90 * DAY };

  await Promise.all([1, 2, 3].map(() => migrate(connect('changed'), { retention, logger })));

  const changes = {
    sequence_scores: 'written_at + toIntervalHour(3) WHERE is_listed = 0, written_at + toIntervalHour(36)',
    score_snapshots: 'written_at + toIntervalHour(36)',
    decisions: 'written_at + toIntervalDay(90)',
  };
  assert.deepEqual(await present(clickhouse), { ...before, ...changes });
  assert.equal(set.length, Object.keys(changes).length);
});

test('without a retention a changed TTL stays', async () => {
  const clickhouse = connect('kept');
  await migrate(clickhouse, { retention: { ...DEFAULTS, sessionsMs: DAY } });

  await migrate(clickhouse);

  assert.equal((await present(clickhouse))['sessions'], 'written_at + toIntervalDay(1)');
});

test('requests get theirs where that table is', async () => {
  const clickhouse = connect('requests');
  await migrate(clickhouse);
  await clickhouse.command('DROP TABLE IF EXISTS requests');
  await migrate(clickhouse, { retention: DEFAULTS });
  await clickhouse.command(
    'CREATE TABLE requests (zone_id String, written_at DateTime) ENGINE = MergeTree ORDER BY zone_id',
  );

  await migrate(clickhouse, { retention: { ...DEFAULTS, requestsMs: 2 * DAY } });

  assert.equal((await present(clickhouse))['requests'], 'written_at + toIntervalDay(2)');
});

/** [written ago, listed] of each row, oldest first. */
const SCORES = [
  [50 * HOUR, 1],
  [20 * HOUR, 1],
  [4 * HOUR, 0],
  [HOUR, 0],
] as const;

test('rows older than told are gone, and unlisted scores go earlier than the listed ones', async () => {
  const clickhouse = connect('rows');
  await migrate(clickhouse);
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
      'written_at',
    ],
    SCORES.map(([age, isListed], i) => [
      ZONE,
      ago(0),
      1,
      'precedence',
      [i],
      1,
      1,
      1,
      1,
      1,
      1,
      isListed,
      ago(age),
    ]),
  );
  await clickhouse.insert(
    'decisions',
    ['zone_id', 'time', 'decision_id', 'written_at'],
    [50, 20].map((hours) => [ZONE, ago(0), `00000000-0000-0000-0000-0000000000${hours}`, ago(hours * HOUR)]),
  );

  await migrate(clickhouse, { retention: { ...DEFAULTS, scoresMs: 2 * DAY, decisionsMs: DAY } });
  for (const table of ['sequence_scores', 'decisions'])
    await clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`);

  assert.deepEqual(
    await clickhouse.query('SELECT operations[1] AS i, is_listed FROM sequence_scores ORDER BY i'),
    [
      { i: 1, is_listed: 1 },
      { i: 3, is_listed: 0 },
    ],
  );
  assert.deepEqual(await clickhouse.query('SELECT toString(decision_id) AS id FROM decisions'), [
    { id: '00000000-0000-0000-0000-000000000020' },
  ]);
});

test('a statement without TTL has none, and one in a comment is none', () => {
  assert.equal(ttlOf("CREATE TABLE t (a DateTime TTL a) ENGINE = MergeTree ORDER BY a COMMENT 'TTL 3'"), '');
  assert.equal(
    ttlOf('CREATE TABLE t (a DateTime) ENGINE = MergeTree ORDER BY a TTL a +\n  toIntervalDay(1)'),
    'a + toIntervalDay(1)',
  );
});
