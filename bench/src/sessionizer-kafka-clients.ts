/** The sessionizers of sessionizer-kafka.bench.ts as child processes, and what /proc says of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Topic } from '@precede/contracts';
import { cpuSeconds } from './cpu.ts';
import { partitions } from './sessionizer-kafka-input.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const peerSource = join(root, 'bench/peers/kafka-streams');
const peerDir = join(root, '.work/kafka-streams-peer');

const shippedMain = join(root, 'services/sessionizer/src/main.ts');
const likeMain = fileURLToPath(new URL('./sessionizer-kafka-child.ts', import.meta.url));

export const Client = {
  shipped: 'precede, as shipped',
  like: 'precede, like outputs',
  rocksdb: 'Kafka Streams, RocksDB',
  memory: 'Kafka Streams, in memory',
  tuned: 'Kafka Streams, RocksDB, record cache, 1 s commits',
} as const;
export type Client = (typeof Client)[keyof typeof Client];

export interface Setting {
  readonly brokers: string;
  readonly registryUrl: string;
  /** Prefix of the topics that are read, and of those that are written: ours writes where it reads. */
  readonly inPrefix: string;
  readonly outPrefix: string;
  readonly gapMs: number;
  readonly graceMs: number;
  /** Of sessions.v1, for the peer. */
  readonly schemaId: number;
  /** For ours. */
  readonly nodeArgs: readonly string[];
}

export interface Running {
  readonly pid: number;
  /** Group whose committed offsets tell how far it is, without the prefix. */
  readonly group: string;
  /** Resolves when it takes part, with its partitions open. */
  ready(): Promise<void>;
  /** CPU seconds at its first record, for ours at the opening of its first partition. */
  begun(): Promise<{ atMs: number; cpu: number }>;
  /** Throws, with its output, where it has ended. */
  check(): void;
  close(): Promise<void>;
}

export const isOurs = (client: Client): boolean => client === Client.shipped || client === Client.like;

export const buildPeer = async (): Promise<void> => {
  const build = spawn(join(peerSource, 'build.sh'), [peerDir], { stdio: 'inherit' });
  const code = await new Promise((resolve) => build.once('close', resolve));
  if (code !== 0) throw new Error(`the peer cannot be built: ${code}`);
};

export const launch = (client: Client, setting: Setting): Running =>
  isOurs(client) ? launchOurs(client, setting) : launchPeer(client, setting);

const launchOurs = (client: Client, setting: Setting): Running => {
  const script = client === Client.shipped ? shippedMain : likeMain;
  const env = {
    PRECEDE_KAFKA_BROKERS: setting.brokers,
    PRECEDE_SCHEMA_REGISTRY_URL: setting.registryUrl,
    PRECEDE_KAFKA_TOPIC_PREFIX: setting.inPrefix,
    PRECEDE_KAFKA_PARTITIONS: String(partitions),
    PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
    PRECEDE_SESSIONIZER_HOST: '127.0.0.1',
    PRECEDE_SESSIONIZER_PORT: '0',
  };
  const child = spawn(process.execPath, [...setting.nodeArgs, script], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child, {
    group: 'precede.sessionizer',
    begin: 'partition opened',
    isReady: (output) => output.split('partition opened').length > partitions,
    cleanUp: () => {},
  });
};

const launchPeer = (client: Client, setting: Setting): Running => {
  const state = mkdtempSync(join(tmpdir(), 'precede-peer-'));
  const isTuned = client === Client.tuned;
  const group = `peer-${process.hrtime.bigint()}`;
  const given = {
    bootstrap: setting.brokers,
    app: setting.inPrefix + group,
    in: setting.inPrefix + Topic.requests,
    out: setting.outPrefix + Topic.sessions,
    'schema-id': setting.schemaId,
    'gap-ms': setting.gapMs,
    'grace-ms': setting.graceMs,
    store: client === Client.memory ? 'memory' : 'rocksdb',
    cache: isTuned ? 'on' : 'off',
    'commit-ms': isTuned ? 1_000 : 100,
    threads: 2,
    state,
  };
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(join(peerSource, 'run.sh'), [peerDir, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return watch(child, {
    group,
    begin: 'first\n',
    isReady: (output) => output.includes('state RUNNING'),
    cleanUp: () => rmSync(state, { recursive: true, force: true }),
  });
};

/** A bench that fails half way must leave nothing running behind it. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

interface Signs {
  readonly group: string;
  /** In its output, once it reads. */
  readonly begin: string;
  isReady(output: string): boolean;
  cleanUp(): void;
}

const watch = (child: ChildProcess, signs: Signs): Running => {
  const pid = child.pid ?? 0;
  let output = '';
  let isOver = false;
  let begun: { atMs: number; cpu: number } | undefined;
  const take = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-100_000);
    if (begun === undefined && output.includes(signs.begin))
      begun = { atMs: performance.now(), cpu: cpuSeconds(pid) };
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const exited = new Promise<void>((resolve) =>
    child.once('close', () => {
      isOver = true;
      children.delete(child);
      resolve();
    }),
  );
  children.add(child);
  const until = async <T>(ask: () => T | undefined): Promise<T> => {
    const deadlineMs = performance.now() + 60_000;
    for (;;) {
      const answer = ask();
      if (answer !== undefined) return answer;
      if (isOver || performance.now() > deadlineMs) throw new Error(`the client does not begin:\n${output}`);
      await sleep(5);
    }
  };
  return {
    pid,
    group: signs.group,
    ready: async () => void (await until(() => (signs.isReady(output) ? true : undefined))),
    begun: () => until(() => begun),
    check: () => {
      if (isOver) throw new Error(`the client has ended:\n${output}`);
    },
    close: async () => {
      child.kill('SIGTERM');
      await exited;
      signs.cleanUp();
    },
  };
};

/** The most memory the process has had resident, MiB. */
export const peakMiB = (pid: number): number => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
};
