/**
 * The embedded ClickHouse: a real server as a child process (embedded-main.ts) with its data in one directory, for laptops,
 * demos and tests. Starts it, waits until it answers, stops it; everything it prints is kept in DIR/log.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ErrorCode, PrecedeError } from '@precede/contracts';
import { outputFile, passwordFile, prepareFiles, USER } from './embedded-files.ts';

const READY_LIMIT_MS = 60_000;
/** How long the engine of a killed process may hold the directory until it is gone. */
const ORPHAN_LIMIT_MS = 20_000;
/** How long a process that was just killed may still be listed. */
const DYING_LIMIT_MS = 500;
const PORT_TRIES = 5;

export interface EmbeddedLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface EmbeddedOptions {
  readonly dir: string;
  /** 0 chooses a free port. */
  readonly httpPort: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly logger?: EmbeddedLogger;
}

export interface EmbeddedClickHouse {
  readonly url: string;
  readonly pid: number;
  readonly username: string;
  readonly password: string;
  /** Resolves with the exit code when the engine is gone for whatever reason; null after a signal. */
  readonly exited: Promise<number | null>;
  close(): Promise<void>;
}

interface Attempt {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

type Outcome =
  | { readonly kind: 'ready'; readonly child: ChildProcess; readonly exited: Promise<number | null> }
  | { readonly kind: 'ended'; readonly fault: PrecedeError; readonly isPortTaken: boolean };

function unavailable(message: string): PrecedeError {
  return new PrecedeError(ErrorCode.clickhouseUnavailable, message);
}

const isLoopback = (host: string): boolean => host === '127.0.0.1' || host === '::1' || host === 'localhost';
const urlHost = (host: string): string =>
  host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? '[::1]' : host;

/** Binds the port for a moment: a free one where 0 is asked for, and a clear error where somebody else has it. */
function claimPort(host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(unavailable(`ClickHouse cannot listen on ${host}:${port}: ${error.code ?? error.message}`)),
    );
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

interface Owner {
  readonly pid: number;
  readonly url: string;
}

const ownerFile = (dir: string): string => join(dir, 'owner.json');

function ownerOf(dir: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(ownerFile(dir), 'utf8')) as Owner;
  } catch {
    return undefined; // None was written yet, or it was half written when its process was killed.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where the server of a directory answers; undefined: its process is gone. */
export function runningEmbedded(
  dir: string,
): { readonly url: string; readonly password: string } | undefined {
  const owner = ownerOf(dir);
  if (owner === undefined || !isAlive(owner.pid)) return undefined;
  return { url: owner.url, password: readFileSync(passwordFile(dir, USER), 'utf8').trim() };
}

/** The engine's own lock decides who has the directory; who wrote the note only decides how long to wait for it. */
function orphanLimitMs(dir: string): number {
  const owner = ownerOf(dir);
  return owner !== undefined && isAlive(owner.pid) ? DYING_LIMIT_MS : ORPHAN_LIMIT_MS;
}

function inUse(dir: string, owner: Owner | undefined): PrecedeError {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} (${owner.url})`;
  return new PrecedeError(
    ErrorCode.clickhouseInUse,
    `the ClickHouse data in ${dir} are in use by ${who}: stop it, or choose another data directory`,
  );
}

function isAnswering({ host, port, password }: Attempt): Promise<boolean> {
  const headers = { 'x-clickhouse-user': USER, 'x-clickhouse-key': password };
  const path = '/?query=SELECT%201';
  return new Promise((done) => {
    const call = request(
      { host: urlHost(host), port, path, agent: false, headers, timeout: 5000 },
      (answer) => {
        answer.resume().on('end', () => done(answer.statusCode === 200));
      },
    );
    call.on('timeout', () => call.destroy()).on('error', () => done(false));
    call.end();
  });
}

function spawnEngine(attempt: Attempt, output: number): ChildProcess {
  const main = fileURLToPath(new URL('./embedded-main.ts', import.meta.url));
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return fork(main, [attempt.dir, attempt.host, String(attempt.port)], {
    // Its own session: Ctrl-C in the terminal must reach the services first, which still write while they stop.
    detached: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env,
    stdio: ['ignore', output, output, 'ipc'],
  });
}

/** What explains a failed start: what the process printed, and the engine's log of errors. */
const reportFiles = (dir: string): string[] => [outputFile(dir), join(dir, 'log', 'clickhouse.err.log')];
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function readSince(path: string, from: number): string {
  return sizeOf(path) > from ? readFileSync(path).subarray(from).toString('utf8') : '';
}

async function startOnce(attempt: Attempt): Promise<Outcome> {
  const path = outputFile(attempt.dir);
  const before = reportFiles(attempt.dir).map(sizeOf);
  const output = openSync(path, 'a', 0o600);
  const child = spawnEngine(attempt, output);
  closeSync(output);
  let ending: string | undefined;
  const exited = new Promise<number | null>((done) => {
    child.once('exit', done);
    child.once('error', () => done(null));
  }).finally(() => {
    ending = child.signalCode ?? `exit code ${child.exitCode}`;
  });
  for (const start = Date.now(); Date.now() - start < READY_LIMIT_MS; await sleep(25)) {
    if (ending !== undefined) return ended(attempt.dir, `${wordsSince(attempt.dir, before)} (${ending})`);
    if (await isAnswering(attempt)) return { kind: 'ready', child, exited };
  }
  child.kill('SIGKILL');
  throw unavailable(
    `ClickHouse in ${attempt.dir} did not answer within ${READY_LIMIT_MS / 1000} s; see ${path}`,
  );
}

/** What the engine printed and logged since `from`. */
function wordsSince(dir: string, from: readonly number[]): string {
  const texts = reportFiles(dir).map((path, index) => readSince(path, from[index] ?? 0));
  return texts.join('\n').trim();
}

function ended(dir: string, words: string): Extract<Outcome, { kind: 'ended' }> {
  const isPortTaken = /Address already in use/.test(words);
  if (/Cannot lock file|Another server instance/.test(words)) {
    return { kind: 'ended', isPortTaken, fault: inUse(dir, ownerOf(dir)) };
  }
  const fault = unavailable(`ClickHouse in ${dir} ended while starting: ${words.slice(0, 4000)}`);
  return { kind: 'ended', isPortTaken, fault };
}

async function closeChild(child: ChildProcess, exited: Promise<number | null>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await exited; // The child ends itself by force when its clean stop takes too long.
}

/**
 * Starts the server on the directory (created if missing) and resolves when it answers queries.
 * Throws PrecedeError clickhouseInUse while another process has the directory, clickhouseUnavailable with the engine's own
 * words when it cannot start.
 */
export async function startEmbeddedClickHouse(options: EmbeddedOptions): Promise<EmbeddedClickHouse> {
  const dir = resolve(options.dir);
  const host = options.host ?? '127.0.0.1';
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const password = prepareFiles(dir, isLoopback(host));
  const start = Date.now();
  for (let attempts = 1; ; attempts++) {
    const port = await claimPort(host, options.httpPort);
    const outcome = await startOnce({ dir, host, port, password });
    if (outcome.kind === 'ready') {
      return running(dir, `http://${urlHost(host)}:${port}`, password, outcome, options.logger);
    }
    const mayPass =
      (outcome.fault.code === ErrorCode.clickhouseInUse && Date.now() - start < orphanLimitMs(dir)) ||
      (outcome.isPortTaken && options.httpPort === 0 && attempts < PORT_TRIES);
    if (!mayPass) throw outcome.fault;
    await sleep(100);
  }
}

function running(
  dir: string,
  url: string,
  password: string,
  { child, exited }: Extract<Outcome, { kind: 'ready' }>,
  logger: EmbeddedLogger | undefined,
): EmbeddedClickHouse {
  const pid = child.pid ?? 0;
  let isClosing = false;
  writeFileSync(ownerFile(dir), JSON.stringify({ pid: process.pid, url } satisfies Owner), {
    mode: 0o600,
  });
  logger?.info({ url, dir, pid }, 'embedded ClickHouse is running');
  // Neither the child nor its channel keeps this process alive: whoever forgets to close still ends.
  child.unref();
  child.channel?.unref();
  void exited.then((exitCode) => {
    if (!isClosing) logger?.warn({ exitCode, dir, pid }, 'embedded ClickHouse ended by itself');
  });
  const close = (): Promise<void> => {
    isClosing = true;
    child.ref();
    return closeChild(child, exited);
  };
  return { url, pid, username: USER, password, exited, close };
}
