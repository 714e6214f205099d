/** Calls that belong to a trace, on a server that writes spans of its own, as every usual installation does. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { type CallTracer, type TracedCall, tracedClickHouse } from './traced.ts';

const spanLog = `<clickhouse><opentelemetry_span_log>
  <engine>ENGINE = MergeTree ORDER BY (finish_date, finish_time_us)</engine>
  <database>system</database><table>opentelemetry_span_log</table>
</opentelemetry_span_log></clickhouse>`;

const dir = mkdtempSync(join(tmpdir(), 'precede-traced-'));
let server: EmbeddedClickHouse;
let plain: ClickHouse;
before(async () => {
  mkdirSync(join(dir, 'config.d'));
  writeFileSync(join(dir, 'config.d', 'span-log.xml'), spanLog);
  server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  const { url, username, password } = server;
  plain = connectClickHouse({ url, username, password, database: 'traced', requestTimeoutMs: 30_000 });
  await plain.createDatabase();
  await plain.command('CREATE TABLE visits (id UInt64) ENGINE = MergeTree ORDER BY id');
});
after(async () => {
  await plain?.close();
  await server?.close();
  rmSync(dir, { recursive: true });
});

const traceId = 'ab'.repeat(16);
const spanOf = (n: number): string => n.toString(16).padStart(16, '0');

/** Each call is a span with the next id. */
const traced = (): { readonly calls: TracedCall[]; readonly clickhouse: ClickHouse } => {
  const calls: TracedCall[] = [];
  const trace: CallTracer = (call, run) => {
    calls.push(call);
    return run(`00-${traceId}-${spanOf(calls.length)}-01`);
  };
  return { calls, clickhouse: tracedClickHouse(plain, trace) };
};

test('every call is told, with what it is and not with its values', async () => {
  const { calls, clickhouse } = traced();

  await clickhouse.insert('visits', ['id'], [[1], [2]]);
  await clickhouse.insertBinary('visits', ['id'], Buffer.alloc(8));
  const rows = await clickhouse.query('SELECT count() AS n FROM visits WHERE id < {most:UInt64}', {
    most: 9,
  });
  await clickhouse.queryBinary('SELECT id FROM visits');
  await clickhouse.command('OPTIMIZE TABLE visits');

  assert.deepEqual(rows, [{ n: 3 }]);
  assert.deepEqual(
    calls.map(({ name, table, rows: count, sql }) => [name, table, count, sql]),
    [
      ['INSERT visits', 'visits', 2, undefined],
      ['INSERT visits', 'visits', undefined, undefined],
      ['SELECT', undefined, undefined, 'SELECT count() AS n FROM visits WHERE id < {most:UInt64}'],
      ['SELECT', undefined, undefined, 'SELECT id FROM visits'],
      ['OPTIMIZE', undefined, undefined, 'OPTIMIZE TABLE visits'],
    ],
  );
});

test('the server goes on with the trace of each call', async () => {
  const { clickhouse } = traced();
  const sql = `SELECT DISTINCT parent_span_id AS parent FROM system.opentelemetry_span_log
    WHERE trace_id = toUUID({trace:String}) AND parent_span_id < 100 ORDER BY parent`;
  await clickhouse.insert('visits', ['id'], [[1]]);
  await clickhouse.insertBinary('visits', ['id'], Buffer.alloc(8));
  await clickhouse.query('SELECT 1');
  await clickhouse.queryBinary('SELECT 1');
  await clickhouse.command('OPTIMIZE TABLE visits');

  await plain.command('SYSTEM FLUSH LOGS');
  const trace = traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const rows = await plain.query<{ parent: number }>(sql, { trace });

  assert.deepEqual(
    rows.map(({ parent }) => parent),
    [1, 2, 3, 4, 5],
  );
});

test('a call that fails is the failure of its span', async () => {
  let told: unknown;
  const trace: CallTracer = async (_call, run) => {
    try {
      return await run();
    } catch (error) {
      told = error;
      throw error;
    }
  };

  await assert.rejects(tracedClickHouse(plain, trace).query('SELECT nothing'), (error) => error === told);
});

test('without a tracer the client is what it was', () => {
  assert.equal(tracedClickHouse(plain, undefined), plain);
});
