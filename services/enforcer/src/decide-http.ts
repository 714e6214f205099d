/**
 * POST /v1/decide and POST /v1/zones/{zone_id}/decide, straight on node:http: they are asked for every request of every
 * client, and half of what they cost was the framework in front of them (bench/src/enforcer-decide.bench.ts). All other
 * routes are in http.ts.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorCode, InputError, isZoneId, PrecedeError, type ZoneId } from '@precede/contracts';
import { Attr, answerOf, asSpan, type Health, type Logger, type Span, type Tracing } from '@precede/service';
import type { BearerCheck } from './bearer.ts';
import type { Decision } from './decision.ts';
import { callSpan } from './decision-span.ts';
import { viewOf } from './decision-view.ts';
import type { GatewayRequest } from './gateway-request.ts';
import { type CountGateway, GatewayInterface } from './gateways/gateway-metrics.ts';
import type { Decide } from './pipeline.ts';
import { parseRequest, type RequestLimits } from './request.ts';

export interface DecideHttpDeps {
  readonly decide: Decide;
  readonly checkBearer: BearerCheck;
  readonly limits: RequestLimits;
  readonly maxBodyBytes: number;
  readonly health: Health;
  readonly logger: Logger;
  readonly count: CountGateway;
  readonly tracing: Tracing;
}

const whole = '/v1/decide';
const ofZone = /^\/v1\/zones\/([^/?]*)\/decide(?:\?|$)/;

/** What stands in the place of the zone; null: no zone is named; undefined: another route. */
const zoneTextOf = (url: string): string | null | undefined => {
  if (url === whole || url.startsWith(`${whole}?`)) return null;
  return ofZone.exec(url)?.[1];
};

/** Whether the request was one of these, and will be answered. */
export const decideHandler =
  (deps: DecideHttpDeps) =>
  (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== 'POST') return false;
    const zoneText = zoneTextOf(request.url ?? '');
    if (zoneText === undefined) return false;
    const call = new Call(deps, response);
    call.guard(() => {
      deps.checkBearer(request.headers.authorization);
      readBody(request, deps.maxBodyBytes, call, (bytes) =>
        call.guard(() => ask(deps, call, zoneText, bytes)),
      );
    });
    return true;
  };

/** Of one request: answers once, whatever happens. */
class Call {
  readonly #deps: DecideHttpDeps;
  readonly #response: ServerResponse;
  readonly startedMs = performance.now();

  constructor(deps: DecideHttpDeps, response: ServerResponse) {
    this.#deps = deps;
    this.#response = response;
  }

  readonly elapsedMs = (): number => performance.now() - this.startedMs;

  guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  get incoming(): IncomingMessage {
    return this.#response.req;
  }

  answer(decision: Decision): void {
    this.#send(200, JSON.stringify(viewOf(decision)), null);
    this.#deps.count(GatewayInterface.decide, decision.decision, this.elapsedMs());
  }

  readonly fail = (error: unknown): void => {
    if (!(error instanceof PrecedeError)) this.#deps.logger.error({ err: error }, 'request failed');
    const known =
      error instanceof PrecedeError
        ? error
        : new PrecedeError(ErrorCode.internal, 'an unexpected fault; the log of this service has it');
    const { status, body, retryAfter } = answerOf(known);
    this.#send(status, JSON.stringify(body), retryAfter);
    // A zone that is not here gets no decision either: to the gateway that is the same.
    const isFault = status >= 500 || known.code === ErrorCode.zoneUnknown;
    this.#deps.count(GatewayInterface.decide, isFault ? 'fault' : 'refused', this.elapsedMs());
  };

  #send(status: number, text: string, retryAfter: string | null): void {
    const response = this.#response;
    if (response.headersSent) return;
    const bytes = Buffer.byteLength(text);
    const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', String(bytes)];
    if (retryAfter !== null) headers.push('retry-after', retryAfter);
    // A client that stays would hold up the stop; a body that is not read to its end cannot be followed by another.
    if (this.#deps.health.isDraining() || !response.req.complete) headers.push('connection', 'close');
    response.writeHead(status, headers);
    // ASCII is the same in both, and one byte a unit is written at half the cost.
    response.end(text, bytes === text.length ? 'latin1' : 'utf8');
  }
}

const readBody = (
  request: IncomingMessage,
  maxBytes: number,
  call: Call,
  done: (bytes: Buffer) => void,
): void => {
  const tooLarge = (): InputError =>
    new InputError('', `the body is larger than ${maxBytes} bytes`, ErrorCode.inputTooLarge);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) {
      request.removeAllListeners('data').removeAllListeners('end').resume();
      call.fail(tooLarge());
    } else if (first === undefined) first = chunk;
    else {
      chunks ??= [first];
      chunks.push(chunk);
    }
  });
  request.on('end', () => done(chunks === undefined ? (first ?? empty) : Buffer.concat(chunks)));
  // The client has gone: there is nobody to answer.
  request.on('error', () => {});
};

const empty = Buffer.alloc(0);

const ask = (deps: DecideHttpDeps, call: Call, zoneText: string | null, bytes: Buffer): void => {
  const pathZone = zoneText === null ? null : zoneInPath(zoneText);
  const request = parseRequest(jsonOf(bytes), deps.limits);
  if (pathZone !== null && request.zoneId !== null && request.zoneId !== pathZone)
    throw new InputError('/zone_id', 'is another zone than that of the path');
  const zoneId = pathZone ?? request.zoneId;
  const span = deps.tracing.isOn ? spanOf(deps.tracing, call, request) : undefined;
  const decided =
    span === undefined
      ? deps.decide(zoneId, request, call.elapsedMs)
      : asSpan(deps.tracing, span, () => deps.decide(zoneId, request, call.elapsedMs));
  if (decided instanceof Promise) decided.then((decision) => call.answer(decision)).catch(call.fail);
  else call.answer(decided);
};

const spanOf = (tracing: Tracing, call: Call, request: GatewayRequest): Span | undefined =>
  callSpan(tracing, call.incoming.headers, request.headers, {
    name: `POST ${whole}`,
    attributes: { [Attr.httpRequestMethod]: 'POST', [Attr.httpRoute]: whole },
    startMs: call.startedMs,
  });

export const zoneInPath = (text: string): ZoneId => {
  if (isZoneId(text)) return text;
  throw new InputError('/zone_id', 'the zone in the path must be 32 lower-case hex digits');
};

const jsonOf = (bytes: Buffer): unknown => {
  // Read all the same, each byte that is none would be one and the same character, in session identifiers too.
  if (!isUtf8(bytes)) throw new InputError('', 'the body is not UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new InputError('', 'the body is not JSON');
  }
};
