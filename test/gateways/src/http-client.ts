/** A client that sends exactly what a test says, repeated headers included, and keeps its connections or not. */
import { Agent, type IncomingMessage, request } from 'node:http';

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

export const ask = (port: number, asked: Asked): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', path, headers = {}, body } = asked;
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { host: 'api.example.com', ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

export const hangUp = (): void => agent.destroy();
