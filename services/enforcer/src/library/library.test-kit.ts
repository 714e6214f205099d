/** What the tests of the library share: a zone on disk, one server of each kind in front of an echo, and a raw client. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { ZoneSnapshot } from '@precede/contracts';
import { createLogger, systemClock } from '@precede/service';
import express from 'express';
import { fastify } from 'fastify';
import { Registry } from 'prom-client';
import { host, masterKey, temporaryDir, zone } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { expressEnforcer } from './express.ts';
import { fastifyEnforcer } from './fastify.ts';
import { type InProcessEnforcer, type InProcessOptions, openEnforcer } from './in-process.ts';

export const logger = createLogger('enforcer', 'silent');
export const sessionKey = masterKey.toString('hex');

/** A directory as a former run of an enforcer left it. */
export const writeSnapshot = async (dir: string, snapshot: ZoneSnapshot): Promise<void> => {
  const metrics = createEnforcerMetrics(new Registry(), systemClock);
  const files = new SnapshotFiles({ dir, logger, metrics });
  await files.load();
  files.save(snapshot);
  await files.flush();
};

const cleanups: (() => void | Promise<void>)[] = [];

/** To be called after each test: an open server would keep the test process alive. */
export const cleanUp = async (): Promise<void> => {
  for (let last = cleanups.pop(); last !== undefined; last = cleanups.pop()) await last();
};

export const onDisk = async (
  snapshot: ZoneSnapshot,
  more: Partial<InProcessOptions> = {},
): Promise<InProcessEnforcer> => {
  const dir = temporaryDir();
  cleanups.push(() => dir.remove());
  await writeSnapshot(dir.path, snapshot);
  const enforcer = await openEnforcer({
    ...{ zoneId: zone, sessionKey, snapshotDir: dir.path, logger },
    ...more,
    // Tests run beside other work: only the tests of the deadline mean it.
    env: { PRECEDE_ENFORCER_DEADLINE: '60s', ...more.env },
  });
  cleanups.push(() => enforcer.close());
  return enforcer;
};

/** What the handler behind the enforcer saw. */
export interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly distinct: NodeJS.Dict<string[]>;
  readonly raw: readonly string[];
}

const seenOf = (message: IncomingMessage): Seen => ({
  url: message.url ?? '',
  headers: message.headers,
  distinct: message.headersDistinct,
  raw: message.rawHeaders,
});

export const kinds = ['fastify', 'express', 'connect'] as const;
export type Kind = (typeof kinds)[number];

const serverOf = async (kind: Kind, enforcer: InProcessEnforcer): Promise<Server> => {
  if (kind === 'fastify') return fastifyServer(enforcer);
  if (kind === 'express') return expressServer(enforcer);
  const middleware = expressEnforcer(enforcer);
  return createServer((message, response) =>
    middleware(message, response, (error) => {
      response.statusCode = error === undefined ? 200 : 500;
      response.appendHeader('set-cookie', 'own=1');
      response.end(JSON.stringify(seenOf(message)));
    }),
  );
};

const fastifyServer = async (enforcer: InProcessEnforcer): Promise<Server> => {
  const app = fastify({ trustProxy: true });
  await app.register(fastifyEnforcer, { enforcer });
  app.all('/*', async (message, reply) => {
    void reply.header('set-cookie', 'own=1');
    return { ...seenOf(message.raw), headers: message.headers };
  });
  await app.ready();
  return app.server;
};

const expressServer = (enforcer: InProcessEnforcer): Server => {
  const app = express();
  app.set('trust proxy', true).set('env', 'test');
  app.use(expressEnforcer(enforcer));
  app.use((message, response) => {
    response.cookie('own', '1').json(seenOf(message));
  });
  return createServer(app);
};

/** Its port on loopback. */
export const listenOn = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

export const serve = async (kind: Kind, enforcer: InProcessEnforcer): Promise<number> =>
  listenOn(await serverOf(kind, enforcer));

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly seen: () => Seen;
}

// A body of no length would be one of an unknown type.
const sentAlways = ['host', host, 'content-length', '0'];

/** `lines`: further header lines, name and value by turns, sent as they are. */
export const ask = (port: number, target: string, lines: readonly string[] = []): Promise<Answer> => {
  const [method = 'GET', path = '/'] = target.split(' ');
  return new Promise((resolve, reject) => {
    const sent = request({ port, method, path, host: '127.0.0.1', headers: [...sentAlways, ...lines] });
    sent.on('error', reject);
    sent.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('utf8');
      const seen = () => JSON.parse(body) as Seen;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body, seen });
    });
    sent.end();
  });
};

/** The first line of the answer to bytes that no client library would send. */
export const askBytes = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('end', () => resolve(answer.split('\r\n')[0] ?? ''));
    socket.on('error', reject);
  });
