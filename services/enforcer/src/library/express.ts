/**
 * `app.use(expressEnforcer(enforcer))`, before body parsers and routes; also for servers that call middleware as connect
 * does. Nothing of express is imported: what it adds to a request is used where it is there.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { DenyResponse } from '../decision.ts';
import { enforce, type Ways } from './enforce.ts';
import { applyHeaderChanges } from './header-changes.ts';
import type { InProcessEnforcer } from './in-process.ts';
import { requestOf } from './incoming.ts';

/** What express and connect add. */
interface MiddlewareRequest extends IncomingMessage {
  /** `url` loses the path that a router is mounted at. */
  readonly originalUrl?: string | undefined;
  readonly protocol?: string | undefined;
  readonly host?: string | undefined;
  readonly ip?: string | undefined;
}

export type Middleware = (
  request: MiddlewareRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

export const expressEnforcer =
  (enforcer: InProcessEnforcer): Middleware =>
  (request, response, next) =>
    enforce(enforcer, readRequest(request), waysOf(request, response, next));

const readRequest = (request: MiddlewareRequest) =>
  requestOf(request, request.originalUrl ?? request.url ?? '', {
    scheme: request.protocol ?? ((request.socket as TLSSocket).encrypted === true ? 'https' : 'http'),
    host: request.host ?? request.headers.host ?? '',
    clientIp: request.ip ?? request.socket.remoteAddress,
  });

const waysOf = (
  request: MiddlewareRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
): Ways => ({
  pass: ({ requestHeaders, setCookie }) => {
    applyHeaderChanges(request, requestHeaders);
    if (setCookie !== null) response.appendHeader('set-cookie', setCookie);
    next();
  },
  refuse: (answer, setCookie) => send(response, answer, setCookie),
  fail: next,
});

const send = (response: ServerResponse, answer: DenyResponse, setCookie: string | null): void => {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  if (setCookie !== null) response.appendHeader('set-cookie', setCookie);
  response.setHeader('content-length', Buffer.byteLength(answer.body));
  response.end(answer.body);
};
