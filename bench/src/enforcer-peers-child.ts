/**
 * A server of the peers' bench that is Node's, in a process of its own: the enforcer, or a floor, which reads the request
 * and answers a constant as long as a real answer. Tells its ports once it answers.
 */
import { createServer } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { peersZone } from './enforcer-peers-zone.ts';
import { runEnforcerServer } from './enforcer-zone.ts';

export interface Ports {
  readonly http?: number;
  readonly grpc?: number;
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

const httpFloor = async (): Promise<Ports> => {
  const body = JSON.stringify({ decision: 'allow', reason: 'x'.repeat(330) });
  const head = { 'content-type': 'application/json', 'content-length': body.length };
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, head).end(body));
  });
  return { http: await listen(server) };
};

/** A CheckResponse with an empty status, which is OK, behind its gRPC head. */
const checked = Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x00]);
const grpcHead = { ':status': 200, 'content-type': 'application/grpc' };
const grpcOk = { 'grpc-status': '0' };

const answerCheck = (stream: ServerHttp2Stream): void => {
  stream.resume();
  stream.on('end', () => {
    stream.respond(grpcHead, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(grpcOk));
    stream.end(checked);
  });
};

const grpcFloor = async (): Promise<Ports> => {
  const server = createHttp2();
  server.on('stream', answerCheck);
  return { grpc: await listen(server) };
};

const enforcer = (maxSessions: string): Promise<Ports> =>
  runEnforcerServer(peersZone, { PRECEDE_ENFORCER_MAX_SESSIONS: maxSessions });

// The bench has ended, in whatever way: leave as one does, so that a profile is written and directories are removed.
process.once('disconnect', () => process.exit());
const [kind, argument = ''] = process.argv.slice(2);
process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  process.send?.({ heapUsed, external, arrayBuffers });
});
const ports =
  kind === 'enforcer' ? await enforcer(argument) : kind === 'grpc' ? await grpcFloor() : await httpFloor();
process.send?.(ports);
