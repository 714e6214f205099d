/** The HTTP face: what is in force for a zone, beside health and metrics; decisions are asked in decide-http.ts. */
import { ErrorCode, InputError, type ZoneId } from '@precede/contracts';
import {
  buildHttp,
  type Health,
  type Logger,
  noTracing,
  type Registry,
  type Tracing,
} from '@precede/service';
import type { FastifyInstance } from 'fastify';
import { bearerCheck } from './bearer.ts';
import type { EnforcerConfig } from './config.ts';
import { decideHandler, zoneInPath } from './decide-http.ts';
import { type FailModes, failModeOf } from './fail-mode.ts';
import type { CountGateway } from './gateways/gateway-metrics.ts';
import { gatewayRoutes } from './gateways/http-routes.ts';
import type { Decide } from './pipeline.ts';
import type { ZoneTables } from './zone-tables.ts';

export interface ServerDeps {
  readonly decide: Decide;
  readonly tables: ZoneTables;
  readonly failModes: FailModes;
  readonly config: EnforcerConfig;
  readonly logger: Logger;
  readonly health: Health;
  readonly registry: Registry;
  readonly countGateway: CountGateway;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing;
}

interface ZoneRoute {
  readonly Params: { readonly zoneId: string };
}

export const buildServer = (deps: ServerDeps): FastifyInstance => {
  const { config, logger, health, registry, decide, tracing = noTracing } = deps;
  const checkBearer = bearerCheck(config.PRECEDE_ENFORCER_TOKEN);
  const maxBodyBytes = config.PRECEDE_ENFORCER_MAX_BODY;
  const limits = {
    maxHeaders: config.PRECEDE_ENFORCER_MAX_HEADERS,
    maxValue: config.PRECEDE_ENFORCER_MAX_VALUE,
    acceptsTime: config.PRECEDE_ENFORCER_ACCEPT_TIME,
  };
  const app = buildHttp({
    ...{ logger, health, registry, tracing, bodyLimitBytes: maxBodyBytes },
    intercept: decideHandler({
      ...{ decide, checkBearer, limits, maxBodyBytes, health, logger, tracing },
      count: deps.countGateway,
    }),
  });
  app.get<ZoneRoute>('/v1/zones/:zoneId', (request, reply) => {
    checkBearer(request.headers.authorization);
    return reply.send(describeZone(deps, zoneInPath(request.params.zoneId)));
  });
  gatewayRoutes(app, {
    ...{ decide, token: config.PRECEDE_ENFORCER_TOKEN, count: deps.countGateway },
    maxBodyBytes: config.PRECEDE_ENFORCER_MAX_CHECK,
  });
  return app;
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
