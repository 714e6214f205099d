import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';

const dir = mkdtempSync(join(tmpdir(), 'precede-clickhouse-'));
let server: EmbeddedClickHouse;
let clickhouse: ClickHouse;

function connect(changes: Partial<Parameters<typeof connectClickHouse>[0]> = {}): ClickHouse {
  const { url, username, password } = server;
  return connectClickHouse({
    url,
    username,
    password,
    database: 'client_test',
    requestTimeoutMs: 30_000,
    ...changes,
  });
}

before(async () => {
  server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  clickhouse = connect();
  await clickhouse.createDatabase();
  await clickhouse.command(
    `CREATE TABLE visits (id UInt64, time DateTime64(3, 'UTC'), path String, seconds Nullable(Float64), tags Array(UInt32))
     ENGINE = MergeTree ORDER BY id`,
  );
});

after(async () => {
  await clickhouse.close();
  await server.close();
  rmSync(dir, { recursive: true });
});

test('an insert is there for the next query, with every type as it was given', async () => {
  const time = Date.UTC(2025, 0, 2, 3, 4, 5, 678);
  const path = '/a\tb\n"c"\\ü\u0000';

  await clickhouse.insert(
    'visits',
    ['id', 'time', 'path', 'seconds', 'tags'],
    [
      [18446744073709551615n, time, path, null, [1, 2]],
      [7, '2025-01-02T03:04:05.678Z', '', 0.1, []],
    ],
  );
  const rows = await clickhouse.query(
    'SELECT toString(id) AS id, time, path, seconds, tags FROM visits ORDER BY visits.id',
  );

  assert.deepEqual(rows, [
    { id: '7', time: '2025-01-02T03:04:05.678Z', path: '', seconds: 0.1, tags: [] },
    { id: '18446744073709551615', time: '2025-01-02T03:04:05.678Z', path, seconds: null, tags: [1, 2] },
  ]);
});

test('counts come as numbers and parameters are bound, not pasted', async () => {
  const rows = await clickhouse.query<{ n: number; text: string }>(
    'SELECT count() AS n, {text:String} AS text FROM numbers({limit:UInt32})',
    { text: "x'; DROP TABLE visits --", limit: 5 },
  );

  assert.deepEqual(rows, [{ n: 5, text: "x'; DROP TABLE visits --" }]);
});

test('an insert with one bad row stores none', async () => {
  const rows = [...Array.from({ length: 1000 }, (_, id) => [id, 0, 'bad-insert']), [1, 0, null]];

  await assert.rejects(clickhouse.insert('visits', ['id', 'time', 'path'], rows), {
    code: ErrorCode.clickhouseRefused,
  });
  const [row] = await clickhouse.query<{ n: number }>(
    "SELECT count() AS n FROM visits WHERE path = 'bad-insert'",
  );

  assert.equal(row?.n, 0);
});

test('a query that fails half way rejects and gives no rows', async () => {
  const sql =
    "SELECT number, throwIf(number = 3000000, 'half way') FROM system.numbers LIMIT 4000000 SETTINGS max_block_size = 1000";

  await assert.rejects(clickhouse.query(sql), { code: ErrorCode.clickhouseRefused, retryable: false });
});

test('wrong SQL and a wrong password are refused and not worth retrying', async () => {
  const stranger = connect({ password: 'wrong' });

  await assert.rejects(clickhouse.query('SELEC 1'), { code: ErrorCode.clickhouseRefused, retryable: false });
  await assert.rejects(stranger.ping(10_000), {
    code: ErrorCode.configInvalid,
    retryable: false,
    message: /AUTHENTICATION_FAILED/,
  });
  await stranger.close();
});

test('overload is worth retrying', async () => {
  const sql =
    'SELECT groupArray(toString(number)) AS texts FROM numbers(3000000) FORMAT Null SETTINGS max_memory_usage = 10000000';

  await assert.rejects(clickhouse.command(sql), UnavailableError);
});

test('a server that is away, and a proxy that answers for it, are worth retrying', async () => {
  const proxy = createServer((_request, response) => response.writeHead(502).end('<html>Bad gateway</html>'));
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const client = connect({ url });

  await assert.rejects(client.query('SELECT 1'), UnavailableError);
  proxy.closeAllConnections();
  await new Promise((done) => proxy.close(done));
  await assert.rejects(client.insert('visits', ['id'], [[1]]), UnavailableError);
  await assert.rejects(client.ping(5000), UnavailableError);
  await client.close();
});

async function runningQueries(mark: string): Promise<number> {
  const [row] = await clickhouse.query<{ n: number }>(
    "SELECT count() AS n FROM system.processes WHERE query LIKE {like:String} AND query NOT LIKE '%system.processes%'",
    { like: `%${mark}%` },
  );
  return row?.n ?? 0;
}

async function untilGone(mark: string): Promise<void> {
  for (const start = Date.now(); (await runningQueries(mark)) > 0; await sleep(50)) {
    assert.ok(Date.now() - start < 30_000, `the query ${mark} still runs`);
  }
}

const SLOW =
  'SELECT sleepEachRow(0.1) FROM numbers(600) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0';

test('a query that takes too long is given up and ends on the server too', async () => {
  const hasty = connect({ requestTimeoutMs: 300 });

  await assert.rejects(hasty.query(`${SLOW} -- too-long`), UnavailableError);
  await hasty.close();

  await untilGone('too-long');
});

test('an aborted query ends on the server too', async () => {
  const signal = AbortSignal.timeout(300);

  await assert.rejects(clickhouse.query(`${SLOW} -- aborted-query`, {}, { signal }));

  await untilGone('aborted-query');
});

test('a ping that gets no answer rejects in time', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const client = connect({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });

  await assert.rejects(client.ping(200), UnavailableError);
  await client.close();
  silent.closeAllConnections();
  await new Promise((done) => silent.close(done));
});

test('the analyst reads and cannot write', async () => {
  const password = readFileSync(join(dir, 'analyst.password'), 'utf8').trim();
  const analyst = connect({ username: 'analyst', password });

  assert.deepEqual(await analyst.query('SELECT 1 AS one'), [{ one: 1 }]);
  await assert.rejects(analyst.insert('visits', ['id'], [[1]]), { code: ErrorCode.clickhouseRefused });
  await assert.rejects(analyst.command('DROP TABLE visits'), { code: ErrorCode.clickhouseRefused });
  await analyst.close();
});

test('names that are no names are refused before they are sent', async () => {
  await assert.rejects(clickhouse.insert('visits; DROP', ['id'], [[1]]), TypeError);
  await assert.rejects(clickhouse.insert('visits', ['id)'], [[1]]), TypeError);
});
