/** The HTTP face: decision requests in, answers out, and what is in force for a zone. No decision is made here. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ErrorCode, InputError, isZoneId, type ZoneId } from '@precede/contracts';
import { buildHttp, type Health, type Logger, type Registry } from '@precede/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EnforcerConfig } from './config.ts';
import { viewOf } from './decision-view.ts';
import { type FailModes, failModeOf } from './fail-mode.ts';
import type { GatewayRequest } from './gateway-request.ts';
import type { Decide } from './pipeline.ts';
import { andThen } from './ports.ts';
import { parseRequest, type RequestLimits } from './request.ts';
import type { ZoneTables } from './zone-tables.ts';

export interface ServerDeps {
  readonly decide: Decide;
  readonly tables: ZoneTables;
  readonly failModes: FailModes;
  readonly config: EnforcerConfig;
  readonly logger: Logger;
  readonly health: Health;
  readonly registry: Registry;
}

interface ZoneRoute {
  readonly Params: { readonly zoneId: string };
}

export const buildServer = (deps: ServerDeps): FastifyInstance => {
  const { config, logger, health, registry } = deps;
  const app = buildHttp({ logger, health, registry, bodyLimitBytes: config.PRECEDE_ENFORCER_MAX_BODY });
  readJson(app);
  const limits: RequestLimits = {
    maxHeaders: config.PRECEDE_ENFORCER_MAX_HEADERS,
    maxValue: config.PRECEDE_ENFORCER_MAX_VALUE,
    acceptsTime: config.PRECEDE_ENFORCER_ACCEPT_TIME,
  };
  const onRequest = authorise(config.PRECEDE_ENFORCER_TOKEN);
  const answer = (zoneId: ZoneId | null, request: GatewayRequest, reply: FastifyReply) =>
    andThen(
      deps.decide(zoneId, request, () => reply.elapsedTime),
      (decision) => reply.send(viewOf(decision)),
    );

  app.post('/v1/decide', { onRequest }, (request, reply) => {
    const body = parseRequest(request.body, limits);
    return answer(body.zoneId, body, reply);
  });
  app.post<ZoneRoute>('/v1/zones/:zoneId/decide', { onRequest }, (request, reply) => {
    const zoneId = zoneInPath(request.params.zoneId);
    const body = parseRequest(request.body, limits);
    if (body.zoneId !== null && body.zoneId !== zoneId)
      throw new InputError('/zone_id', 'is another zone than that of the path');
    return answer(zoneId, body, reply);
  });
  app.get<ZoneRoute>('/v1/zones/:zoneId', { onRequest }, (request, reply) =>
    reply.send(describeZone(deps, zoneInPath(request.params.zoneId))),
  );
  return app;
};

/** JSON whatever its faults: the shared parser would answer without a pointer. */
const readJson = (app: FastifyInstance): void => {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, JSON.parse(text as string));
    } catch {
      done(new InputError('', 'the body is not JSON'));
    }
  });
};

const zoneInPath = (text: string): ZoneId => {
  if (isZoneId(text)) return text;
  throw new InputError('/zone_id', 'the zone in the path must be 32 lower-case hex digits');
};

type Hook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** Digests are compared, so that neither length nor content shows in the time it takes. */
const authorise = (token: string): Hook => {
  if (token === '') return (_request, _reply, done) => done();
  const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = sha256(`Bearer ${token}`);
  return (request, _reply, done) => {
    const isGood = timingSafeEqual(sha256(request.headers.authorization ?? ''), expected);
    done(
      isGood ? undefined : new InputError('', 'the bearer token is missing or wrong', ErrorCode.unauthorized),
    );
  };
};

/** What decisions on the zone are made with now. */
const describeZone = (deps: ServerDeps, zoneId: ZoneId) => {
  const table = deps.tables.get(zoneId);
  if (table === undefined)
    throw new InputError('/zone_id', 'the enforcer has no configuration of this zone', ErrorCode.zoneUnknown);
  return {
    zone_id: zoneId,
    revision: table.revision,
    refused_revision: deps.tables.refusedRevision(zoneId) ?? null,
    operations: table.matcher.size,
    rules: table.ruleCount,
    session_identifiers: table.identifiers.length,
    fail_mode: table.settings.failMode ?? failModeOf(deps.failModes, zoneId),
    log_only: table.isLogOnly,
  };
};
