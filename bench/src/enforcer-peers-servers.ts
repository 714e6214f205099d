/** The servers of the peers' bench, each with how it is asked; or why it is left out. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Ports } from './enforcer-peers-child.ts';
import { opaPolicy, ratePolicy } from './enforcer-peers-dialects.ts';
import type { Run } from './enforcer-peers-load.ts';
import { forkNode, freePort, launch, messageOf } from './enforcer-peers-processes.ts';

export interface Subject {
  readonly name: string;
  readonly protocol: 'http' | 'grpc';
  /** What the ratio is to. */
  readonly isFloor: boolean;
  /** Whose CPU is a decision's; the first is the server itself, the others what it needs beside it. */
  readonly pids: readonly number[];
  readonly ask: Pick<Run, 'port' | 'dialect' | 'world' | 'asking'>;
}

export interface Absent {
  readonly name: string;
  readonly reason: string;
}

const dir = mkdtempSync(join(tmpdir(), 'precede-peers-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));

const pidOf = (child: ChildProcess): number => {
  if (child.pid === undefined) throw new Error('a process without a pid');
  return child.pid;
};

export const startFloors = async (): Promise<Subject[]> => {
  const http = forkNode('enforcer-peers-child.ts', ['http'], []);
  const grpc = forkNode('enforcer-peers-child.ts', ['grpc'], []);
  const httpPort = (await messageOf<Ports>(http)).http ?? 0;
  const grpcPort = (await messageOf<Ports>(grpc)).grpc ?? 0;
  const floor = { isFloor: true, asking: 'constant' } as const;
  return [
    {
      ...{ name: 'floor: node:http, constant', protocol: 'http', isFloor: true, pids: [pidOf(http)] },
      ask: { port: httpPort, dialect: 'precedeHttp', world: 'floor', asking: floor.asking },
    },
    {
      ...{ name: 'floor: node:http2, constant', protocol: 'grpc', isFloor: true, pids: [pidOf(grpc)] },
      ask: { port: grpcPort, dialect: 'extAuthz', world: 'floor', asking: floor.asking },
    },
  ];
};

export interface Enforcer {
  readonly child: ChildProcess;
  readonly subjects: readonly Subject[];
  readonly absent: readonly Absent[];
}

/** Both its faces share one process and its sessions. */
export const startEnforcerChild = async (
  maxSessions: number,
  nodeArgs: readonly string[],
): Promise<Enforcer> => {
  const child = forkNode(
    'enforcer-peers-child.ts',
    ['enforcer', String(maxSessions)],
    ['--expose-gc', ...nodeArgs],
  );
  const ports = await messageOf<Ports>(child);
  const about = { isFloor: false, pids: [pidOf(child)] };
  const ask = { world: 'enforcer', asking: 'sessions' } as const;
  const subjects: Subject[] = [];
  const absent: Absent[] = [];
  const http = { name: 'Precede, POST /v1/decide', protocol: 'http' } as const;
  if (ports.http !== undefined)
    subjects.push({ ...http, ...about, ask: { ...ask, port: ports.http, dialect: 'precedeHttp' } });
  const grpc = { name: 'Precede, ext_authz gRPC', protocol: 'grpc' } as const;
  if (ports.grpc !== undefined)
    subjects.push({ ...grpc, ...about, ask: { ...ask, port: ports.grpc, dialect: 'extAuthz' } });
  else absent.push({ name: grpc.name, reason: 'the enforcer has no such interface yet' });
  return { child, subjects, absent };
};

const built = (peersDir: string, name: string): string => join(peersDir, 'bin', name);

const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((each) => join(each, name))
    .find((each) => existsSync(each));

const howTo = 'tools/bench-peers/build.sh builds it';

export const startOpa = async (peersDir: string): Promise<Subject | Absent> => {
  const name = 'OPA, data API';
  const binary = built(peersDir, 'opa');
  if (!existsSync(binary)) return { name, reason: `${binary} is missing, ${howTo}` };
  const { rego, data } = opaPolicy();
  const files = [join(dir, 'policy.rego'), join(dir, 'data.json')] as const;
  writeFileSync(files[0], rego);
  writeFileSync(files[1], data);
  const port = await freePort();
  const args = [
    'run',
    '--server',
    '--addr',
    `127.0.0.1:${port}`,
    '--log-level',
    'error',
    '--disable-telemetry',
  ];
  const child = await launch(binary, [...args, ...files], port);
  return {
    ...{ name, protocol: 'http', isFloor: false, pids: [pidOf(child)] },
    ask: { port, dialect: 'opaHttp', world: 'opa', asking: 'sessions' },
  };
};

/** Both its faces share one process and one Redis. */
export const startRateLimit = async (peersDir: string): Promise<readonly (Subject | Absent)[]> => {
  const http = { name: 'ratelimit, JSON', protocol: 'http', isFloor: false } as const;
  const grpc = { name: 'ratelimit, gRPC', protocol: 'grpc', isFloor: false } as const;
  const binary = built(peersDir, 'ratelimit');
  const redis = onPath('redis-server') ?? onPath('valkey-server');
  const reason = !existsSync(binary)
    ? `${binary} is missing, ${howTo}`
    : redis === undefined
      ? 'redis-server is missing'
      : undefined;
  if (reason !== undefined || redis === undefined)
    return [http, grpc].map(({ name }) => ({ name, reason: reason ?? '' }));
  const redisPort = await freePort();
  const store = await launch(redis, redisArgs(redisPort), redisPort);
  const [port, grpcPort] = [await freePort(), await freePort()];
  const child = await launch(binary, [], port, await rateEnvironment(port, grpcPort, redisPort));
  const pids = [pidOf(child), pidOf(store)];
  const ask = { world: 'ratelimit', asking: 'rates' } as const;
  return [
    { ...http, pids, ask: { ...ask, port, dialect: 'rateHttp' } },
    { ...grpc, pids, ask: { ...ask, port: grpcPort, dialect: 'rateGrpc' } },
  ];
};

const redisArgs = (port: number): string[] => [
  ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir],
];

const rateEnvironment = async (port: number, grpcPort: number, redisPort: number) => {
  const config = join(dir, 'ratelimit', 'config');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'precede.yaml'), ratePolicy());
  const debugPort = await freePort();
  return {
    ...{ HOST: '127.0.0.1', GRPC_HOST: '127.0.0.1', DEBUG_HOST: '127.0.0.1' },
    ...{ PORT: String(port), GRPC_PORT: String(grpcPort), DEBUG_PORT: String(debugPort) },
    ...{ RUNTIME_ROOT: dir, RUNTIME_SUBDIRECTORY: 'ratelimit', RUNTIME_WATCH_ROOT: 'false' },
    ...{ REDIS_SOCKET_TYPE: 'tcp', REDIS_URL: `127.0.0.1:${redisPort}`, USE_STATSD: 'false' },
    ...{ LOG_LEVEL: 'error' },
  };
};
