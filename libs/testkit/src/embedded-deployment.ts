/** The embedded instance as a scenario needs it: one process on free ports that are kept across its restarts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callControl, clock, type Deployment, querySql, sessionKey, token } from './deployment.ts';
import { eventually, freePort, type Running, start } from './processes.ts';

const services = ['control', 'ingest', 'enforcer', 'sessionizer', 'scorer', 'clickhouse'] as const;

export interface EmbeddedDeployment extends Deployment {
  readonly addresses: Readonly<Record<(typeof services)[number], string>>;
  pids(): number[];
}

/**
 * `parent`: where the data directory is made, the system's temporary directory by default; `settings`: environment of the
 * services, over what every scenario has; read at each start.
 */
export const deployEmbedded = async (
  parent = tmpdir(),
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedDeployment> => {
  const dataDir = mkdtempSync(join(parent, 'precede-e2e-'));
  const ports = new Map<string, number>();
  for (const service of services) ports.set(service, await freePort());
  const env = {
    PRECEDE_TOKEN: token,
    PRECEDE_SESSION_KEY: sessionKey,
    PRECEDE_CLOCK: clock,
    PRECEDE_URL: `http://127.0.0.1:${ports.get('control')}`,
  };
  const portArgs = services.flatMap((service) => [`--${service}-port`, String(ports.get(service))]);
  const clickhouse = `http://127.0.0.1:${ports.get('clickhouse')}`;
  let output = '';
  let running: Running | undefined;

  const up = async (): Promise<void> => {
    const instance = start('cli/src/main.ts', ['up', '--data', dataDir, ...portArgs], {
      ...env,
      ...settings,
    });
    running = instance;
    let hasEnded = false;
    void instance.exited.then(() => {
      hasEnded = true;
    });
    const ready = await eventually('the ready line', async () =>
      instance.output().includes('precede is ready') ? 'yes' : hasEnded ? 'no' : undefined,
    );
    if (ready === 'no') throw new Error(`precede up ended:\n${instance.output()}`);
  };
  const down = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === undefined) return;
    running.kill(signal);
    await running.exited;
    output += running.output();
    running = undefined;
  };
  await up();
  return {
    env,
    dataDir,
    parts: ['instance'],
    addresses: addressesOf(ports),
    kill: () => down('SIGKILL'),
    start: up,
    sql: (query) => querySql(clickhouse, ...sqlUser(dataDir), query),
    control: (method, path, body) => callControl(env.PRECEDE_URL, method, path, body),
    pids: () => (running === undefined ? [] : [running.pid]),
    logs: () => output + (running?.output() ?? ''),
    close: async () => {
      await down('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

const addressesOf = (ports: ReadonlyMap<string, number>): EmbeddedDeployment['addresses'] =>
  Object.fromEntries(
    services.map((service) => [service, `http://127.0.0.1:${ports.get(service)}`]),
  ) as EmbeddedDeployment['addresses'];

const sqlUser = (dataDir: string): [string, string] => [
  'precede',
  readFileSync(join(dataDir, 'clickhouse', 'precede.password'), 'utf8').trim(),
];
