/**
 * Stands between a scorer and ClickHouse and does harm at chosen points of an insert, so that a process can be killed at
 * every step of a write with no hook in the code that is shipped. Two kinds of harm: a halt, once, where everything
 * stands still until the run has done what it wants with either side; and troubles, at random, that nobody is told of.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';

/** How far an insert has come when everything stands still. */
export const Moment = {
  /** Sent, nothing of it at ClickHouse. */
  before: 'before',
  /** The first half of its bytes at ClickHouse. */
  half: 'half',
  /** Stored, and the scorer does not know. */
  stored: 'stored',
  /** Stored, and the scorer has just been told: what follows is the next insert, or the commit of the offset. */
  answered: 'answered',
} as const;
export type Moment = (typeof Moment)[keyof typeof Moment];

export interface Halt {
  readonly table: string;
  readonly moment: Moment;
  /** 1: the next insert into the table. */
  readonly nth: number;
}

export const Trouble = {
  slow: 'slow',
  /** Half of it sent, then both connections are cut. */
  cut: 'cut',
  /** Stored, then the connection is cut. */
  unheard: 'unheard',
  /** Stored, then answered by the page of a proxy with 500. */
  failed: 'failed',
  /** Cut unsent, and delivered a second later, after its repetition. */
  late: 'late',
} as const;
export type Trouble = (typeof Trouble)[keyof typeof Trouble];

