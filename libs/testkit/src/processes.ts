/** Starts and ends the processes of a scenario: waits for a line or an address, kills by pid, shows the log of what failed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Running {
  readonly pid: number;
  /** Everything written to stdout and stderr so far. */
  output(): string;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

export const start = (
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Running => startIn(root, script, args, env);

/** A script of another tree, such as an earlier release. */
export const startIn = (
  tree: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Running => {
  const child = spawn(process.execPath, [`${tree}${script}`, ...args], {
    cwd: tree,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child);
};

/** Any program on the path. */
export const startProgram = (program: string, args: readonly string[]): Running =>
  watch(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));

/** A test that fails half way must leave nothing running behind it. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const watch = (child: ChildProcess): Running => {
  children.add(child);
  child.once('close', () => children.delete(child));
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-200_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { pid: child.pid ?? 0, output: () => output, exited, kill: (signal) => child.kill(signal) };
};

/** Runs a command to its end; its stdout, or an error with all it said. */
export const run = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> => {
  const child = spawn(process.execPath, [`${root}cli/src/main.ts`, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`precede ${args.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`);
  return stdout;
};

/** Waits for a condition; a deadline, not a sleep. The message says what did not come. */
export const eventually = async <T>(
  what: string,
  check: () => Promise<T | undefined>,
  timeoutMs = 120_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await check();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`${what} did not come within ${timeoutMs} ms`, { cause: last });
};

/**
 * A port that nobody listens on, below those that the system gives to outgoing connections: one of them could take it between
 * now and the start of what it is for, or while that is down.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 10_000 + randomInt(20_000);
    if (await isFree(port)) return port;
  }
};

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
