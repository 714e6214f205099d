/** The analysts' views on a handful of windows whose answers can be counted by eye. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { passwordFile, READER } from './embedded-files.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { migrate } from './migrations.ts';

const root = mkdtempSync(join(tmpdir(), 'precede-views-'));
const zone = 'a'.repeat(32);
const other = 'b'.repeat(32);
const noonMs = Date.UTC(2026, 2, 1, 12);
let server: EmbeddedClickHouse;
let writer: ClickHouse;
let analyst: ClickHouse;

const operationColumns =
  'zone_id short_id operation_id method host endpoint last_updated is_deleted revision'.split(' ');
const names = ['/login', '/cart', '/pay', '/help'];
const operationRow = (zoneId: string, shortId: number, endpoint: string, isDeleted = 0): unknown[] => [
  zoneId,
  shortId,
  `0000000${shortId}-0000-4000-8000-000000000000`,
  'GET',
  'shop',
  endpoint,
  '2026-03-01T00:00:00.000Z',
  isDeleted,
  1 + isDeleted,
];

/** Steps as [short id, seconds since the window began]. */
type Steps = readonly (readonly [number, number])[];
const sessionRow = (session: string, startMs: number, steps: Steps, offset: number, cut = 0): unknown[] => {
  const times = steps.map(([, seconds]) => new Date(startMs + seconds * 1000).toISOString());
  const operations = steps.map(([operation]) => operation);
  const length = steps.length + cut;
  return [
    zone,
    session,
    'live',
    times[0],
    times.at(-1),
    length,
    operations,
    times,
    cut,
    'gap',
    't',
    0,
    offset,
  ];
};
const windows: readonly [string, number, Steps, number?][] = [
  [
    'ann',
    noonMs,
    [
      [1, 0],
      [2, 10],
      [2, 11],
      [3, 31],
    ],
  ],
  [
    'bob',
    noonMs + 60_000,
    [
      [1, 0],
      [4, 0],
      [2, 0],
    ],
  ],
  [
    'cat',
    noonMs + 120_000,
    [
      [2, 0],
      [1, 5],
    ],
    3,
  ],
  ['ann', noonMs + 3_600_000, [[1, 0]]],
  // After the range that is asked for.
  [
    'dan',
    noonMs + 7_200_000,
    [
      [1, 0],
      [3, 1],
    ],
  ],
];

before(async () => {
  server = await startEmbeddedClickHouse({ dir: join(root, 'data'), httpPort: 0 });
  const connect = (username: string, password: string): ClickHouse =>
    connectClickHouse({ url: server.url, username, password, database: 'precede', requestTimeoutMs: 30_000 });
  writer = connect(server.username, server.password);
  analyst = connect(READER, readFileSync(passwordFile(join(root, 'data'), READER), 'utf8').trim());
  await migrate(writer);
  const saved = names.map((endpoint, i) => operationRow(zone, i + 1, endpoint));
  await writer.insert('operations', operationColumns, [...saved, operationRow(other, 1, '/secret')]);
  await writer.insert('operations', operationColumns, [operationRow(zone, 4, '/help', 1)]);
  const sessionColumns =
    'zone_id session_id source first last length operations times cut ended topic partition offset'.split(
      ' ',
    );
  const rows = windows.map(([session, startMs, steps, cut], i) =>
    sessionRow(session, startMs, steps, i, cut),
  );
  await writer.insert('sessions', sessionColumns, rows);
  // As delivered once more, in a part of its own.
  await writer.insert('sessions', sessionColumns, rows.slice(0, 2));
});

after(async () => {
  await Promise.all([writer?.close(), analyst?.close()]);
  await server?.close();
  rmSync(root, { recursive: true });
});

const range = `zone = '${zone}', from = '2026-03-01 12:00:00', to = '2026-03-01 14:00:00'`;
const ask = (sql: string): Promise<Record<string, unknown>[]> => analyst.query(sql);

test('an analyst reads names of operations by dictGet, deleted ones too, each of its own zone', async () => {
  const rows = await ask(`
    SELECT dictGet('operation_names', 'name', (zone, id)) AS name
    FROM values('zone String, id UInt32', ('${zone}', 1), ('${zone}', 4), ('${other}', 1), ('${other}', 2))`);

  assert.deepEqual(
    rows.map((row) => row['name']),
    ['GET shop/login', 'GET shop/help', 'GET shop/secret', ''],
  );
});

