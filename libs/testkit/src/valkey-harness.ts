/**
 * A real valkey (or redis) server for tests: the address in PRECEDE_TEST_VALKEY_URL, else a process of ours on a free
 * loopback port that keeps nothing. Without either the tests skip and say why; with CI=true that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, type Running, startProgram } from './processes.ts';

export interface TestValkey {
  readonly url: string;
  /** Where the server is ours: it ends and starts again on the same port, empty; a frozen one takes commands and says nothing. */
  readonly server?: {
    end(): Promise<void>;
    start(): Promise<void>;
    freeze(): void;
    thaw(): void;
  };
  release(): Promise<void>;
}

export interface NoValkey {
  /** Why there is none. */
  readonly skip: string;
}

const { env } = process;

/** `args`: further options of the server, as `--requirepass`. Rejects where CI=true and there is none. */
export const acquireValkey = async (args: readonly string[] = []): Promise<TestValkey | NoValkey> => {
  const url = env['PRECEDE_TEST_VALKEY_URL'];
  if (url && args.length === 0) return { url, release: async () => {} };
  const program = ['valkey-server', 'redis-server'].find(
    (name) => spawnSync(name, ['--version']).error === undefined,
  );
  if (program !== undefined) return startServer(program, args);
  const skip = 'valkey cannot be started: neither valkey-server nor redis-server is found';
  if (env['CI'] === 'true') throw new Error(skip);
  return { skip };
};

const startServer = async (program: string, args: readonly string[]): Promise<TestValkey> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-valkey-'));
  const port = String(await freePort());
  const options = ['--bind', '127.0.0.1', '--port', port, '--dir', dir, '--save', '', '--appendonly', 'no'];
  let running: Running | undefined;
  const start = async (): Promise<void> => {
    const started = startProgram(program, [...options, ...args]);
    running = started;
    await eventually(`${program} on port ${port}`, async () =>
      started.output().includes('Ready to accept connections') ? true : undefined,
    );
  };
  const end = async (): Promise<void> => {
    running?.kill('SIGKILL');
    await running?.exited;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    server: { end, start, freeze: () => running?.kill('SIGSTOP'), thaw: () => running?.kill('SIGCONT') },
    release: async () => {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
