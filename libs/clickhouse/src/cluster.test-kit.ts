/**
 * Embedded servers that form a cluster, as far as the embedded engine can: Distributed tables over TCP for real. It has no
 * queue of DDL (ON CLUSTER) and replicated tables take no rows, so `spread` runs each statement on every server in turn, with
 * the plain engine; what is replicated is looked at apart.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse } from './client.ts';
import { type EmbeddedClickHouse, startEmbeddedClickHouse } from './embedded-server.ts';

export const CLUSTER = 'pair';

export interface Member {
  readonly server: EmbeddedClickHouse;
  connect(database: string, cluster?: string): ClickHouse;
}

const PASSWORD = 'one-password-for-all-members';

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

const shard = (port: number): string =>
  `<shard><replica><host>127.0.0.1</host><port>${port}</port><user>precede</user><password>${PASSWORD}</password></replica></shard>`;

/** The engine's in-memory Keeper is enough to create replicated tables, and for nothing else. */
const config = (ports: readonly number[], index: number): string => `<clickhouse>
  <tcp_port>${ports[index]}</tcp_port>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros><shard>${index + 1}</shard><replica>r1</replica></macros>
  <remote_servers><${CLUSTER}>${ports.map(shard).join('')}</${CLUSTER}></remote_servers>
</clickhouse>`;

async function startMember(
  dir: string,
  ports: readonly number[],
  index: number,
  users: string,
): Promise<Member> {
  for (const folder of ['config.d', 'users.d']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'users.d', 'more.xml'), `<clickhouse><users>${users}</users></clickhouse>`);
  writeFileSync(join(dir, 'config.d', 'cluster.xml'), config(ports, index));
  writeFileSync(join(dir, 'precede.password'), PASSWORD);
  const server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  const connect = (database: string, cluster = ''): ClickHouse => {
    const { url, username, password } = server;
    return connectClickHouse({ url, username, password, database, cluster, requestTimeoutMs: 30_000 });
  };
  const starter = connect('default');
  await starter.command('SYSTEM START LISTEN TCP');
  await starter.command('CREATE DATABASE precede');
  await starter.close();
  return { server, connect };
}

/** `users` are the elements of users.xml beside those every embedded server has. */
export async function startCluster(root: string, size: number, users = ''): Promise<Member[]> {
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  return Promise.all(
    ports.map((_, index) => startMember(join(root, `member-${index}`), ports, index, users)),
  );
}

const plain = (sql: string): string =>
  sql
    .replace(` ON CLUSTER \`${CLUSTER}\``, '')
    .replace(/Replicated(\w+)\('[^']*', '\{replica\}'(?:, )?/, '$1(');

/** The first member's client on the database that members bring along; statements ON CLUSTER are made on every member. */
export function spread(clients: readonly ClickHouse[]): ClickHouse {
  const [first] = clients;
  if (first === undefined) throw new Error('a cluster has a member');
  const command = async (sql: string, params?: Record<string, unknown>): Promise<void> => {
    const members = sql.includes(' ON CLUSTER ') ? clients : [first];
    for (const member of members) await member.command(plain(sql), params);
  };
  return { ...first, command, createDatabase: async () => {} };
}
