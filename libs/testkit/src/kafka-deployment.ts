/** Five processes on a real Kafka and schema registry with a real ClickHouse, each killed and started by itself. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callControl, clock, type Deployment, querySql, sessionKey, token } from './deployment.ts';
import { eventually, freePort, type Running, start } from './processes.ts';

const services = ['ingest', 'sessionizer', 'scorer', 'enforcer', 'control'] as const;
const clickhouse = 'clickhouse';

export interface KafkaAddresses {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
}

export interface KafkaDeploymentOptions extends KafkaAddresses {
  /** Environment of every service besides its addresses. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface KafkaDeployment extends Deployment {
  pids(): number[];
  partPids(): [string, number][];
  readonly topicPrefix: string;
  /** Base address of a part. */
  addressOf(part: string): string;
}

export const deployOnKafka = async (options: KafkaDeploymentOptions): Promise<KafkaDeployment> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'precede-e2e-'));
  const ports = new Map<string, number>();
  for (const part of [...services, clickhouse]) ports.set(part, await freePort());
  const addressOf = (part: string): string => `http://127.0.0.1:${ports.get(part)}`;
  const running = new Map<string, Running>();
  let output = '';

  const begin = async (part: string): Promise<void> => {
    const process = launch(part, dataDir, ports, await serviceEnv());
    running.set(part, process);
    const isReady = (): Promise<boolean> =>
      readyAt(`${addressOf(part)}${part === clickhouse ? '/ping' : '/readyz'}`);
    let hasEnded = false;
    void process.exited.then(() => {
      hasEnded = true;
    });
    const outcome = await eventually(`${part} ready`, async () =>
      hasEnded ? 'ended' : (await isReady()) ? 'ready' : undefined,
    ).catch((cause: unknown) => {
      throw new Error(`${part} is not ready:\n${process.output()}`, { cause });
    });
    if (outcome === 'ended') throw new Error(`${part} ended:\n${process.output()}`);
  };
  const end = async (part: string, signal: NodeJS.Signals): Promise<void> => {
    const process = running.get(part);
    if (process === undefined) return;
    process.kill(signal);
    await process.exited;
    output += `== ${part} (${signal})\n${process.output()}\n`;
    running.delete(part);
  };
  const prefix = `e2e-${randomBytes(4).toString('hex')}.`;
  const password = (): string => readFileSync(join(dataDir, clickhouse, 'precede.password'), 'utf8').trim();
  const serviceEnv = async (): Promise<Record<string, string>> => ({
    ...shared(options, prefix),
    PRECEDE_CLICKHOUSE_URL: addressOf(clickhouse),
    PRECEDE_CLICKHOUSE_USERNAME: 'precede',
    PRECEDE_CLICKHOUSE_PASSWORD: running.has(clickhouse) ? password() : '',
    PRECEDE_CONTROL_INGEST_URL: addressOf('ingest'),
    PRECEDE_CONTROL_ENFORCER_URL: addressOf('enforcer'),
    PRECEDE_CONTROL_CLICKHOUSE_URL: addressOf(clickhouse),
    ...options.env,
  });
  const close = async (): Promise<void> => {
    await Promise.all(services.map((part) => end(part, 'SIGTERM')));
    await end(clickhouse, 'SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await begin(clickhouse);
    // At once, as an orchestrator does: topics, schemas and tables are made by whoever comes first.
    await Promise.all(services.map(begin));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    env: { PRECEDE_URL: addressOf('control'), PRECEDE_TOKEN: token, PRECEDE_CLOCK: clock },
    dataDir,
    parts: [...services, clickhouse],
    kill: (part) => end(part, 'SIGKILL'),
    start: begin,
    sql: (query) => querySql(addressOf(clickhouse), 'precede', password(), query),
    control: (method, path, body) => callControl(addressOf('control'), method, path, body),
    logs: () => output + [...running].map(([part, process]) => `== ${part}\n${process.output()}`).join('\n'),
    addressOf,
    topicPrefix: prefix,
    pids: () => [...running.values()].map((process) => process.pid),
    partPids: () => [...running].map(([part, process]) => [part, process.pid]),
    close,
  };
};

const shared = (options: KafkaDeploymentOptions, prefix: string): Record<string, string> => ({
  PRECEDE_KAFKA_BROKERS: options.brokers.join(','),
  PRECEDE_SCHEMA_REGISTRY_URL: options.registryUrl,
  PRECEDE_KAFKA_TOPIC_PREFIX: prefix,
  PRECEDE_KAFKA_PARTITIONS: '4',
  PRECEDE_KAFKA_REPLICATION_FACTOR: '1',
  PRECEDE_CLOCK: clock,
  PRECEDE_SESSION_KEY: sessionKey,
  PRECEDE_CONTROL_ADMIN_TOKEN: token,
});

const launch = (
  part: string,
  dataDir: string,
  ports: ReadonlyMap<string, number>,
  env: Readonly<Record<string, string>>,
): Running => {
  const port = String(ports.get(part));
  if (part === clickhouse)
    return start('cli/src/main.ts', ['clickhouse', '--data', dataDir, '--port', port], {});
  const name = part.toUpperCase();
  return start(`services/${part}/src/main.ts`, [], {
    ...env,
    [`PRECEDE_${name}_HOST`]: '127.0.0.1',
    [`PRECEDE_${name}_PORT`]: port,
  });
};

const readyAt = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
};
