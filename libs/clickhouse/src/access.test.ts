import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConfigError, ErrorCode, UnavailableError } from '@precede/contracts';
import { hasOpenssl, makeAuthority } from '@precede/testkit';
import { type ClickHouse, type ClickHouseOptions, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';
import { assertMigrated, schemaState } from './migration-state.ts';
import { migrate } from './migrations.ts';

const dir = mkdtempSync(join(tmpdir(), 'precede-access-'));
const skip = hasOpenssl() ? false : 'openssl is not found';
const servicePassword = 'of the service';
const closers: (() => Promise<void> | void)[] = [];
let server: EmbeddedClickHouse;

/** As docs/operations.md says it for the account of the services. */
const serviceUser = `<clickhouse><users><service>
  <password>${servicePassword}</password>
  <networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
  <grants><query>GRANT SELECT, INSERT, dictGet ON access.*</query></grants>
</service></users></clickhouse>`;

const connect = (changes: Partial<ClickHouseOptions> = {}): ClickHouse => {
  const { url, username, password } = server;
  const given = { url, username, password, database: 'access', requestTimeoutMs: 30_000 };
  const client = connectClickHouse({ ...given, ...changes });
  closers.push(() => client.close());
  return client;
};
const asService = (changes: Partial<ClickHouseOptions> = {}): ClickHouse =>
  connect({ username: 'service', password: servicePassword, ...changes });

/** The server behind TLS, as a proxy or its own port would show it. Tells the last request's headers. */
const behindTls = async (options: ServerOptions) => {
  const seen: NodeJS.Dict<string | string[]> = {};
  const { port } = new URL(server.url);
  const proxy = createServer(options, (from, to) => {
    Object.assign(seen, from.headers);
    const { 'x-clickhouse-ssl-certificate-auth': _left, ...headers } = from.headers;
    const on = request({ host: '127.0.0.1', port, path: from.url, method: from.method, headers });
    on.on('response', (answer) => {
      to.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(to);
    });
    from.pipe(on);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  closers.push(
    () => void proxy.closeAllConnections(),
    () => void proxy.close(),
  );
  return { url: `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
};

before(async () => {
  mkdirSync(join(dir, 'users.d'));
  writeFileSync(join(dir, 'users.d', 'service.xml'), serviceUser);
  server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
});

after(async () => {
  for (const close of closers.reverse()) await close();
  await server.close();
  rmSync(dir, { recursive: true });
});

const silent = { warn: () => {} };

test('an account that may only read and write is told what is missing, and is content when it is there', async () => {
  const service = asService();

  const isMissing = {
    message: /Missing in the database access, .*operations, counts, .*Run "precede migrate"/,
  };
  await assert.rejects(assertMigrated(service, { logger: silent }), isMissing);
  await assert.rejects(migrate(service), { code: ErrorCode.clickhouseRefused });
  const all = (await schemaState(service)).migrations;
  await migrate(connect());

  await assertMigrated(service, { logger: silent });
  const now = (await schemaState(service)).migrations;
  assert.deepEqual(
    now.map(({ isApplied }) => isApplied),
    all.map(() => true),
  );
});

test('that account reads and writes, and changes no table', async () => {
  const service = asService();
  await migrate(connect());

  await service.insert('requests', ['zone_id'], []);
  assert.deepEqual(await service.query('SELECT count() AS n FROM sequence_counts'), [{ n: 0 }]);
  await assert.rejects(service.command('TRUNCATE TABLE requests'), { code: ErrorCode.clickhouseRefused });
});

test('another retention is told of and changes nothing for those who may not', async () => {
  await migrate(connect());
  const day = 86_400_000;
  const keep = { countsMs: 3 * day, scoresMs: 7 * day, decisionsMs: 30 * day, requestsMs: 7 * day };
  const warned: object[] = [];
  const logger = { warn: (facts: object) => void warned.push(facts) };

  await assertMigrated(asService(), { logger, retention: { ...keep, sessionsMs: day } });

  assert.deepEqual(warned, [{ tables: ['sessions'] }]);
  assert.deepEqual(
    (await schemaState(asService(), { retention: { ...keep, sessionsMs: day } })).retention.map(
      (r) => r.table,
    ),
    ['sessions'],
  );
});

test('what a person asked to have done is told as it is done', async () => {
  const done: string[] = [];
  const clickhouse = connect({ database: 'told' });

  await migrate(clickhouse, {
    onDone: (each) => done.push(each.kind === 'migration' ? each.name : each.table),
  });

  assert.deepEqual(
    done,
    (await schemaState(clickhouse)).migrations.map(({ name }) => name),
  );
});

test('a wrong password names the variables', async () => {
  await assert.rejects(asService({ password: 'guessed' }).ping(5_000), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /PRECEDE_CLICKHOUSE_USERNAME and PRECEDE_CLICKHOUSE_PASSWORD/);
    return true;
  });
});

test('a server with a certificate of an own authority is asked over TLS', { skip }, async () => {
  const authority = makeAuthority(join(dir, 'tls'), 'authority');
  const broker = authority.sign('clickhouse');
  const { url } = await behindTls({ cert: broker.cert, key: broker.key });

  const rows = await connect({ url, tls: { ca: authority.cert } }).query('SELECT 1 AS one');
  await connect({ url, tls: { ca: authority.cert }, database: 'over_tls' }).createDatabase();

  assert.deepEqual(rows, [{ one: 1 }]);
  const stranger = makeAuthority(join(dir, 'tls'), 'stranger');
  for (const tls of [{ ca: stranger.cert }, {}])
    await assert.rejects(connect({ url, tls }).query('SELECT 1'), (error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(
        error.message,
        /ClickHouse shows a certificate that PRECEDE_CLICKHOUSE_TLS_CA does not vouch for/,
      );
      return true;
    });
});

test('a client certificate is shown; without a password it is who we are', { skip }, async () => {
  const authority = makeAuthority(join(dir, 'tls'), 'mutual');
  const { cert, key } = authority.sign('clickhouse');
  const own = authority.sign('scorer');
  const { url, seen } = await behindTls({
    cert,
    key,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const tls = { ca: authority.cert, cert: own.cert, key: own.key };

  assert.deepEqual(await connect({ url, tls }).query('SELECT 1 AS one'), [{ one: 1 }]);
  assert.equal(seen['x-clickhouse-ssl-certificate-auth'], undefined);
  await connect({ url, tls, username: 'default', password: '' })
    .query('SELECT 1')
    .catch(() => {});
  assert.equal(seen['x-clickhouse-ssl-certificate-auth'], 'on');
  await assert.rejects(connect({ url, tls: { ca: authority.cert } }).query('SELECT 1'), {
    message: /PRECEDE_CLICKHOUSE_TLS_CERT/,
  });
});
