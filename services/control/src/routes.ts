/** Every route of the management API, in the order of docs/openapi.yaml: parse, ask the core, wrap. */
import type { ZoneId, ZoneSnapshot } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import type { Clock } from '@precede/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Analytics } from './analytics.ts';
import { mayAccess } from './auth.ts';
import type { ConfigStore } from './config-store.ts';
import { success, successPage } from './envelope.ts';
import { apiError } from './errors.ts';
import { listRoutes } from './list-routes.ts';
import {
  deleteOperation,
  knownOperation,
  listOperations,
  type NewOperation,
  newOperationBody,
  newOperationsBody,
  operationView,
  saveOperations,
} from './operations.ts';
import { directionQuery, pageOf, pageQuery, slicePage } from './paging.ts';
import { parseBody, parseQuery, repeated } from './parse.ts';
import { planned } from './plan.ts';
import { logProgress, scoreProgress } from './progress.ts';
import { receiptRoutes } from './receipt-routes.ts';
import {
  administrating,
  answerWrite,
  editingCookies,
  editingEndpoints,
  editingRules,
  operationIdOf,
  param,
  reading,
  ruleIdOf,
  zoneIdOf,
  zoneOf,
} from './request.ts';
import { rulesetRoutes } from './ruleset-routes.ts';
import { readSequence, sequenceQuery } from './sequence.ts';
import { sequenceCookiesBody, sequenceCookiesView, setSequenceCookies } from './sequence-cookies.ts';
import { addRule, deleteRule, knownRule, patchRule, replaceRules, ruleView } from './sequence-rules.ts';
import { parseSequenceId, type Sequence } from './sequence-view.ts';
import { listSequences, sequencesQuery } from './sequences.ts';
import { configurationView, setIdentifiers } from './session-identifiers.ts';
import { tokenRoutes } from './token-routes.ts';
import { createZone, deleteZone, newZoneBody, patchZone, viewOf, zonePatchBody } from './zones.ts';

/** What clients are told of this instance. */
export interface Instance {
  readonly version: string;
  readonly mode: string;
  readonly addresses: { readonly ingest: string; readonly enforcer: string; readonly clickhouse: string };
}

export interface RouteDeps {
  readonly store: ConfigStore;
  readonly log: EventLog;
  readonly analytics: Analytics;
  readonly clock: Clock;
  readonly drawUuid: () => string;
  readonly instance: Instance;
}

export const routes = (api: FastifyInstance, deps: RouteDeps): void => {
  api.get('/instance', reading, async () => success(deps.instance));
  zoneRoutes(api, deps);
  operationRoutes(api, deps);
  configurationRoutes(api, deps);
  ruleRoutes(api, deps);
  rulesetRoutes(api, deps);
  listRoutes(api, deps);
  cookieRoutes(api, deps);
  tokenRoutes(api, deps);
  sequenceRoutes(api, deps);
  receiptRoutes(api, deps);
};

const zonesQuery = z.strictObject({
  name: z.string().optional(),
  order: z.enum(['name', 'created_on']).default('name'),
  direction: directionQuery.default('asc'),
  ...pageQuery,
});

const zoneRoutes = (api: FastifyInstance, deps: RouteDeps): void => {
  const { store, clock, drawUuid } = deps;
  const path = '/zones/:zone_id';
  api.get('/zones', reading, async (request) => {
    const query = parseQuery(zonesQuery, request.query);
    const { principal } = request;
    const found = [...store.zones.all()]
      .filter((zone) => principal !== undefined && mayAccess(principal, zone.zoneId))
      .filter((zone) => query.name === undefined || zone.settings.name === query.name)
      .sort(zoneOrder(query));
    return successPage(slicePage(found, pageOf(query)).map(viewOf), pageOf(query), found.length);
  });
  api.post('/zones', administrating, async (request) => {
    const body = parseBody(newZoneBody, request.body);
    const drawn = drawUuid().replaceAll('-', '') as ZoneId;
    return answerWrite(request, deps, createZone(body, drawn, clock.now()));
  });
  api.get(path, reading, async (request) => success(viewOf(zoneOf(request, store))));
  api.patch(path, administrating, async (request) => {
    const body = parseBody(zonePatchBody, request.body);
    return answerWrite(request, deps, patchZone(zoneIdOf(request), body));
  });
  api.delete(path, administrating, async (request) =>
    answerWrite(request, deps, deleteZone(zoneIdOf(request))),
  );
};

const zoneOrder =
  ({ order, direction }: z.infer<typeof zonesQuery>) =>
  (a: ZoneSnapshot, b: ZoneSnapshot): number => {
    const byName = a.settings.name < b.settings.name ? -1 : 1;
    const byTime = order === 'created_on' ? a.settings.createdAtMs - b.settings.createdAtMs : 0;
    return (direction === 'asc' ? 1 : -1) * (byTime || byName);
  };

const operationsQuery = z.strictObject({
  host: repeated(z.string().max(255)),
  method: repeated(z.string().max(20)),
  endpoint: z.string().max(4096).optional(),
  // Named by clients of the public API; no features are kept here yet.
  feature: repeated(z.string().max(64)),
  order: z.enum(['method', 'host', 'endpoint', 'last_updated']).default('host'),
  direction: directionQuery.default('asc'),
  ...pageQuery,
});

