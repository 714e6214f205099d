/**
 * A request as node:http has it, read into what the engine decides on. Header lines are taken one by one as they came:
 * `headers` of Node drops and joins some, and what was dropped could not be seen by rules.
 */
import type { IncomingMessage } from 'node:http';
import type { GatewayRequest } from '../gateway-request.ts';
import { clientScheme, HeaderMap } from '../gateways/header-map.ts';

/** As the framework knows it, behind trusted proxies too. */
export interface Connection {
  readonly scheme: string;
  readonly host: string;
  readonly clientIp: string | undefined;
}

/** What both http1 and http2 of Node have. */
export type Incoming = Pick<IncomingMessage, 'method' | 'rawHeaders' | 'httpVersion'>;

const none: ReadonlyMap<string, string> = new Map();

/** Null where frameworks read the request target in more than one way: such a request is not to be served. */
export const requestOf = (
  message: Incoming,
  target: string,
  { scheme, host, clientIp }: Connection,
): GatewayRequest | null => {
  const path = pathOf(target);
  if (path === null) return null;
  return {
    zoneId: null,
    method: (message.method ?? 'GET').toUpperCase(),
    scheme: clientScheme(scheme),
    host,
    path,
    headers: headersOf(message.rawHeaders),
    cookies: none,
    session: null,
    timeMs: null,
    clientIp: clientIp ?? null,
    httpVersion: `HTTP/${message.httpVersion}`,
    body: null,
    isBodyCut: false,
    metadata: none,
  };
};

/**
 * Routers cut a fragment off or not, and trim or not: none of these characters may stand in a target (RFC 9112, 3.2).
 * The no-break space is what String.prototype.trim takes away beside ASCII.
 */
const ambiguous = /[\0-\x20\x7f\xa0#]/;
/** `http://host:port/…`: the Host header counts, the rest is the path (RFC 9112, 3.2.2). */
const absolute = /^https?:\/\/[A-Za-z0-9.:_[\]-]*(\/[^\\]*)$/;

const pathOf = (target: string): string | null => {
  if (ambiguous.test(target)) return null;
  if (target.startsWith('/') || target === '*') return target;
  return absolute.exec(target)?.[1] ?? null;
};

const headersOf = (lines: readonly string[]): GatewayRequest['headers'] => {
  const headers = new HeaderMap();
  for (let at = 0; at + 1 < lines.length; at += 2)
    headers.add((lines[at] ?? '').toLowerCase(), lines[at + 1] ?? '');
  return headers.map;
};
