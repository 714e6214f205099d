/**
 * Clients that stay on their connections and ask without a pause, over HTTP and gRPC. They move to the next instance when
 * one says `connection: close` or GOAWAY, as gateways do, and count every request that got no proper answer.
 */
import { Agent, request } from 'node:http';
import { Client, credentials, Metadata } from '@grpc/grpc-js';

export interface Load {
  /** Proper answers so far. */
  answered(): number;
  /** What went wrong, the first few. */
  readonly faults: string[];
  /** Whether every client has been told to leave the first address. */
  hasMoved(): boolean;
  /** Ends when what is under way is answered. */
  stop(): Promise<void>;
}

export interface HttpLoad {
  /** In order of preference. With one alone the clients end when they are told to leave it. */
  readonly addresses: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly clients: number;
}

interface Answer {
  readonly status: number;
  readonly closes: boolean;
  readonly text: string;
}

export const startHttpLoad = (options: HttpLoad): Load => {
  const agent = new Agent({ keepAlive: true, maxSockets: options.clients });
  const faults: string[] = [];
  let answered = 0;
  let at = 0;
  let isStopped = false;
  const turn = async (): Promise<void> => {
    const from = at;
    try {
      const { status, closes, text } = await ask(agent, `${options.addresses[from]}${options.path}`, options);
      if (status >= 200 && status < 300) answered += 1;
      else faults.push(`${status} ${text}`);
      if (closes && at === from) at += 1;
    } catch (error) {
      faults.push(String(error));
    }
  };
  const client = async (): Promise<void> => {
    while (!isStopped && at < options.addresses.length && faults.length < 20) await turn();
  };
  const running = Promise.all(Array.from({ length: options.clients }, client));
  const stop = async (): Promise<void> => {
    isStopped = true;
    await running;
    agent.destroy();
  };
  return { answered: () => answered, faults, hasMoved: () => at > 0, stop };
};

const ask = (agent: Agent, url: string, { method, headers, body }: HttpLoad): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request(url, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          closes: response.headers.connection === 'close',
          text: Buffer.concat(chunks).toString('utf8').slice(0, 200),
        }),
      );
    });
    call.on('error', reject).end(body);
  });

export interface GrpcLoad {
  readonly ports: readonly number[];
  readonly method: string;
  readonly message: Buffer;
  readonly clients: number;
}

/** One channel over all addresses: it goes from one to the next by itself. */
export const startGrpcLoad = ({ ports, method, message, clients }: GrpcLoad): Load => {
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
  const channel = new Client(target, credentials.createInsecure());
  const faults: string[] = [];
  let answered = 0;
  let isStopped = false;
  const same = (bytes: Buffer): Buffer => bytes;
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      const options = { deadline: Date.now() + 20_000 };
      channel.makeUnaryRequest(method, same, same, message, new Metadata(), options, (error) => {
        if (error === null) answered += 1;
        else faults.push(error.message);
        resolve();
      });
    });
  const client = async (): Promise<void> => {
    while (!isStopped && faults.length < 20) await turn();
  };
  const running = Promise.all(Array.from({ length: clients }, client));
  const stop = async (): Promise<void> => {
    isStopped = true;
    await running;
    channel.close();
  };
  return { answered: () => answered, faults, hasMoved: () => true, stop };
};
