/**
 * The life of one process: load configuration (all faults at once), start, run until SIGTERM or SIGINT, drain, close
 * in order. `--check-config` validates and leaves, `--version` tells release and commit. Exit codes: 0 clean, 1 configuration, 2 cannot go on.
 */
import { ConfigError } from '@precede/contracts';
import type { Registry } from 'prom-client';
import { type Clock, clockOf } from './clock.ts';
import { commonFields } from './common-config.ts';
import { type Fields, loadConfig, type Values } from './config.ts';
import { createHealth, type Health } from './health.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { startTracing } from './start-tracing.ts';
import { logFieldsOf, noTracing, type Tracing } from './tracing.ts';
import { tracingFields } from './tracing-config.ts';
import { versionOf, versionText } from './version.ts';

/** A started service; `close` ends it without losing what it has accepted. */
export interface RunningService {
  readonly name: string;
  /** Base address of its HTTP server. */
  readonly address: string;
  readonly health: Health;
  close(): Promise<void>;
}

export interface Tools {
  readonly logger: Logger;
  readonly registry: Registry;
  readonly health: Health;
  readonly clock: Clock;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

export type ServiceConfig<F extends Fields> = Values<F> &
  Values<typeof commonFields> &
  Values<typeof tracingFields>;

export interface ProcessDefinition<F extends Fields> {
  readonly name: string;
  readonly fields: F;
  start(config: ServiceConfig<F>, tools: Tools): Promise<RunningService>;
}

/** Closing that hangs, once the drain is over, is ended by force, so that an orchestrator need not. */
const closeTimeoutMs = 25_000;

export const runProcess = async <F extends Fields>(definition: ProcessDefinition<F>): Promise<void> => {
  if (process.argv.includes('--version')) {
    process.stdout.write(`precede ${definition.name} ${versionText()}\n`);
    return;
  }
  const config = configOrExit(definition.fields);
  if (process.argv.includes('--check-config')) {
    process.stdout.write(`${definition.name}: configuration is valid\n`);
    return;
  }
  let tracing = noTracing;
  const logger = createLogger(definition.name, config.PRECEDE_LOG_LEVEL, () => logFieldsOf(tracing));
  exitOnBrokenInvariant(logger);
  const stopped = signalled();
  const registry = createMetrics();
  const named = { name: definition.name, messagingSystem: 'kafka' };
  tracing = await startTracing(config, { ...named, logger, registry });
  const tools = {
    ...{ logger, registry, tracing },
    health: createHealth(),
    clock: clockOf(config.PRECEDE_CLOCK),
  };
  const service = await Promise.race([startOrExit(definition, config, tools), stopped]);
  if (typeof service === 'string') {
    // Nothing has been accepted yet that could be lost.
    logger.info({ signal: service }, 'stopped while starting');
    return process.exit(0);
  }
  logger.info({ address: service.address, ...versionOf() }, 'started');
  const signal = await stopped;
  logger.info({ signal }, 'stopping');
  await closeOrExit(service, logger, config.PRECEDE_DRAIN);
  await tracing.close();
  logger.info('stopped');
  process.exit(0);
};

const configOrExit = <F extends Fields>(fields: F): ServiceConfig<F> => {
  try {
    return loadConfig({ ...commonFields, ...tracingFields, ...fields }, process.env) as ServiceConfig<F>;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(
      `configuration has ${error.faults.length} fault(s):\n${error.faults.map((f) => `  ${f}\n`).join('')}`,
    );
    return process.exit(1);
  }
};

const startOrExit = async <F extends Fields>(
  definition: ProcessDefinition<F>,
  config: ServiceConfig<F>,
  tools: Tools,
): Promise<RunningService> => {
  try {
    return await definition.start(config, tools);
  } catch (error) {
    tools.logger.fatal({ err: error }, 'cannot start');
    return process.exit(error instanceof ConfigError ? 1 : 2);
  }
};

const closeOrExit = async (service: RunningService, logger: Logger, drainMs: number): Promise<void> => {
  service.health.drain();
  await new Promise((resolve) => setTimeout(resolve, drainMs));
  const force = setTimeout(() => {
    logger.fatal({ closeTimeoutMs }, 'shutdown took too long');
    process.exit(2);
  }, closeTimeoutMs);
  await service.close();
  clearTimeout(force);
};

const signalled = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });

const exitOnBrokenInvariant = (logger: Logger): void => {
  const end = (err: unknown): never => {
    logger.fatal({ err }, 'unexpected fault, ending the process');
    return process.exit(2);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
};
