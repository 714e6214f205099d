/**
 * The two routes of ingest. A body is let in by token, zone and budget before it is read. The answers are made for log
 * shippers: 2xx and 4xx are final, 429 and 503 mean the same body again later (`Retry-After`).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  ErrorCode,
  InputError,
  isSourceId,
  isZoneId,
  LIVE,
  PrecedeError,
  type SourceId,
  UnavailableError,
  type ZoneId,
} from '@precede/contracts';
import {
  buildHttp,
  type Clock,
  createBudgetMetrics,
  createSampler,
  type Health,
  type Logger,
  measureRequests,
  type Registry,
  type Sampler,
} from '@precede/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decompress, encodingOf } from './body.ts';
import { type Budget, createBudget, type Reservation } from './budget.ts';
import type { IngestConfig } from './config.ts';
import { prepareBody } from './pipeline.ts';
import { count, type PublishDeps, publish, publishSourceEnd } from './publish.ts';
import { answerOf, type Tally } from './tally.ts';
import type { Zone, Zones } from './zones.ts';

export interface ServerDeps extends PublishDeps {
  readonly config: IngestConfig;
  readonly zones: Zones;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly health: Health;
  readonly registry: Registry;
}

interface Context extends ServerDeps {
  readonly budget: Budget;
  readonly sampler: Sampler;
  readonly admissions: WeakMap<FastifyRequest, Admission>;
}

/** Room for one body, held from the door to the answer. */
interface Admission {
  readonly reservation: Reservation;
  isBusy: boolean;
}

interface ZoneParams {
  readonly zone_id: string;
}
interface SourceParams extends ZoneParams {
  readonly source: string;
}

