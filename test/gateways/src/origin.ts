/** The API behind a gateway: keeps what it got, and answers 200 with a cookie of its own. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyBytes: number;
  readonly bodySha256: string;
}

export interface Origin {
  readonly port: number;
  readonly received: Received[];
  close(): Promise<void>;
}

export const startOrigin = async (): Promise<Origin> => {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const digest = createHash('sha256');
    let bodyBytes = 0;
    request.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
      digest.update(chunk);
    });
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, bodyBytes, bodySha256: digest.digest('hex') });
      response.setHeader('set-cookie', 'origin=1');
      response.end('from the origin');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