test('a name that is asked for before it is saved is found soon after', async () => {
  const early = 'c'.repeat(32);
  const find = async (): Promise<unknown> =>
    (await ask(`SELECT dictGet('operation_names', 'name', ('${early}', toUInt32(1))) AS name`))[0]?.['name'];
  assert.equal(await find(), '');

  await writer.insert('operations', operationColumns, [operationRow(early, 1, '/late')]);

  const deadline = performance.now() + 30_000;
  while ((await find()) === '' && performance.now() < deadline) await sleep(100);
  assert.equal(await find(), 'GET shop/late');
});

test('the secret by which the dictionary loads is nowhere to read, and opens nothing to an analyst', async () => {
  const [shown] = await ask('SHOW CREATE DICTIONARY operation_names');
  const users = readFileSync(join(root, 'data', 'config.xml'), 'utf8');
  const secret = /<password>(.*)<\/password>/.exec(users)?.[1] ?? '';

  assert.ok(secret.length > 20);
  assert.ok(!JSON.stringify(shown).includes(secret));
  const through =
    "SELECT count() FROM remote(precede_names, addresses_expr = '127.0.0.1', table = 'sessions')";
  await assert.rejects(ask(through), /Not enough privileges/);
  const names = connectClickHouse({
    ...{ url: server.url, database: 'precede', requestTimeoutMs: 30_000 },
    ...{ username: 'precede_names', password: secret },
  });
  await names.query('SELECT count() FROM operations');
  await assert.rejects(names.query('SELECT count() FROM sessions'), /Not enough privileges/);
  await names.close();
});

test('a window tells its collapsed operations, dwell times and duration', async () => {
  const rows = await ask(
    "SELECT collapsed, dwell_ms, duration_ms FROM sessions FINAL WHERE session_id = 'ann' ORDER BY last LIMIT 1",
  );

  assert.deepEqual(rows, [{ collapsed: [1, 2, 3], dwell_ms: [10_000, 1_000, 20_000], duration_ms: 31_000 }]);
});

test('transitions leave repeats out, and share and dwell are of the steps away from the start', async () => {
  const rows = await ask(`
    SELECT start_endpoint AS a, end_endpoint AS b, transitions AS n, share, dwell_p50_ms AS p50, last_session
    FROM transitions(${range}) ORDER BY a, b`);

  assert.deepEqual(
    rows.map(({ a, b, n, share, last_session }) => `${a} ${b} ${n} ${share} ${last_session}`),
    [
      '/cart /login 1 0.5 cat',
      '/cart /pay 1 0.5 ann',
      '/help /cart 1 1 bob',
      '/login /cart 1 0.5 ann',
      '/login /help 1 0.5 bob',
    ],
  );
  for (const [i, exact] of [5_000, 20_000, 0, 10_000, 0].entries())
    assert.ok(
      Math.abs(Number(rows[i]?.['p50']) - exact) <= exact / 100,
      `${rows[i]?.['p50']} is not ${exact}`,
    );
});

test('rare transitions are those of a small share away from what is common enough', async () => {
  const count = async (maxShare: number, minSupport: number): Promise<unknown> =>
    (
      await ask(
        `SELECT count() AS n FROM rare_transitions(${range}, max_share = ${maxShare}, min_support = ${minSupport})`,
      )
    )[0]?.['n'];

  assert.deepEqual([await count(0.5, 2), await count(0.4, 1), await count(1, 1)], [4, 0, 5]);
});

test('a funnel keeps the order of requests in one millisecond, allows others between, and ends with the time', async () => {
  const through = async (steps: readonly string[], seconds: number): Promise<unknown[]> => {
    const list = steps.map((step) => `'GET shop/${step}'`).join(', ');
    const rows = await ask(
      `SELECT windows FROM funnel(${range}, steps = [${list}], seconds = ${seconds}) ORDER BY step`,
    );
    return rows.map((row) => row['windows']);
  };

  assert.deepEqual(await through(['login', 'cart', 'pay'], 600), [4, 2, 1]);
  assert.deepEqual(await through(['login', 'cart', 'pay'], 15), [4, 2, 0]);
  assert.deepEqual(await through(['cart', 'login'], 600), [3, 1]);
  await assert.rejects(through(['login', 'no-such'], 600), /no operation of the zone/);
  await assert.rejects(through([], 600), /1 to 8/);
});

test('first and last operations leave out firsts that were cut', async () => {
  const rows = await ask(
    `SELECT endpoint, windows, first_in, last_in, only_in FROM first_last_operations(${range}) ORDER BY endpoint`,
  );

  assert.deepEqual(
    rows.map((row) => Object.values(row).join(' ')),
    ['/cart 3 0 1 0', '/help 1 0 0 0', '/login 4 3 2 1', '/pay 1 0 1 0'],
  );
});

