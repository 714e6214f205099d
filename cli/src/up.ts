/** `precede up`: the embedded instance in the foreground; addresses and a ready line on stdout. */
import { createServer } from 'node:net';
import { InputError } from '@precede/contracts';
import { clockOf } from '@precede/service';
import type { Command } from 'commander';
import type { Embedded } from './embedded.ts';
import { defaultDataDir, tokenFile, wholeNumber } from './options.ts';
import { bold, print } from './output.ts';
import { type PortName, ports } from './ports.ts';

export interface UpOptions {
  readonly data: string;
  readonly host: string;
  readonly logLevel: string;
  readonly controlPort?: number;
  readonly ingestPort?: number;
  readonly enforcerPort?: number;
  readonly sessionizerPort?: number;
  readonly scorerPort?: number;
  readonly clickhousePort?: number;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const portNames = Object.keys(ports) as readonly PortName[];

export const withUpOptions = (command: Command): Command => {
  command
    .option('--data <dir>', 'data directory, kept across restarts', defaultDataDir)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--log-level <level>', logLevels.join(', '), process.env['PRECEDE_LOG_LEVEL'] || 'warn');
  for (const name of portNames)
    command.option(
      `--${name}-port <port>`,
      `port of ${name}, 0 for a free one (default: PRECEDE_${name.toUpperCase()}_PORT or ${ports[name]})`,
      wholeNumber(`${name}-port`, 0, 65_535),
    );
  return command;
};

export const upCommand = (program: Command): void => {
  withUpOptions(
    program.command('up').description('run everything in this process, with an embedded log and ClickHouse'),
  ).action(async (options: UpOptions) => {
    const instance = await startUp(options, { mayMovePorts: false });
    printAddresses(instance);
    print(
      `token       in ${tokenFile(options.data)}; try: curl -H "Authorization: Bearer $(cat ${tokenFile(options.data)})" ${instance.addresses.control}/client/v4/zones`,
    );
    print('precede is ready');
    await runUntilSignal(instance);
  });
};

export const startUp = async (
  options: UpOptions,
  { mayMovePorts }: { mayMovePorts: boolean },
): Promise<Embedded> => {
  if (!logLevels.includes(options.logLevel))
    throw new InputError(
      '/log-level',
      `--log-level: must be one of ${logLevels.join(', ')}, got ${JSON.stringify(options.logLevel)}`,
    );
  const chosen = {} as Record<PortName, number>;
  for (const name of portNames) chosen[name] = await portFor(name, options, mayMovePorts);
  // Loaded only here: the other commands run where neither services nor embedded engines are installed.
  const { startEmbedded } = await import('./embedded.ts');
  return await startEmbedded({
    dataDir: options.data,
    host: options.host,
    ports: chosen,
    clock: clockOf(process.env['PRECEDE_CLOCK'] ?? ''),
    logLevel: options.logLevel,
    env: process.env,
  });
};

/** A port somebody asked for is taken or refused; a default one may move where the command says so. */
const portFor = async (name: PortName, options: UpOptions, mayMove: boolean): Promise<number> => {
  const variable = `PRECEDE_${name.toUpperCase()}_PORT`;
  const fromEnv = process.env[variable];
  const told =
    options[`${name}Port`] ??
    (fromEnv ? wholeNumber(`${name}-port`, 0, 65_535, variable)(fromEnv) : undefined);
  const port = told ?? ports[name];
  if (port === 0) return port;
  const fault = await whyNot(options.host, port);
  if (fault === undefined) return port;
  if (fault !== 'EADDRINUSE')
    throw new InputError('/host', `port ${port} of ${name} cannot be opened on ${options.host} (${fault})`);
  if (told === undefined && mayMove) return 0;
  throw new InputError(
    `/${name}-port`,
    `port ${port} of ${name} is in use; choose another with --${name}-port (0 takes a free one)`,
  );
};

/** The code of the fault that listening there meets; undefined where it can be done. */
const whyNot = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });

export const printAddresses = (instance: Embedded): void => {
  for (const name of portNames) print(`${bold(name.padEnd(12))}${instance.addresses[name]}`);
};

/** Stays until SIGTERM or SIGINT, then ends in order; a second signal ends at once. */
export const runUntilSignal = async (instance: Embedded): Promise<void> => {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
  await instance.close();
  process.exit(0);
};