const operationRoutes = (api: FastifyInstance, deps: RouteDeps): void => {
  const { store, clock, drawUuid } = deps;
  const path = '/zones/:zone_id/api_gateway/operations';
  const save = (request: FastifyRequest, wanted: readonly NewOperation[]) =>
    saveOperations(zoneIdOf(request), wanted, clock.now(), drawUuid);
  api.get(path, reading, async (request) => {
    const query = parseQuery(operationsQuery, request.query);
    const found = listOperations(zoneOf(request, store), query);
    return successPage(slicePage(found, pageOf(query)).map(operationView), pageOf(query), found.length);
  });
  api.post(path, editingEndpoints, async (request) => {
    zoneOf(request, store);
    return answerWrite(request, deps, save(request, parseBody(newOperationsBody, request.body)));
  });
  api.post(`${path}/item`, editingEndpoints, async (request) => {
    zoneOf(request, store);
    const plan = save(request, [parseBody(newOperationBody, request.body)]);
    return answerWrite(
      request,
      deps,
      planned(plan, (saved) => saved[0]),
    );
  });
  api.get(`${path}/:operation_id`, reading, async (request) =>
    success(operationView(knownOperation(zoneOf(request, store), operationIdOf(request)))),
  );
  api.delete(`${path}/:operation_id`, editingEndpoints, async (request) =>
    answerWrite(request, deps, deleteOperation(zoneIdOf(request), operationIdOf(request))),
  );
};

const configurationQuery = z.strictObject({
  properties: repeated(z.literal('auth_id_characteristics')),
});

const configurationRoutes = (api: FastifyInstance, deps: RouteDeps): void => {
  const { store } = deps;
  const path = '/zones/:zone_id/api_gateway/configuration';
  api.get(path, reading, async (request) => {
    parseQuery(configurationQuery, request.query);
    return success(configurationView(zoneOf(request, store).identifiers));
  });
  api.put(path, editingEndpoints, async (request) => {
    return answerWrite(request, deps, setIdentifiers(zoneIdOf(request), request.body));
  });
};

const ruleRoutes = (api: FastifyInstance, deps: RouteDeps): void => {
  const { store, clock, drawUuid } = deps;
  const path = '/zones/:zone_id/api_gateway/seqrules';
  api.get(path, reading, async (request) => success({ rules: zoneOf(request, store).rules.map(ruleView) }));
  api.put(path, editingRules, async (request) =>
    answerWrite(request, deps, replaceRules(zoneIdOf(request), request.body, clock.now(), drawUuid)),
  );
  api.post(`${path}/rules`, editingRules, async (request) =>
    answerWrite(request, deps, addRule(zoneIdOf(request), request.body, clock.now(), drawUuid)),
  );
  api.get(`${path}/rules/:rule_id`, reading, async (request) =>
    success(ruleView(knownRule(zoneOf(request, store), ruleIdOf(request)))),
  );
  api.patch(`${path}/rules/:rule_id`, editingRules, async (request) =>
    answerWrite(request, deps, patchRule(zoneIdOf(request), ruleIdOf(request), request.body, clock.now())),
  );
  api.delete(`${path}/rules/:rule_id`, editingRules, async (request) =>
    answerWrite(request, deps, deleteRule(zoneIdOf(request), ruleIdOf(request))),
  );
};

const cookieRoutes = (api: FastifyInstance, deps: RouteDeps): void => {
  const path = '/zones/:zone_id/fraud_detection/sequence_cookies';
  api.get(path, reading, async (request) =>
    success(sequenceCookiesView(zoneOf(request, deps.store).settings)),
  );
  api.put(path, editingCookies, async (request) => {
    zoneOf(request, deps.store);
    const { enabled } = parseBody(sequenceCookiesBody, request.body);
    return answerWrite(request, deps, setSequenceCookies(zoneIdOf(request), enabled));
  });
};

const sequenceRoutes = (api: FastifyInstance, { store, log, analytics }: RouteDeps): void => {
  api.get('/zones/:zone_id/api_gateway/sequences', reading, async (request) => {
    const zone = zoneOf(request, store);
    const query = parseQuery(sequencesQuery, request.query);
    const { items, page, total, messages } = await analytics.ask((clickhouse) =>
      listSequences(clickhouse, zone, query),
    );
    return successPage(items, page, total, messages);
  });
  api.get('/zones/:zone_id/api_gateway/sequences/:sequence_id', reading, async (request) => {
    const zone = zoneOf(request, store);
    const sequence = sequenceOf(request);
    const query = parseQuery(sequenceQuery, request.query);
    const answer = await analytics.ask((clickhouse) => readSequence(clickhouse, zone, sequence, query));
    if (answer.kind === 'missing') throw apiError('sequenceUnknown', answer.why);
    return success(answer.result, answer.messages);
  });
  api.get('/zones/:zone_id/api_gateway/pipeline', reading, async (request) => {
    const { zoneId } = zoneOf(request, store);
    const { requests, sequenceEnds } = await logProgress(log);
    const scored = await analytics.ask((clickhouse) => scoreProgress(clickhouse, zoneId, sequenceEnds));
    return success({ requests, ...scored });
  });
};

const sequenceOf = (request: FastifyRequest): Sequence => {
  const sequence = parseSequenceId(param(request, 'sequence_id'));
  if (sequence !== undefined) return sequence;
  throw apiError(
    'noRoute',
    'the sequence id in the path is not precedence, correlation or lookback with 2 to 9 short ids, such as precedence.0a1b2c3d.4e5f6071',
  );
};
