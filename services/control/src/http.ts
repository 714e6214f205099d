/** The management API: body parsing, authentication, errors and metrics for all routes; the routes are in routes.ts. */
import { UnavailableError } from '@precede/contracts';
import {
  buildHttp,
  type Health,
  type Logger,
  measureRequests,
  type Registry,
  type Tracing,
} from '@precede/service';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticate, demand, type Permission, type Principal, principalOf } from './auth.ts';
import { failure } from './envelope.ts';
import { ApiError, apiError } from './errors.ts';
import type { ControlMetrics } from './metrics.ts';
import { zoneIdOf } from './request.ts';
import { type RouteDeps, routes } from './routes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission;
  }
  interface FastifyRequest {
    principal: Principal | undefined;
  }
}

export interface ServerDeps extends RouteDeps {
  readonly authenticate: Authenticate;
  readonly health: Health;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly metrics: ControlMetrics;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** 10,000 operations with long paths. */
export const bodyLimitBytes = 16 * 1024 * 1024;

export const buildServer = (deps: ServerDeps): FastifyInstance => {
  const { logger, health, registry, tracing } = deps;
  const app = buildHttp({ logger, health, registry, bodyLimitBytes, tracing });
  app.decorateRequest('principal', undefined);
  void app.register(
    async (api) => {
      acceptJson(api);
      api.setErrorHandler((error: FastifyError, request, reply) => sendFault(error, request, reply));
      api.setNotFoundHandler((request) => {
        throw apiError(
          'noRoute',
          `there is no route ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`,
        );
      });
      authorise(api, deps.authenticate);
      measureRequests(api, deps.metrics.requests);
      routes(api, deps);
    },
    { prefix: '/client/v4' },
  );
  return app;
};

/** Clients send the content type with DELETE and nothing else: an empty body is no body, and a route that needs one says so. */
const acceptJson = (api: FastifyInstance): void => {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => {
      if (body.length === 0) return undefined;
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
      } catch (error) {
        throw apiError('bodyMalformed', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
      }
    },
  );
};

/** Before the body is read: who may not write here cannot make us parse 16 MiB either. */
const authorise = (api: FastifyInstance, authenticate: Authenticate): void => {
  api.addHook('onRequest', async (request) => {
    const principal = principalOf(authenticate, request.headers.authorization);
    request.principal = principal;
    const { permission } = request.routeOptions.config;
    const hasZone = Object.hasOwn((request.params ?? {}) as object, 'zone_id');
    if (permission !== undefined) demand(principal, permission, hasZone ? zoneIdOf(request) : undefined);
  });
};

/** The one place where errors become answers of this API. */
const sendFault = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const known = error instanceof ApiError ? error : translate(error, request);
  if (known.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (known.status === 503) void reply.header('retry-after', '1');
  return reply.code(known.status).send(failure(known.faults));
};

const translate = (error: FastifyError, request: FastifyRequest): ApiError => {
  if (error instanceof UnavailableError) return apiError('logUnavailable', error.message);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return apiError('bodyTooLarge', `the body is larger than ${bodyLimitBytes} bytes`);
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return apiError('contentType', 'the body must be declared as content-type: application/json');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return apiError('bodyMalformed', error.message);
  request.log.error({ err: error }, 'request failed');
  return apiError('internal', 'an unexpected fault; the log of this service has it');
};