test('drop-offs are the last operations of the windows without the goal, cut ones left out', async () => {
  const rows = await ask(
    `SELECT last_endpoint AS o, windows, share, sessions FROM drop_offs(${range}, goal = 'GET shop/pay') ORDER BY o`,
  );

  assert.deepEqual(rows, [
    { o: '/cart', windows: 1, share: 0.5, sessions: 1 },
    { o: '/login', windows: 1, share: 0.5, sessions: 1 },
  ]);
});

test('a sequence is contained where its steps follow each other directly, repeats being one', async () => {
  const holding = async (...steps: readonly string[]): Promise<unknown[]> => {
    const list = steps.map((step) => `'GET shop/${step}'`).join(', ');
    const rows = await ask(
      `SELECT session_id FROM sessions_containing(${range}, steps = [${list}]) ORDER BY session_id`,
    );
    return rows.map((row) => row['session_id']);
  };

  assert.deepEqual(await holding('login', 'cart', 'pay'), ['ann']);
  assert.deepEqual(await holding('login', 'cart'), ['ann']);
  assert.deepEqual(await holding('login', 'pay'), []);
  assert.deepEqual(await holding('help', 'cart'), ['bob']);
});

test('steps of windows carry names, positions and the time to the next', async () => {
  const rows = await ask(
    `SELECT step, steps, name, dwell_ms FROM session_steps(${range}) WHERE session_id = 'cat' ORDER BY step`,
  );

  assert.deepEqual(rows, [
    { step: 4, steps: 5, name: 'GET shop/cart', dwell_ms: 5_000 },
    { step: 5, steps: 5, name: 'GET shop/login', dwell_ms: null },
  ]);
});

test('stored requests have names, and one delivered twice is one', async () => {
  const columns =
    'zone_id time session_id operation status duration_ms bytes source event_id topic partition offset'.split(
      ' ',
    );
  const request = [zone, new Date(noonMs).toISOString(), 'ann', 2, 200, 1.5, 10, 'live', '', 't', 0, 7];

  await writer.insert('requests', columns, [request]);
  await writer.insert('requests', columns, [request]);

  const rows = await ask(`SELECT name, status, duration_ms FROM named_requests(${range})`);
  assert.deepEqual(rows, [{ name: 'GET shop/cart', status: 200, duration_ms: 1.5 }]);
});

test('history shows listed scores of marked snapshots alone', async () => {
  const at = (minute: number): string => new Date(noonMs + minute * 60_000).toISOString();
  const score = (minute: number, generation: number, value: number, isListed: number): unknown[] => [
    ...[zone, at(minute), generation, 'precedence', [1, 2], value, value, value, 20, 40, 9, isListed],
  ];
  const scoreColumns =
    'zone_id computed_at generation kind operations score low high support last_support sessions is_listed'.split(
      ' ',
    );
  await writer.insert('sequence_scores', scoreColumns, [
    ...[score(1, 1, 0.5, 1), score(2, 2, 0.6, 1), score(3, 3, 0.7, 1), score(1, 1, 0.1, 0)],
  ]);
  const markerColumns =
    'zone_id computed_at generation advanced window_from window_to positions row_count listed_count cut_count'.split(
      ' ',
    );
  const marker = (minute: number, generation: number, advanced = 0): unknown[] => [
    ...[zone, at(minute), generation, advanced, at(0), at(minute), { 0: 1 }, 1, 1, 0],
  ];
  await writer.insert('score_snapshots', markerColumns, [marker(1, 1), marker(2, 2)]);
  await writer.insert('score_snapshots', markerColumns, [marker(2, 2, 1)]);

  const history = await ask(`SELECT sequence, score FROM score_history(${range}) ORDER BY computed_at`);
  const top = await ask('SELECT rank, sequence, score FROM top_sequences');

  const sequence = 'GET shop/login → GET shop/cart';
  assert.deepEqual(history, [
    { sequence, score: 0.5 },
    { sequence, score: 0.6 },
  ]);
  assert.deepEqual(top, [{ rank: 1, sequence, score: 0.6 }]);
});

test('every view and table says what it is, and every column of a table does', async () => {
  const silent = await ask(`
    SELECT name FROM system.tables WHERE database = 'precede' AND comment = '' AND name != 'schema_migrations'
    UNION ALL
    SELECT concat(table, '.', name) FROM system.columns
    WHERE database = 'precede' AND comment = '' AND table IN ('requests', 'sessions', 'decisions', 'operations')`);

  assert.deepEqual(silent, []);
});