interface Insert {
  readonly table: string | undefined;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ProxyOptions {
  readonly target: string;
  readonly random: Random;
  /** Probability of some trouble for an insert. */
  readonly trouble: number;
  /** How long the marker of an epoch takes: so that a run does not come to its end before it was disturbed. */
  readonly epochMs: number;
}

export class FaultProxy {
  /** Inserts that ClickHouse has answered, by table. */
  readonly stored = new Map<string, number>();
  readonly troubles = new Map<Trouble, number>();
  readonly #options: ProxyOptions;
  readonly #server: Server;
  #trouble: number;
  #epochMs: number;
  #halt: { readonly table: string; readonly moment: Moment; left: number; reached(): void } | undefined;
  #gate: Promise<'drop' | 'deliver'> | undefined;
  #open: ((how: 'drop' | 'deliver') => void) | undefined;

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#trouble = options.trouble;
    this.#epochMs = options.epochMs;
    this.#server = createServer((message, response) => {
      // Either side may be killed at any time: the other notices by its connection.
      this.#serve(message, response).catch(() => response.destroy());
    });
  }

  static async open(options: ProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The proxy is closed.');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Resolves when an insert has come so far; from then on nothing passes until `release`. */
  halt({ table, moment, nth }: Halt): Promise<void> {
    return new Promise((reached) => {
      this.#halt = { table, moment, left: nth, reached };
    });
  }

  /** What stood still is cut off, or goes on as if nothing had been. */
  release(how: 'drop' | 'deliver'): void {
    this.#halt = undefined;
    this.#gate = undefined;
    this.#open?.(how);
    this.#open = undefined;
  }

  /** From now on everything passes. */
  calm(): void {
    this.#trouble = 0;
    this.#epochMs = 0;
  }

  async close(): Promise<void> {
    this.release('drop');
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(message);
    const insert = { table: tableOf(message.url ?? '', body), message, response, body };
    if (insert.table === 'epochs') await sleep(this.#epochMs);
    await this.#pass();
    // Of a process that was killed meanwhile: what is halted is to be of the one that runs.
    if (response.destroyed) return;
    const moment = this.#momentOf(insert.table);
    if (moment !== undefined) return this.#stop(insert, moment);
    const trouble = this.#troubleOf(insert.table);
    if (trouble !== undefined) return this.#harm(insert, trouble);
    const answer = await this.#forward(insert);
    await this.#pass();
    reply(response, answer);
  }

  /** Waits while everything stands still. */
  async #pass(): Promise<void> {
    if ((await this.#gate) === 'drop') throw new Error('dropped');
  }

  #momentOf(table: string | undefined): Moment | undefined {
    const halt = this.#halt;
    if (halt === undefined || halt.table !== table) return undefined;
    halt.left -= 1;
    return halt.left === 0 ? halt.moment : undefined;
  }

  async #stop(insert: Insert, moment: Moment): Promise<void> {
    const reached = this.#halt?.reached;
    const gate = new Promise<'drop' | 'deliver'>((resolve) => {
      this.#open = resolve;
    });
    this.#gate = gate;
    const half = moment === Moment.half ? this.#begin(insert) : undefined;
    const isStored = moment === Moment.stored || moment === Moment.answered;
    const answer = isStored ? await this.#forwardOrRearm(insert) : undefined;
    if (moment === Moment.answered && answer !== undefined) {
      reply(insert.response, answer);
      await once(insert.response, 'close');
    }
    // What was written to ClickHouse shall be there, not in a buffer.
    if (half !== undefined) await sleep(30);
    reached?.();
    const how = await gate;
    half?.destroy();
    if (moment === Moment.answered) return;
    if (how === 'drop' || half !== undefined) insert.response.destroy();
    else reply(insert.response, answer ?? (await this.#forward(insert)));
  }

  /** Where ClickHouse is killed at this very time, the next insert is halted instead. */
  async #forwardOrRearm(insert: Insert): Promise<Answer> {
    try {
      return await this.#forward(insert);
    } catch (error) {
      const halt = this.#halt;
      this.release('deliver');
      if (halt !== undefined) this.#halt = { ...halt, left: 1 };
      throw error;
    }
  }

  #troubleOf(table: string | undefined): Trouble | undefined {
    const { random } = this.#options;
    if (table === undefined || !random.chance(this.#trouble)) return undefined;
    const trouble = random.pick(Object.values(Trouble));
    this.troubles.set(trouble, (this.troubles.get(trouble) ?? 0) + 1);
    return trouble;
  }

  async #harm(insert: Insert, trouble: Trouble): Promise<void> {
    const { response } = insert;
    switch (trouble) {
      case Trouble.slow:
        await sleep(this.#options.random.below(600));
        return reply(response, await this.#forward(insert));
      case Trouble.cut: {
        const half = this.#begin(insert);
        await sleep(30);
        half.destroy();
        response.destroy();
        return;
      }
      case Trouble.unheard:
        await this.#forward(insert);
        response.destroy();
        return;
      case Trouble.failed:
        await this.#forward(insert);
        response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Bad day</h1>');
        return;
      case Trouble.late:
        response.destroy();
        await sleep(1_000);
        await this.#forward(insert);
        return;
      default:
        trouble satisfies never;
    }
  }

  #request({ message }: Insert): ReturnType<typeof request> {
    const { method, url, headers } = message;
    const { host: _host, connection: _connection, ...kept } = headers;
    const { hostname, port } = new URL(this.#options.target);
    return request({ hostname, port, agent: false, method, path: url, headers: kept });
  }

  /** Half of the bytes, and no end. */
  #begin(insert: Insert): ReturnType<typeof request> {
    const half = this.#request(insert).on('error', () => {});
    half.write(insert.body.subarray(0, Math.ceil(insert.body.length / 2)));
    return half;
  }

  async #forward(insert: Insert): Promise<Answer> {
    const call = this.#request(insert);
    call.end(insert.body);
    const [from] = (await once(call, 'response')) as [IncomingMessage];
    const body = await bytesOf(from);
    const { table } = insert;
    if (table !== undefined && from.statusCode === 200)
      this.stored.set(table, (this.stored.get(table) ?? 0) + 1);
    return { status: from.statusCode ?? 502, headers: from.headers, body };
  }
}

const bytesOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Of an insert; the statement is in the address where the rows are binary, else before the rows. */
const tableOf = (url: string, body: Buffer): string | undefined => {
  const query = new URL(url, 'http://localhost').searchParams.get('query') ?? '';
  const text = /^insert/i.test(query) ? query : body.subarray(0, 300).toString('latin1');
  return /^INSERT INTO (\w+)/i.exec(text)?.[1];
};

const reply = (response: ServerResponse, { status, headers, body }: Answer): void => {
  const { 'transfer-encoding': _encoding, connection: _connection, ...kept } = headers;
  response.writeHead(status, { ...kept, 'content-length': body.length }).end(body);
};
