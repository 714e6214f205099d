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
import { normaliseRequestHost, normaliseRequestPath } from '@precede/endpoints';
import type { Outcome } from './outcome.ts';
import type { Publication, Publisher } from './publisher.ts';
import type { Question } from './question.ts';

/** As in ingest: longer paths are of no use to discovery. */
const maxUnmatchedPath = 2048;
/** Of the requests that match nothing, a second; more of one second tell no more. */
const maxUnmatchedPerSecond = 100;

export class RequestFeed {
  readonly #publisher: Publisher;
  #second = 0;
  #unmatched = 0;

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  publish(question: Question, { kind }: Outcome): void {
    const { table, operation, sessionId } = question;
    if (table.settings.requestsOrigin !== RequestsOrigin.enforcer || kind === 'block') return;
    if (operation === undefined) {
      if (this.#hasRoom(question.timeMs)) this.#publisher.offer(unmatched(question));
    } else if (sessionId !== null) this.#publisher.offer(request(question, operation, sessionId));
  }

  #hasRoom(timeMs: number): boolean {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#unmatched = 0;
    }
    this.#unmatched += 1;
    return this.#unmatched <= maxUnmatchedPerSecond;
  }
}

const request = (
  { table: { zoneId }, timeMs, requestId }: Question,
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
          // Never ends within an escape.
          path: normaliseRequestPath(path)
            .slice(0, maxUnmatchedPath)
            .replace(/%[0-9A-F]?$/, ''),
        }),
      ),
    }),
  };
};
