/**
 * A real Kafka and schema registry for tests, from the first of: addresses in the environment (tools/kafka/with-kafka.sh
 * sets them); containers, where PRECEDE_TEST_DOCKER=1; plain processes started by tools/kafka/*.sh.
 * Without any of them the tests skip and say why; with CI=true that is a failure.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface TestKafka {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** Where the broker is ours to end. It starts again on the same port and data. */
  readonly broker?: {
    end(how: 'stop' | 'kill'): Promise<void>;
    start(): Promise<void>;
  };
  release(): Promise<void>;
}

export interface NoKafka {
  /** Why there is none. */
  readonly skip: string;
}

const tools = fileURLToPath(new URL('../../../tools/kafka/', import.meta.url));
const run = promisify(execFile);
export const runKafkaScript = async (
  name: string,
  argument: string,
  env: NodeJS.ProcessEnv,
): Promise<void> => {
  await run(join(tools, name), [argument], { env: { ...process.env, ...env } });
};

export const temporaryDirectory = (prefix: string): Promise<string> => mkdtemp(join(tmpdir(), prefix));

const { env } = process;

/** Rejects where CI=true and there is none. */
export const acquireKafka = async (): Promise<TestKafka | NoKafka> => {
  const brokers = env['PRECEDE_TEST_KAFKA_BROKERS'];
  const registryUrl = env['PRECEDE_TEST_REGISTRY_URL'];
  if (brokers && registryUrl) return given(brokers.split(','), registryUrl);
  // Loaded only here: testcontainers is large, and most tests need none of it.
  if (env['PRECEDE_TEST_DOCKER'] === '1')
    return (await import('./kafka-containers.ts')).startKafkaContainers();
  const missing = ['java', 'mvn', 'curl'].filter(
    (tool) => spawnSync(tool, ['--version']).error !== undefined,
  );
  if (missing.length === 0) return startProcesses();
  const skip = `Kafka cannot be started: not found: ${missing.join(', ')}`;
  if (env['CI'] === 'true') throw new Error(skip);
  return { skip };
};

/** `control` starts and stops the broker; it takes what it needs from the environment of with-kafka.sh. */
const given = (brokers: readonly string[], registryUrl: string): TestKafka => {
  const found = { brokers, registryUrl, release: async () => {} };
  const control = env['PRECEDE_TEST_KAFKA_CONTROL'];
  return control === undefined ? found : { ...found, broker: brokerOf({}) };
};

const brokerOf = (ours: NodeJS.ProcessEnv): NonNullable<TestKafka['broker']> => ({
  end: (how) => runKafkaScript('kafka.sh', how, ours),
  start: () => runKafkaScript('kafka.sh', 'start', ours),
});

const startProcesses = async (): Promise<TestKafka> => {
  const dir = await temporaryDirectory('precede-kafka-');
  const [kafka, controller, registry, management] = await freePorts(4);
  const ours = {
    KAFKA_DIR: dir,
    KAFKA_PORT: String(kafka),
    KAFKA_CONTROLLER_PORT: String(controller),
    APICURIO_DIR: dir,
    APICURIO_PORT: String(registry),
    APICURIO_MANAGEMENT_PORT: String(management),
  };
  const release = async (): Promise<void> => {
    await runKafkaScript('kafka.sh', 'kill', ours);
    await runKafkaScript('apicurio.sh', 'stop', ours);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all([
      runKafkaScript('kafka.sh', 'start', ours),
      runKafkaScript('apicurio.sh', 'start', ours),
    ]);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    brokers: [`127.0.0.1:${kafka}`],
    registryUrl: `http://127.0.0.1:${registry}/apis/ccompat/v7`,
    broker: brokerOf(ours),
    release,
  };
};

/** Ports that nobody listens on now. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};
