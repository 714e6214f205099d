/**
 * A span for each sampled request of a fastify app, active while its handler works. Probes and metrics are asked all the
 * time and have none. Not for /v1/decide and gRPC, which go past fastify.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Attr } from './trace-attributes.ts';
import { traceparentHeader } from './trace-context.ts';
import type { Span, Tracing } from './tracing.ts';

const untraced: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz', '/metrics']);

export const traceRequests = (app: FastifyInstance, tracing: Tracing): void => {
  const spans = new WeakMap<FastifyRequest, Span>();
  app.addHook('onRequest', (request, reply, done) => {
    const span = requestSpan(request, tracing);
    if (span !== undefined) {
      spans.set(request, span);
      // Also where the client goes before it is answered.
      reply.raw.once('close', () => {
        span.set({ [Attr.httpResponseStatusCode]: reply.statusCode });
        span.end(reply.statusCode >= 500 ? { code: String(reply.statusCode) } : undefined);
      });
    }
    done();
  });
  // Behind the body: what reads it runs in the context of the connection.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else tracing.within(span, done);
  });
};

const requestSpan = (request: FastifyRequest, tracing: Tracing): Span | undefined => {
  const route = request.routeOptions.url;
  if (untraced.has(route)) return undefined;
  const origin = tracing.enter(request.headers[traceparentHeader]);
  if (origin === undefined) return undefined;
  const { method, url } = request;
  return tracing.start(route === undefined ? method : `${method} ${route}`, origin, {
    kind: 'server',
    attributes: {
      [Attr.httpRequestMethod]: method,
      [Attr.httpRoute]: route,
      [Attr.urlScheme]: request.protocol,
      // Behind a wildcard stands the path of somebody else's client.
      [Attr.urlPath]: route?.includes('*') === false ? url.split('?')[0] : undefined,
    },
  });
};
