/**
 * A gRPC server for unary methods on node:http2. By hand, as @grpc/grpc-js costs twice the CPU a call and this is the
 * decision path (docs/benchmarks.md). It knows streams, deadlines and statuses, and nothing of what is called.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Logger, Soon } from '@precede/service';
import { GrpcCall } from './grpc-call.ts';
import { GrpcError, GrpcStatus, grpcErrorOf, timeoutMsOf } from './grpc-status.ts';

export interface UnaryContext {
  readonly headers: IncomingHttpHeaders;
  readonly elapsedMs: () => number;
}

export interface UnaryMethod {
  /** Throws or rejects with GrpcError, InputError or UnavailableError where there is no answer. */
  readonly answer: (message: Buffer, context: UnaryContext) => Soon<Buffer>;
  /** Told of each call that ended without an answer, late ones included. */
  readonly onFault: (elapsedMs: number) => void;
  /** The answer to a message that is over the bound; null: the status RESOURCE_EXHAUSTED. */
  readonly tooLarge: Buffer | null;
}

export interface GrpcServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, UnaryMethod>;
  readonly maxMessageBytes: number;
  readonly logger: Logger;
}

export interface GrpcServer {
  readonly port: number;
  /** Answers what has come, refuses what comes, and resolves when every connection is closed. */
  close(): Promise<void>;
}

/** Beyond it a client queues on its side; a call is short. */
const maxConcurrentStreams = 1024;
/** A request that is not whole by then is given up: nothing honest takes so long. */
const maxUploadMs = 10_000;
const closeTimeoutMs = 5_000;

const httpOptions = {
  settings: { maxConcurrentStreams, initialWindowSize: 1_048_576, maxHeaderListSize: 65_536 },
  // A gateway whose deadlines pass resets many calls at once; the usual bound is against clients on the internet.
  streamResetBurst: 10_000,
  streamResetRate: 1_000,
  maxSessionMemory: 64,
};

export const startGrpcServer = async (options: GrpcServerOptions): Promise<GrpcServer> => {
  const server = createServer(httpOptions);
  const sessions = new Set<ServerHttp2Session>();
  const calls = new Set<GrpcCall>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  // A connection that breaks takes its calls with it; its client knows, and nobody else needs to.
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => openCall(options, calls, stream, headers));
  const sweep = setInterval(() => giveUpOn(calls), 1000).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const close = (): Promise<void> => {
    clearInterval(sweep);
    return new Promise((resolve) => {
      const force = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, closeTimeoutMs);
      server.close(() => {
        clearTimeout(force);
        resolve();
      });
      // GOAWAY names the last call that is served; one that comes after it was not begun and may be sent elsewhere.
      for (const session of sessions) session.close();
    });
  };
  return { port: (server.address() as AddressInfo).port, close };
};

const openCall = (
  options: GrpcServerOptions,
  calls: Set<GrpcCall>,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): void => {
  stream.on('error', () => {});
  const isGrpc = headers['content-type']?.startsWith('application/grpc') === true;
  if (headers[':method'] !== 'POST' || !isGrpc) {
    refuse(stream, isGrpc ? 405 : 415);
    return;
  }
  const method = options.methods.get(headers[':path'] ?? '');
  const timeoutMs = timeoutMsOf(single(headers['grpc-timeout']));
  const call = new GrpcCall({
    stream,
    timeoutMs: timeoutMs ?? 0,
    maxBytes: options.maxMessageBytes,
    tooLarge: method?.tooLarge ?? null,
    answer: (message, elapsedMs) => {
      if (method === undefined) throw new GrpcError(GrpcStatus.unimplemented, 'there is no such method');
      return method.answer(message, { headers, elapsedMs });
    },
    translate: (error) => translate(error, options.logger),
    onFault: (elapsedMs) => method?.onFault(elapsedMs),
    onEnd: (each) => calls.delete(each),
  });
  calls.add(call);
  if (timeoutMs === null) call.fail(new GrpcError(GrpcStatus.invalidArgument, 'grpc-timeout cannot be read'));
};

const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

const refuse = (stream: ServerHttp2Stream, status: number): void => {
  stream.respond({ ':status': status }, { endStream: true });
  stream.close();
};

const translate = (error: unknown, logger: Logger): GrpcError => {
  const known = grpcErrorOf(error);
  if (known !== null) return known;
  logger.error({ err: error }, 'call failed');
  return new GrpcError(GrpcStatus.internal, 'an unexpected fault; the log of this service has it');
};

/** Calls in order of their beginning, so the first young one ends the search. */
const giveUpOn = (calls: ReadonlySet<GrpcCall>): void => {
  const oldestMs = performance.now() - maxUploadMs;
  for (const call of calls) {
    if (call.startedMs > oldestMs) return;
    call.fail(new GrpcError(GrpcStatus.deadlineExceeded, 'the request did not come to its end'));
  }
};
