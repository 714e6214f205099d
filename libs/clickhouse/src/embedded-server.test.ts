import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode } from '@precede/contracts';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';

const root = mkdtempSync(join(tmpdir(), 'precede-embedded-'));
after(() => rmSync(root, { recursive: true }));

const freshDir = (): string => mkdtempSync(join(root, 'data-'));

async function using<T>(
  server: EmbeddedClickHouse,
  work: (clickhouse: ClickHouse) => Promise<T>,
): Promise<T> {
  const { url, username, password } = server;
  const clickhouse = connectClickHouse({
    url,
    username,
    password,
    database: 'default',
    requestTimeoutMs: 30_000,
  });
  try {
    return await work(clickhouse);
  } finally {
    await clickhouse.close();
  }
}

async function createFacts(clickhouse: ClickHouse): Promise<void> {
  await clickhouse.command('CREATE TABLE IF NOT EXISTS facts (n UInt32) ENGINE = MergeTree ORDER BY n');
  await clickhouse.insert('facts', ['n'], [[1], [2], [3]]);
}

const countFacts = (clickhouse: ClickHouse): Promise<unknown> =>
  clickhouse.query('SELECT count() AS n FROM facts');

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<void> {
  for (const start = Date.now(); isAlive(pid); await sleep(20)) {
    assert.ok(Date.now() - start < 60_000, `process ${pid} is still there`);
  }
}

/** A process of its own that runs the server until it is killed. */
async function startInOtherProcess(dir: string): Promise<{ owner: ChildProcess; enginePid: number }> {
  const library = new URL('./embedded-server.ts', import.meta.url).href;
  const script = `const { startEmbeddedClickHouse } = await import(${JSON.stringify(library)});
    const server = await startEmbeddedClickHouse({ dir: ${JSON.stringify(dir)}, httpPort: 0 });
    process.stdout.write(String(server.pid)); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<string>((done) =>
    owner.stdout.once('data', (data: Buffer) => done(data.toString())),
  );
  return { owner, enginePid: Number(pid) };
}

test('data, passwords and users stay over a clean stop', async () => {
  const dir = freshDir();
  const first = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  await using(first, createFacts);
  await first.close();
  assert.equal(await first.exited, 0);

  const second = await startEmbeddedClickHouse({ dir, httpPort: 0 });

  assert.equal(second.password, first.password);
  assert.deepEqual(await using(second, countFacts), [{ n: 3 }]);
  await second.close();
});

test('what an insert has acknowledged is there after kill -9 of the engine', async () => {
  const dir = freshDir();
  const first = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  await using(first, createFacts);
  process.kill(first.pid, 'SIGKILL');
  assert.equal(await first.exited, null);

  const second = await startEmbeddedClickHouse({ dir, httpPort: 0 });

  assert.deepEqual(await using(second, countFacts), [{ n: 3 }]);
  await second.close();
});

test('when its process is killed the engine ends, and the directory can be opened at once', async () => {
  const dir = freshDir();
  const { owner, enginePid } = await startInOtherProcess(dir);
  owner.kill('SIGKILL');

  const server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  await untilDead(enginePid);

  await using(server, createFacts);
  await server.close();
});

test('when its process is killed the engine ends even if its directory is gone', async () => {
  const dir = freshDir();
  const { owner, enginePid } = await startInOtherProcess(dir);

  rmSync(dir, { recursive: true });
  owner.kill('SIGKILL');

  await untilDead(enginePid);
});

test('a second server on the directory is refused and the first one does not notice', async () => {
  const dir = freshDir();
  const { owner, enginePid } = await startInOtherProcess(dir);

  const fault = {
    code: ErrorCode.clickhouseInUse,
    message: new RegExp(`${dir}.* in use by process ${owner.pid}`),
  };
  await assert.rejects(startEmbeddedClickHouse({ dir, httpPort: 0 }), fault);

  assert.ok(isAlive(enginePid));
  owner.kill('SIGKILL');
  await untilDead(enginePid);
});

test('says so when the port is taken', async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;

  await assert.rejects(startEmbeddedClickHouse({ dir: freshDir(), httpPort: port }), {
    code: ErrorCode.clickhouseUnavailable,
    message: /EADDRINUSE/,
  });
  await new Promise((done) => other.close(done));
});

test("tells the engine's own words when it cannot start", async () => {
  const dir = freshDir();
  mkdirSync(join(dir, 'metadata'));
  writeFileSync(join(dir, 'metadata', 'system.sql'), 'garbage');

  await assert.rejects(startEmbeddedClickHouse({ dir, httpPort: 0 }), {
    code: ErrorCode.clickhouseUnavailable,
    message: /ended while starting: [\s\S]*Syntax error/,
  });
});

test('nobody gets in without a password, and the password files are for the owner alone', async () => {
  const dir = freshDir();
  const server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  const ask = (sql: string): Promise<Response> =>
    fetch(server.url, { method: 'POST', body: sql, headers: { connection: 'close' } });

  for (const sql of [
    'SELECT name FROM system.users',
    'CREATE TABLE t (n UInt8) ENGINE = Memory',
    'KILL QUERY WHERE 1',
  ]) {
    assert.match(await (await ask(sql)).text(), /ACCESS_DENIED/);
  }
  for (const name of ['precede.password', 'analyst.password', 'config.xml', 'users.xml', 'log/output.log']) {
    assert.equal(statSync(join(dir, name)).mode & 0o077, 0, name);
  }
  assert.ok(!readFileSync(join(dir, 'users.xml'), 'utf8').includes(server.password));
  await server.close();
});
