/** Processes of the peers' bench: started, awaited, measured from /proc with their children, ended at the end. */
import { type ChildProcess, type ForkOptions, fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './cpu.ts';

const started: ChildProcess[] = [];
process.once('exit', () => {
  for (const each of started) each.kill('SIGKILL');
});

export const forkNode = (
  file: string,
  args: readonly string[],
  execArgv: readonly string[],
): ChildProcess => {
  const options: ForkOptions = { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] };
  const child = fork(new URL(file, import.meta.url).pathname, args, options);
  started.push(child);
  return child;
};

/** Its next message; rejects when it ends instead. */
export const messageOf = <T>(child: ChildProcess, order?: object): Promise<T> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${child.spawnfile} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
    if (order !== undefined) child.send(order);
  });

/** Resolves once it listens on the port. */
export const launch = async (
  command: string,
  args: readonly string[],
  port: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> => {
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], ...environment },
  });
  started.push(child);
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  for (let turn = 0; turn < 100; turn++) {
    if (child.exitCode !== null) break;
    if (await answersOn(port)) return child;
    await sleep(100);
  }
  throw new Error(`${command} does not listen: ${said}`);
};

const answersOn = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** A port that was free a moment ago, for servers that cannot say which they took. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

/** User and system seconds so far of a process and all below it. */
export const treeCpuSeconds = (pid: number): number =>
  childrenOf(pid).reduce((sum, child) => sum + treeCpuSeconds(child), cpuSeconds(pid));

export const residentBytes = (pid: number): number => {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
};
