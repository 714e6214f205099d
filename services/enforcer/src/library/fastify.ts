/**
 * `app.register(fastifyEnforcer, { enforcer })`: every request of the server, 404s too, is decided in an onRequest hook,
 * before its body is read. Denials pass through the onSend hooks of the server, as any answer does.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { DenyResponse } from '../decision.ts';
import { enforce, type Ways } from './enforce.ts';
import { applyHeaderChanges } from './header-changes.ts';
import type { InProcessEnforcer } from './in-process.ts';
import { requestOf } from './incoming.ts';

export interface FastifyEnforcerOptions {
  readonly enforcer: InProcessEnforcer;
}

const plugin: FastifyPluginCallback<FastifyEnforcerOptions> = (app, { enforcer }, done) => {
  app.addHook('onRequest', (request, reply, next) =>
    enforce(enforcer, readRequest(request), waysOf(request, reply, next)),
  );
  done();
};

/** The hook is for the server that registers the plugin, not for a context of its own (fastify, Plugins). */
export const fastifyEnforcer: typeof plugin = Object.assign(plugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'precede-enforcer',
});

const readRequest = (request: FastifyRequest) =>
  requestOf(request.raw, request.originalUrl, {
    scheme: request.protocol,
    host: request.host,
    clientIp: request.ip,
  });

const waysOf = (request: FastifyRequest, reply: FastifyReply, next: HookHandlerDoneFunction): Ways => ({
  pass: ({ requestHeaders, setCookie }) => {
    applyHeaderChanges(request.raw, requestHeaders);
    if (setCookie !== null) void reply.header('set-cookie', setCookie);
    next();
  },
  refuse: (response, setCookie) => send(reply, response, setCookie),
  fail: (error) => next(error instanceof Error ? error : new Error(String(error))),
});

const send = (reply: FastifyReply, response: DenyResponse, setCookie: string | null): void => {
  for (const [name, value] of response.headers) void reply.header(name, value);
  if (setCookie !== null) void reply.header('set-cookie', setCookie);
  // Text that is empty would be given a content type.
  void reply.code(response.status).send(response.body === '' ? undefined : response.body);
};
