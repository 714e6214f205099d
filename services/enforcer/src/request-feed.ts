/**
 * Publishes the requests of zones that name the enforcer as their origin: what was let through and is one of a session goes
 * to requests.v1, what matches no operation to discovery. So one integration serves enforcement and analytics. Behind the
 * answer and bounded: what the log cannot take in time is dropped and counted, unlike in ingest.
 */
import {
  hostKey,
  LIVE,
  RequestsOrigin,
  requestToAvro,
  sessionKey,
  Topic,
  unmatchedToAvro,
} from '@precede/contracts';
import { boundPath, normaliseRequestHost, normaliseRequestPath } from '@precede/endpoints';
import { contextHeaders, createSampler } from '@precede/service';
import type { Outcome } from './outcome.ts';
import type { Publication, Publisher } from './publisher.ts';
import type { Question } from './question.ts';

/** Of the requests of a zone that match nothing; more of one second tell no more. */
const maxUnmatchedPerSecond = 100;

export class RequestFeed {
  readonly #publisher: Publisher;
  readonly #sampler = createSampler(maxUnmatchedPerSecond);

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  publish(question: Question, { kind }: Outcome): void {
    const { table, operation, sessionId } = question;
    if (table.settings.requestsOrigin !== RequestsOrigin.enforcer || kind === 'block') return;
    if (operation === undefined) {
      if (this.#sampler.take(table.zoneId, question.timeMs)) this.#publisher.offer(unmatched(question));
    } else if (sessionId !== null) this.#publisher.offer(request(question, operation, sessionId));
  }
}

const request = (
  { table: { zoneId }, timeMs, requestId, traceparent }: Question,
  { shortId: operation }: NonNullable<Question['operation']>,
  sessionId: NonNullable<Question['sessionId']>,
): Publication => ({
  isSample: false,
  encode: (log) => ({
    topic: Topic.requests,
    key: sessionKey(zoneId, sessionId),
    value: log.codec.encode(
      Topic.requests,
      requestToAvro({
        kind: 'request',
        ...{ zoneId, sessionId, operation, timeMs, source: LIVE },
        // Decided before the origin answers.
        ...{ status: null, durationMs: null, bytes: null },
        // A record that is written twice is one request.
        eventId: requestId,
      }),
    ),
    ...contextHeaders(traceparent),
  }),
});

const unmatched = ({ table: { zoneId }, timeMs, request: { method, host, path } }: Question): Publication => {
  const normalHost = normaliseRequestHost(host);
  return {
    isSample: true,
    encode: (log) => ({
      topic: Topic.unmatched,
      key: hostKey(zoneId, normalHost),
      value: log.codec.encode(
        Topic.unmatched,
        unmatchedToAvro({
          ...{ zoneId, method, host: normalHost, timeMs, status: null },
          path: boundPath(normaliseRequestPath(path)),
        }),
      ),
    }),
  };
};
