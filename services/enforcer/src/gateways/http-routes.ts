/**
 * Interfaces for gateways over HTTP, each with or without the zone in its path:
 *   ANY  …/ext_authz/*           Envoy's HTTP service: the request as it came, behind a prefix
 *   ANY  …/auth_request          nginx: 204 or 403, the denial carried in a header
 *   POST …/auth_request/denied   nginx: a carried denial becomes the answer to the client
 *   ANY  …/forward_auth          Traefik and Caddy: 200, or the answer to the client
 * A fault is 500 or 503 with X-Precede-Fault, never 4xx: gateways take that for a denial.
 */

import { METHODS } from 'node:http';
import { InputError, isZoneId, type ZoneId } from '@precede/contracts';
import { andThen } from '@precede/service';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerCheck } from '../bearer.ts';
import type { Decision } from '../decision.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { carriedDenial, carryDenial } from './carried-denial.ts';
import type { GatewayDeps } from './gateway.ts';
import { GatewayInterface } from './gateway-metrics.ts';
import { type GatewayOptions, optionsIn } from './gateway-options.ts';
import { allowAnswer, copiedHeaders, denyAnswer, type HttpAnswer } from './http-answer.ts';
import { send, sendError } from './http-reply.ts';
import { passedRequest, Told, toldRequest } from './told-request.ts';

/** An interface: how it reads a request, and how it renders the decision on it. */
interface Interface {
  readonly face: GatewayInterface;
  /** Behind /v1 and /v1/zones/{zone_id}. */
  readonly path: string;
  readonly read: (request: FastifyRequest) => GatewayRequest;
  readonly render: (decision: Decision, sent: GatewayRequest, request: FastifyRequest) => HttpAnswer;
}

export interface RouteDeps extends GatewayDeps {
  readonly maxBodyBytes: number;
}

export const gatewayRoutes = (app: FastifyInstance, deps: RouteDeps): void => {
  // Envoy's HTTP service asks with the method of the client, whatever it is.
  for (const method of METHODS)
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method))
      app.addHttpMethod(method, { hasBody: true });
  for (const asked of [extAuthz, authRequest, forwardAuth])
    app.register(async (scope) => addInterface(scope, asked, deps));
};

const addInterface = (scope: FastifyInstance, asked: Interface, deps: RouteDeps): void => {
  const check = bearerCheck(deps.token);
  scope.addHook('onRequest', (request, _reply, done) => {
    check(tokenIn(request));
    done();
  });
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    const isFault = sendError(error, request, reply);
    deps.count(asked.face, isFault ? 'fault' : 'deny', reply.elapsedTime);
    return reply;
  });
  readBytes(scope);
  const ask = (request: FastifyRequest, reply: FastifyReply) => {
    const sent = asked.read(request);
    const decided = deps.decide(zoneIn(request), sent, () => reply.elapsedTime);
    return andThen(decided, (decision) => {
      deps.count(asked.face, decision.decision, reply.elapsedTime);
      return send(reply, asked.render(decision, sent, request));
    });
  };
  for (const prefix of ['/v1', '/v1/zones/:zoneId']) {
    scope.all(`${prefix}/${asked.path}`, { bodyLimit: deps.maxBodyBytes }, ask);
    if (asked === authRequest) scope.post(`${prefix}/${asked.path}/denied`, answerCarried);
  }
};

const answerCarried = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  send(reply, carriedDenial(request.body instanceof Buffer ? request.body.toString('latin1') : ''));

const extAuthz: Interface = {
  face: GatewayInterface.extAuthzHttp,
  path: 'ext_authz/*',
  read: (request) => {
    const { method, url, rawHeaders } = request.raw;
    const path = (url ?? '').slice((url ?? '').indexOf('/ext_authz') + '/ext_authz'.length);
    const body = request.body instanceof Buffer && request.body.length > 0 ? request.body : null;
    return passedRequest({ method: method ?? '', path, rawHeaders }, body);
  },
  render: (decision, sent) => {
    // Envoy takes 5xx for a fault of its service.
    if (decision.response !== null) return denyAnswer(decision.response, decision, true);
    const { lines, removed } = copiedHeaders(decision, sent.headers, []);
    const remove =
      removed.length === 0 ? [] : [['x-envoy-auth-headers-to-remove', removed.join(',')] as const];
    return allowAnswer(200, [...lines, ...remove], decision);
  },
};

const authRequest: Interface = {
  face: GatewayInterface.authRequest,
  path: 'auth_request',
  read: (request) => toldRequest(request.raw.rawHeaders, Told.original, optionsOf(request)),
  render: (decision, sent, request) => {
    if (decision.response === null) return allowed(204, decision, sent, request);
    const denial = denyAnswer(decision.response, decision);
    return { status: 403, headers: [['x-precede-denial', carryDenial(denial)]], body: '' };
  },
};

const forwardAuth: Interface = {
  face: GatewayInterface.forwardAuth,
  path: 'forward_auth',
  read: (request) => toldRequest(request.raw.rawHeaders, Told.forwarded, optionsOf(request)),
  render: (decision, sent, request) =>
    decision.response === null
      ? allowed(200, decision, sent, request)
      : denyAnswer(decision.response, decision, optionsOf(request).deniesBelow500),
};

const allowed = (
  status: 200 | 204,
  decision: Decision,
  sent: GatewayRequest,
  request: FastifyRequest,
): HttpAnswer =>
  allowAnswer(status, copiedHeaders(decision, sent.headers, optionsOf(request).copy).lines, decision);

const optionsOf = (request: FastifyRequest): GatewayOptions => {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  return optionsIn(mark === -1 ? '' : url.slice(mark + 1));
};

const zoneIn = (request: FastifyRequest): ZoneId | null => {
  const { zoneId } = request.params as { readonly zoneId?: string };
  if (zoneId === undefined) return null;
  if (isZoneId(zoneId)) return zoneId;
  throw new InputError('/zone_id', 'the zone in the path must be 32 lower-case hex digits');
};

/** Of its own header: Authorization is the client's. */
const tokenIn = (request: FastifyRequest): string | undefined => {
  const shown = request.headers['x-precede-token'];
  return typeof shown === 'string' ? `Bearer ${shown}` : undefined;
};

/** Whatever a client sends is bytes here, of any type. */
const readBytes = (scope: FastifyInstance): void => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
};
