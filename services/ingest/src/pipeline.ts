/**
 * The data path of one request body, top to bottom:
 *   1 cut and parse   a body that is not JSON, or has too many events, is refused whole: nothing was published
 *   2 validate        an event with a fault is refused by itself, named by index and pointer
 *   3 match           no operation: to discovery, sampled; an operation without a session: counted only
 *   4 encode          zone ‖ pseudonym of the session is the key, so that a session stays in order
 *   5 publish         one send a body; a failure is the sender's to retry (503), with the same event ids
 */
import { setImmediate } from 'node:timers/promises';
import {
  ErrorCode,
  hostKey,
  InputError,
  requestToAvro,
  type SessionId,
  type SourceId,
  sessionKey,
  Topic,
  unmatchedToAvro,
} from '@precede/contracts';
import { boundPath, normalisePath, normaliseRequestHost } from '@precede/endpoints';
import type { AvroCodec, OutgoingRecord } from '@precede/log';
import { type Clock, type Sampler, type Soon, sessionIdOf } from '@precede/service';
import { elementsOf } from './elements.ts';
import { EventFault, type NormalEvent, type SessionValue } from './event.ts';
import { normaliseEvent } from './normalise.ts';
import { createTally, type Tally } from './tally.ts';
import type { Zone } from './zones.ts';

/** Events held back behind one whose token is being verified; so many tokens are verified side by side. */
const maxWaiting = 64;
/** So many events at a stretch, about ten milliseconds, before others get their turn. */
const eventsPerTurn = 2000;

export interface PrepareDeps {
  readonly codec: AvroCodec;
  readonly clock: Clock;
  readonly sampler: Sampler;
  readonly maxEvents: number;
  readonly maxEventBytes: number;
}

export interface Body {
  readonly zone: Zone;
  readonly source: SourceId;
  /** Plain, decompressed. */
  readonly bytes: Buffer;
  readonly isNdjson: boolean;
}

export interface Prepared {
  readonly records: readonly OutgoingRecord[];
  readonly tally: Tally;
}

interface Work extends Body {
  readonly deps: PrepareDeps;
  readonly records: OutgoingRecord[];
  readonly tally: Tally;
  readonly nowMs: number;
  /** Pseudonyms of this body's sessions: a body has few of them, and each hash costs more than the rest of an event. */
  readonly sessionIds: Map<string, SessionId>;
}

/** Steps 1 to 4. Throws InputError where the body is refused whole. */
export const prepareBody = async (body: Body, deps: PrepareDeps): Promise<Prepared> => {
  const work: Work = {
    ...body,
    deps,
    records: [],
    tally: createTally(),
    nowMs: deps.clock.now(),
    sessionIds: new Map(),
  };
  const options = { nowMs: work.nowMs, identifiers: body.zone.identifiers, tokens: body.zone.tokens };
  const waiting: Waiting[] = [];
  for (const { index, line, value } of elementsOf(body.bytes, {
    ...body,
    maxEventBytes: deps.maxEventBytes,
  })) {
    if (index === deps.maxEvents) throw tooManyEvents(deps.maxEvents);
    if (index > 0 && index % eventsPerTurn === 0) await setImmediate();
    const event = value instanceof EventFault ? value : normaliseEvent(value, options);
    if (waiting.length === 0 && !(event instanceof Promise)) settle(index, line, event, work);
    else waiting.push({ index, line, event });
    if (waiting.length === maxWaiting) await settleAll(waiting, work);
  }
  await settleAll(waiting, work);
  return { records: work.records, tally: work.tally };
};

/** An event that waits for its token, or stands behind one that does: events keep their order. */
interface Waiting {
  readonly index: number;
  readonly line: number | null;
  readonly event: Soon<NormalEvent | EventFault>;
}

const settleAll = async (waiting: Waiting[], work: Work): Promise<void> => {
  for (const { index, line, event } of waiting) settle(index, line, await event, work);
  waiting.length = 0;
};

const settle = (index: number, line: number | null, event: NormalEvent | EventFault, work: Work): void => {
  if (event instanceof EventFault) work.tally.refuse(index, line, event);
  else take(event, work);
};

const tooManyEvents = (max: number): InputError =>
  new InputError(
    '',
    `the body has more than ${max} events; nothing of it was accepted, send it in parts`,
    ErrorCode.inputTooLarge,
  );

const take = (event: NormalEvent, work: Work): void => {
  const { zone, source, deps, records, tally } = work;
  tally.accepted += 1;
  if (event.isClamped) tally.clamped += 1;
  const operation = zone.matcher.match(event.method, event.host, event.path);
  if (operation === undefined) {
    takeUnmatched(event, work);
    return;
  }
  tally.matched += 1;
  if (event.session === null) {
    tally.withoutSession += 1;
    return;
  }
  const { timeMs, status, durationMs, bytes, eventId } = event;
  const zoneId = zone.zoneId;
  const sessionId = pseudonymOf(event.session, work);
  const observed = {
    kind: 'request',
    zoneId,
    sessionId,
    operation: operation.shortId,
    timeMs,
    source,
    status,
    durationMs,
    bytes,
    eventId,
  } as const;
  records.push({
    topic: Topic.requests,
    key: sessionKey(zoneId, sessionId),
    value: deps.codec.encode(Topic.requests, requestToAvro(observed)),
  });
  tally.sequenced += 1;
};

const pseudonymOf = (session: SessionValue, work: Work): SessionId => {
  // With its length, as an explicit session may have any name.
  const cacheKey = `${session.type}\0${session.name.length}\0${session.name}${session.value}`;
  const known = work.sessionIds.get(cacheKey);
  if (known !== undefined) return known;
  const sessionId = sessionIdOf(work.zone.secret, session.type, session.name, session.value);
  work.sessionIds.set(cacheKey, sessionId);
  return sessionId;
};

const takeUnmatched = (event: NormalEvent, work: Work): void => {
  const { zone, deps, records, tally } = work;
  tally.unmatched += 1;
  if (!deps.sampler.take(zone.zoneId, work.nowMs)) {
    tally.unsampled += 1;
    return;
  }
  const host = normaliseRequestHost(event.host);
  const { method, timeMs, status } = event;
  const observed = {
    zoneId: zone.zoneId,
    method,
    host,
    path: boundPath(normalisePath(event.path)),
    timeMs,
    status,
  };
  records.push({
    topic: Topic.unmatched,
    key: hostKey(zone.zoneId, host),
    value: deps.codec.encode(Topic.unmatched, unmatchedToAvro(observed)),
  });
};
