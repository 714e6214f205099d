/**
 * Embedded mode: every service in this process, the same code as in their own, on the embedded log and a ClickHouse
 * server as a child process. For laptops, demos, small sites and tests. One process owns a data directory.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse, migrate } from '@precede/clickhouse';
import { topicSpecs } from '@precede/contracts';
import { controlFields, startControl } from '@precede/control';
import { enforcerFields, startEnforcer } from '@precede/enforcer';
import { ingestFields, startIngest } from '@precede/ingest';
import { type EventLog, openEmbeddedLog } from '@precede/log';
import { scorerFields, startScorer } from '@precede/scorer';
import {
  type Clock,
  createHealth,
  createLogger,
  createMetrics,
  type Fields,
  type Logger,
  loadConfig,
  logFieldsOf,
  noTracing,
  type RunningService,
  retentionFields,
  retentionOptions,
  startTracing,
  type Tools,
  tracingFields,
  type Values,
} from '@precede/service';
import { sessionizerFields, startSessionizer } from '@precede/sessionizer';
import { type InstanceFile, instanceFile } from './options.ts';
import type { PortName } from './ports.ts';
import { type Secrets, secretsOf } from './secrets.ts';
import { type SupervisedClickHouse, superviseClickHouse } from './supervised-clickhouse.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly ports: Readonly<Record<PortName, number>>;
  readonly clock: Clock;
  readonly logLevel: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Embedded {
  readonly addresses: Readonly<Record<PortName, string>>;
  readonly token: string;
  /** Ends the services so that everything accepted is in the log, then log and ClickHouse. */
  close(): Promise<void>;
}

/** Of every data topic of an embedded log. */
export const embeddedPartitions = 4;

/** What has been started, closed in reverse when a later part cannot start or the whole ends. */
type Closing = () => Promise<void>;

export const startEmbedded = async (options: EmbeddedOptions): Promise<Embedded> => {
  const secrets = secretsOf(options.dataDir, options.env);
  const closing: Closing[] = [];
  const close = async (): Promise<void> => {
    for (let last = closing.pop(); last !== undefined; last = closing.pop()) await last();
  };
  try {
    return { ...(await startAll(options, secrets, closing)), token: secrets.token, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const startAll = async (
  options: EmbeddedOptions,
  secrets: Secrets,
  closing: Closing[],
): Promise<Pick<Embedded, 'addresses'>> => {
  const { dataDir, clock } = options;
  const logger = createLogger('precede', options.logLevel);
  // The log first: it locks the directory, so that a second process ends before it touches anything.
  const log = await openEmbeddedLog({ dir: join(dataDir, 'log'), partitions: embeddedPartitions, clock });
  closing.push(() => log.close());
  await log.ensureTopics(topicSpecs);
  const server = await superviseClickHouse(
    join(dataDir, 'clickhouse'),
    options.host,
    options.ports.clickhouse,
    logger,
  );
  closing.push(() => server.close());
  const clickhouse = connectClickHouse(server.connection);
  closing.push(() => clickhouse.close());
  await migrate(clickhouse, {
    logger,
    retention: retentionOptions(loadConfig(retentionFields, options.env)),
  });
  await server.openRooms();
  const addresses = await startServices(options, secrets, { log, clickhouse, server, logger }, closing);
  writeInstanceFile(dataDir, addresses);
  closing.push(async () => rmSync(instanceFile(dataDir), { force: true }));
  return { addresses };
};

interface Shared {
  readonly log: EventLog;
  readonly clickhouse: ClickHouse;
  readonly server: SupervisedClickHouse;
  readonly logger: Logger;
}

/** Consumers before producers, so that reverse order closes the producers first. */
const startServices = async (
  options: EmbeddedOptions,
  secrets: Secrets,
  { log, clickhouse, server, logger }: Shared,
  closing: Closing[],
): Promise<Record<PortName, string>> => {
  const env = { ...options.env, ...secretEnv(secrets) };
  const begin = async <F extends Fields>(
    name: Exclude<PortName, 'clickhouse'>,
    fields: F,
    extra: Readonly<Record<string, string>>,
    start: (config: Values<F>, tools: Tools) => Promise<RunningService>,
  ): Promise<string> => {
    const prefix = `PRECEDE_${name.toUpperCase()}`;
    const placed = { [`${prefix}_HOST`]: options.host, [`${prefix}_PORT`]: String(options.ports[name]) };
    const config = loadConfig(fields, { ...env, ...extra, ...placed });
    const tools = await toolsOf(name, options);
    closing.push(() => tools.tracing.close());
    const service = await start(config, tools);
    closing.push(() => service.close());
    return service.address;
  };
  const scorer = await begin('scorer', scorerFields, {}, (c, t) => startScorer(c, { log, clickhouse, ...t }));
  const sessionizer = await begin('sessionizer', sessionizerFields, {}, (c, t) =>
    startSessionizer(c, { log, ...t }),
  );
  const stateDir = join(options.dataDir, 'enforcer');
  const enforcer = await begin(
    'enforcer',
    enforcerFields,
    { PRECEDE_ENFORCER_SNAPSHOT_DIR: stateDir },
    (c, t) => startEnforcer(c, { log, ...t }),
  );
  const ingest = await begin('ingest', ingestFields, {}, (c, t) => startIngest(c, { log, ...t }));
  const told = {
    PRECEDE_CONTROL_MODE: 'embedded',
    PRECEDE_CONTROL_INGEST_URL: ingest,
    PRECEDE_CONTROL_ENFORCER_URL: enforcer,
    PRECEDE_CONTROL_CLICKHOUSE_URL: server.connection.url,
  };
  const control = await begin('control', controlFields, told, (c, t) =>
    startControl(c, { log, clickhouse, ...t }),
  );
  logger.info({ control, ingest, enforcer }, 'all services are started');
  return { control, ingest, enforcer, sessionizer, scorer, clickhouse: server.connection.url };
};

/** As values, wherever they came from. */
const secretEnv = (secrets: Secrets): Record<string, string> => ({
  PRECEDE_SESSION_KEY_FILE: '',
  PRECEDE_CONTROL_ADMIN_TOKEN_FILE: '',
  PRECEDE_SESSION_KEY: secrets.sessionKey,
  PRECEDE_CONTROL_ADMIN_TOKEN: secrets.token,
});

/** Each service has traces of its own, so that its spans carry its name. */
const toolsOf = async (name: string, options: EmbeddedOptions) => {
  let tracing = noTracing;
  const logger = createLogger(name, options.logLevel, () => logFieldsOf(tracing));
  const registry = createMetrics();
  const config = loadConfig(tracingFields, options.env);
  tracing = await startTracing(config, { name, messagingSystem: 'precede', logger, registry });
  return { logger, registry, tracing, health: createHealth(), clock: options.clock };
};

const writeInstanceFile = (dataDir: string, addresses: Readonly<Record<PortName, string>>): void => {
  const { control, ingest, enforcer, clickhouse } = addresses;
  const file: InstanceFile = { pid: process.pid, control, ingest, enforcer, clickhouse };
  writeFileSync(instanceFile(dataDir), `${JSON.stringify(file, null, 1)}\n`, { mode: 0o600 });
};