export const buildServer = (deps: ServerDeps): FastifyInstance => {
  const { logger, health, registry, config, tracing } = deps;
  const bodyLimitBytes = config.PRECEDE_INGEST_MAX_BODY;
  const app = buildHttp({ logger, health, registry, bodyLimitBytes, tracing });
  const context: Context = {
    ...deps,
    budget: measuredBudget(deps),
    sampler: createSampler(config.PRECEDE_INGEST_UNMATCHED_PER_SECOND),
    admissions: new WeakMap(),
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const authorise = authoriser(config.PRECEDE_INGEST_TOKEN);
  void app.register(async (scope) => {
    measureRequests(scope, deps.metrics.requests);
    routes(scope, authorise, context);
  });
  return app;
};

const routes = (scope: FastifyInstance, authorise: Authorise, context: Context): void => {
  scope.post<{ Params: ZoneParams }>(
    '/v1/zones/:zone_id/events',
    { onRequest: [authorise, async (request, reply) => admit(request, reply, context)] },
    async (request, reply) => takeEvents(request, reply, context),
  );
  // Which revision of a zone ingest works with: who has just changed the zone can wait for it.
  scope.get<{ Params: ZoneParams }>('/v1/zones/:zone_id', { onRequest: authorise }, async (request) => {
    const { zoneId, revision } = zoneOf(request.params.zone_id, context);
    return { zone_id: zoneId, revision };
  });
  scope.post<{ Params: SourceParams }>(
    '/v1/zones/:zone_id/sources/:source/end',
    { onRequest: authorise },
    async (request) => endSource(request.params, context),
  );
};

const measuredBudget = ({ registry, metrics, config }: ServerDeps): Budget => {
  const limit = config.PRECEDE_INGEST_MAX_IN_FLIGHT;
  let used = 0;
  createBudgetMetrics(registry, [{ budget: 'in_flight_bytes', limit, used: () => used }]);
  return createBudget(limit, (usedBytes) => {
    used = usedBytes;
    metrics.inFlightBytes.set(usedBytes);
  });
};

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests in constant time, so that neither content nor length of the token shows. */
type Authorise = (request: FastifyRequest) => Promise<void>;

const authoriser = (token: string): Authorise => {
  const expected = digest(`Bearer ${token}`);
  return async (request) => {
    if (token === '' || timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return;
    throw new PrecedeError(ErrorCode.unauthorized, 'a bearer token is needed');
  };
};

const zoneIdOf = (text: string): ZoneId => {
  if (isZoneId(text)) return text;
  throw new InputError('/zone_id', 'zone_id must be 32 lower-case hex digits');
};

const sourceOf = (text: unknown): SourceId => {
  if (text === undefined) return LIVE;
  if (typeof text === 'string' && isSourceId(text)) return text;
  throw new InputError('/source', 'source must be 1 to 64 of A-Z a-z 0-9 . _ : -');
};

/** A zone that is not known yet is not an unknown zone: until the configuration is read to its end, come back. */
const zoneOf = (text: string, { zones }: Context): Zone => {
  const zone = zones.get(zoneIdOf(text));
  if (zone !== undefined) return zone;
  if (!zones.isCaughtUp())
    throw new UnavailableError(ErrorCode.logUnavailable, 'the configuration is still being read');
  throw new InputError('/zone_id', 'there is no such zone', ErrorCode.zoneUnknown);
};

/** Before the body is read: is the zone there, and is there room for the body. */
const admit = (request: FastifyRequest, reply: FastifyReply, context: Context): FastifyReply | undefined => {
  const zone = zoneOf((request.params as ZoneParams).zone_id, context);
  refuseOtherOrigin(zone, sourceOf((request.query as Record<string, unknown>)['source']), context);
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  const max = context.config.PRECEDE_INGEST_MAX_BODY;
  const reservation = context.budget.reserve(Number.isFinite(declared) ? Math.min(declared, max) : max);
  if (reservation === undefined) return sendBusy(reply, context);
  const admission = { reservation, isBusy: false };
  context.admissions.set(request, admission);
  // A sender that goes away before its body is complete; from then on the handler gives back.
  reply.raw.once('close', () => {
    if (!admission.isBusy) reservation.release();
  });
  return undefined;
};

/** What the enforcer publishes already would be counted twice. Imports are sources of their own and always welcome. */
const refuseOtherOrigin = (zone: Zone, source: SourceId, { metrics }: Context): void => {
  if (!zone.isFedByEnforcer || source !== LIVE) return;
  metrics.bodies.inc({ outcome: 'other_origin' });
  throw new InputError(
    '/zone_id',
    'the zone names the enforcer as the origin of its requests (requests_origin); live requests are taken from there alone',
    ErrorCode.originRefused,
  );
};

const sendBusy = (reply: FastifyReply, { metrics }: Context): FastifyReply => {
  metrics.bodies.inc({ outcome: 'busy' });
  const message = 'too many bytes of request bodies are in flight; send this one again later';
  return reply
    .code(429)
    .header('retry-after', '1')
    .send({ error: { code: ErrorCode.ingestBusy, message } });
};

const takeEvents = async (
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
): Promise<unknown> => {
  const admission = context.admissions.get(request);
  if (admission !== undefined) admission.isBusy = true;
  try {
    return await takeBody(request, reply, context, admission?.reservation);
  } catch (error) {
    context.metrics.bodies.inc({ outcome: error instanceof UnavailableError ? 'unavailable' : 'invalid' });
    throw error;
  } finally {
    admission?.reservation.release();
  }
};

const takeBody = async (
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
  reservation: Reservation | undefined,
): Promise<unknown> => {
  const { config, log, clock, sampler, metrics, tracing } = context;
  const zone = zoneOf((request.params as ZoneParams).zone_id, context);
  const source = sourceOf((request.query as Record<string, unknown>)['source']);
  const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  metrics.receivedBytes.inc(sent.length);
  const encoding = encodingOf(request.headers['content-encoding']);
  const maxDecoded = Math.min(config.PRECEDE_INGEST_MAX_DECODED_BODY, maxExpansion(encoding, sent.length));
  if (encoding !== undefined && reservation?.resize(sent.length + maxDecoded) === false)
    return sendBusy(reply, context);
  const bytes =
    encoding === undefined ? sent : await decompress(sent, encoding, config.PRECEDE_INGEST_MAX_DECODED_BODY);
  reservation?.resize(bytes.length);
  const limits = {
    maxEvents: config.PRECEDE_INGEST_MAX_EVENTS,
    maxEventBytes: config.PRECEDE_INGEST_MAX_EVENT,
  };
  const body = { zone, source, bytes, isNdjson: isNdjson(request.headers['content-type']) };
  const { records, tally } = await prepareBody(body, { codec: log.codec, clock, sampler, ...limits });
  tracing?.active()?.set({ 'precede.zone.id': zone.zoneId, 'precede.events': tally.accepted });
  await publish(records, context);
  count(tally, metrics);
  return sendAnswer(tally, reply, context);
};

/** What a body can grow to: deflate makes at most 1032 bytes of one; brotli knows no such bound. */
const maxExpansion = (encoding: string | undefined, bytes: number): number =>
  encoding === 'br' ? Number.POSITIVE_INFINITY : bytes * 1032 + 65_536;

const isNdjson = (contentType: string | undefined): boolean =>
  /^application\/(x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)\b/i.test(contentType ?? '');

/** A body with no good event at all is a fault of the sender, not of the moment: 400, which shippers do not send again. */
const sendAnswer = (tally: Tally, reply: FastifyReply, { metrics }: Context): FastifyReply => {
  const isRefused = tally.accepted === 0 && tally.refusedTotal > 0;
  metrics.bodies.inc({ outcome: isRefused ? 'refused' : 'accepted' });
  if (!isRefused) return reply.code(200).send(answerOf(tally));
  const message = `every event was refused (${tally.refusedTotal})`;
  const pointer = tally.refused[0]?.pointer ?? '';
  return reply
    .code(400)
    .send({ error: { code: ErrorCode.inputInvalid, message, pointer }, ...answerOf(tally) });
};

const endSource = async (params: SourceParams, context: Context): Promise<{ partitions: number }> => {
  const zone = zoneOf(params.zone_id, context);
  const source = sourceOf(params.source);
  if (source === LIVE) throw new InputError('/source', 'live traffic has no end');
  return { partitions: await publishSourceEnd(zone.zoneId, source, context) };
};
