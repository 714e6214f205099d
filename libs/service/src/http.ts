/** The HTTP server every process has: /livez from the first moment, /readyz with named conditions, /metrics. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ErrorCode, InputError, PrecedeError, UnavailableError } from '@precede/contracts';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  fastify,
  LogController,
} from 'fastify';
import type { Registry } from 'prom-client';
import { createConditionMetrics } from './condition-metrics.ts';
import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { Tracing } from './tracing.ts';
import { traceRequests } from './tracing-http.ts';

export interface HttpOptions {
  readonly logger: Logger;
  readonly health: Health;
  readonly registry: Registry;
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Sees each request first, for the few that are asked all the time; false: it goes the usual way. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

export const buildHttp = (options: HttpOptions): FastifyInstance => {
  createConditionMetrics(options.registry, options.health);
  const app = fastify({
    // Requests are not logged one by one; fastify only needs the logger for its own faults.
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    forceCloseConnections: 'idle',
    // What comes over a connection that is there is answered like any other; nobody else can come any more.
    return503OnClosing: false,
    // As long as Node lets a URL be: fastify's own answer to a longer part of a path would not be in our words.
    routerOptions: { maxParamLength: 16_384 },
    serverFactory: (handler) => serverOf(handler, options.intercept),
  });
  if (options.tracing?.isOn) traceRequests(app, options.tracing);
  endConnections(app, options.health);
  app.get('/livez', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const isReady = options.health.isReady();
    return reply.code(isReady ? 200 : 503).send({ ready: isReady, conditions: options.health.conditions() });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(options.registry.contentType).send(await options.registry.metrics()),
  );
  app.setNotFoundHandler(async (request, reply) =>
    reply
      .code(404)
      .send(body(ErrorCode.inputInvalid, `no route ${request.method} ${request.url.split('?')[0]}`)),
  );
  app.setErrorHandler(async (error: FastifyError, request, reply) => sendError(error, reply, request.log));
  return app;
};

/** Answers given while draining or closing end their connection: kept alive, it would hold the stop up until it times out. */
const endConnections = (app: FastifyInstance, health: Health): void => {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing || health.isDraining()) reply.header('connection', 'close');
  });
};

const requestTimeoutMs = 120_000;
const keepAliveTimeoutMs = 72_000;

const serverOf = (
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  intercept: HttpOptions['intercept'],
): Server =>
  createServer(
    { requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs },
    (request, response) => {
      if (intercept === undefined || !intercept(request, response)) handler(request, response);
    },
  );

const body = (code: string, message: string, pointer?: string) => ({
  error: { code, message, ...(pointer === undefined ? {} : { pointer }) },
});

/** The one place where errors become HTTP: ours by kind, fastify's own 4xx as they are, anything else a bare 500. */
const sendError = (error: FastifyError, reply: FastifyReply, log: FastifyBaseLogger): FastifyReply => {
  if (error instanceof PrecedeError) return sendOwn(error, reply, log);
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    const code = status === 413 ? ErrorCode.inputTooLarge : ErrorCode.inputInvalid;
    return reply.code(status).send(body(code, error.message));
  }
  log.error({ err: error }, 'request failed');
  return reply
    .code(500)
    .send(body(ErrorCode.internal, 'an unexpected fault; the log of this service has it'));
};

const sendOwn = (error: PrecedeError, reply: FastifyReply, log: FastifyBaseLogger): FastifyReply => {
  const answer = answerOf(error);
  if (answer.status === 500) log.error({ err: error }, 'request failed');
  if (answer.retryAfter !== null) void reply.header('retry-after', answer.retryAfter);
  return reply.code(answer.status).send(answer.body);
};

export interface ErrorAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: ReturnType<typeof body>;
}

/** How one of our errors reads over HTTP. */
export const answerOf = (error: PrecedeError): ErrorAnswer => {
  if (error instanceof InputError)
    return {
      status: statusOf(error.code),
      retryAfter: null,
      body: body(error.code, error.message, error.pointer),
    };
  const isAway = error instanceof UnavailableError;
  return {
    status: isAway ? 503 : statusOf(error.code),
    retryAfter: isAway ? '1' : null,
    body: body(error.code, error.message),
  };
};

const statusOf = (code: string): number => {
  switch (code) {
    case ErrorCode.inputInvalid:
      return 400;
    case ErrorCode.inputTooLarge:
      return 413;
    case ErrorCode.zoneUnknown:
      return 404;
    case ErrorCode.originRefused:
      return 409;
    case ErrorCode.unauthorized:
      return 401;
    default:
      return 500;
  }
};

/** Resolves with the base address, `http://host:port`. */
export const listen = async (app: FastifyInstance, host: string, port: number): Promise<string> => {
  await app.listen({ host, port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
};
