/** One shell that runs the blocks of a document in their order, as a reader does in one terminal. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

/** Of one block. */
const timeoutMs = 120_000;
const mark = '-- end of block --';

export class ShellSession {
  readonly #shell: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<number | null>;
  #stdout = '';
  #stderr = '';
  #wake: () => void = () => {};

  constructor(env: Readonly<Record<string, string>>) {
    // This Node in front, so that the `node` of a block is no older one.
    const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
    this.#shell = spawn('bash', [], { env: { ...process.env, PATH: path, ...env } });
    this.#exited = new Promise((resolve) => this.#shell.once('close', resolve));
    this.#shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.#shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    // A shell that has ended is told by its exit.
    this.#shell.stdin.on('error', () => {});
    this.#shell.stdin.write('set -euo pipefail\n');
  }

  /** What the block prints. Throws where a command fails: the shell ends there. */
  async run(block: string): Promise<string> {
    this.#stdout = '';
    this.#shell.stdin.write(`{\n${block}\n} </dev/null\necho '${mark}'\n`);
    const ending = `${mark}\n`;
    const printed = new Promise<'printed'>((resolve) => {
      this.#wake = () => {
        if (this.#stdout.endsWith(ending)) resolve('printed');
      };
    });
    const how = await Promise.race([printed, this.#exited, late()]);
    if (how !== 'printed') throw new Error(`${how}:\n${block}\n${this.#stderr}\n${this.#stdout}`);
    return this.#stdout.slice(0, -ending.length);
  }

  async close(): Promise<void> {
    this.#shell.kill('SIGKILL');
    await this.#exited;
  }
}

const late = (): Promise<string> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(`not done within ${timeoutMs} ms`), timeoutMs).unref();
  });
