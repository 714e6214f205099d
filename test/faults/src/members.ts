/** Sessionizers as processes of their own, to be killed, paused and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root } from '@precede/testkit';

const keptOutput = 40_000;
/** A directory for the whole output of every member, where a failure is to be looked into. */
const logDir = process.env['PRECEDE_TEST_FAULTS_LOGS'];

export class Member {
  readonly name: string;
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';
  #opened = 0;
  #rebalances = 0;
  #isEnding = false;
  #status: string | undefined;

  private constructor(name: string, port: number, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.address = `http://127.0.0.1:${port}`;
    this.#child = spawn(process.execPath, [`${root}services/sessionizer/src/main.ts`], {
      cwd: root,
      env: {
        ...process.env,
        ...env,
        PRECEDE_SESSIONIZER_HOST: '127.0.0.1',
        PRECEDE_SESSIONIZER_PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.#child);
    this.#exited = once(this.#child, 'close').then(([code, signal]) => {
      running.delete(this.#child);
      this.#status = `${code ?? signal}`;
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
  }

  static async start(name: string, env: Readonly<Record<string, string>>): Promise<Member> {
    return new Member(name, await freePort(), env);
  }

  /** How often it was given a partition and had its windows back. */
  get opened(): number {
    return this.#opened;
  }

  /** How often the group told it what is whose, as of when it was last asked. */
  get rebalances(): number {
    return this.#rebalances;
  }

  async askRebalances(): Promise<void> {
    this.#rebalances = (await this.metric('precede_sessionizer_rebalances_total')) ?? this.#rebalances;
  }

  /** How it ended, where nobody had told it to. */
  get failure(): string | undefined {
    return this.#isEnding ? undefined : this.#status;
  }

  get output(): string {
    return this.#output;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Resolves when it has ended: with how it ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<string> {
    this.#isEnding = true;
    this.#child.kill(signal);
    await this.#exited;
    return this.#status ?? '';
  }

  /** A gauge or counter without labels; undefined: it does not answer now. */
  async metric(name: string): Promise<number | undefined> {
    try {
      const response = await fetch(`${this.address}/metrics`, { signal: AbortSignal.timeout(5_000) });
      const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(await response.text())?.[1];
      return value === undefined ? undefined : Number(value);
    } catch {
      return undefined;
    }
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/readyz`, { signal: AbortSignal.timeout(5_000) })).ok;
    } catch {
      return false;
    }
  }

  #keep(text: string): void {
    this.#opened += text.split('"partition opened"').length - 1;
    this.#output = (this.#output + text).slice(-keptOutput);
    if (logDir !== undefined) appendFileSync(join(logDir, `${this.name}.log`), text);
  }
}

/** A run that fails half way leaves nothing running behind it. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.');
  return address.port;
};
