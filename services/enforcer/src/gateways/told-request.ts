/**
 * What a gateway tells of a request in headers of its own, beside passing on those of the client. The shipped
 * configurations overwrite every one of them, so a client cannot set them; where one is missing or not of its form, the
 * gateway is not configured so, and nothing is decided on what a client may have written.
 */
import { InputError } from '@precede/contracts';
import type { GatewayRequest } from '../gateway-request.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { clientScheme, HeaderMap } from './header-map.ts';

/** What is read and where, by the kind of the interface. */
export const Told = { original: 'x-original-', forwarded: 'x-forwarded-' } as const;
export type Told = (typeof Told)[keyof typeof Told];

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const host = /^[^\s,/?#]+$/;
const version = /^HTTP\/[0-9.]+$/;
/** Of the way from gateway to enforcer, or told apart from the request: not what the client sent. */
const dropped = new Set([
  ...['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding', 'x-precede-token'],
  ...['method', 'uri'].map((name) => Told.forwarded + name),
  ...['method', 'uri', 'host', 'proto', 'for', 'version'].map((name) => Told.original + name),
]);
const noCookies: ReadonlyMap<string, string> = new Map();

/** Headers as node:http gives them: name, value, name, value. */
export const headersOf = (raw: readonly string[]): HeaderMap => {
  const headers = new HeaderMap();
  for (let at = 0; at + 1 < raw.length; at += 2)
    headers.add((raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '');
  return headers;
};

export const toldRequest = (raw: readonly string[], told: Told, options: GatewayOptions): GatewayRequest => {
  const headers = headersOf(raw);
  const scheme = clientScheme(headers.last(`${told}proto`));
  if (scheme === null) throw untold(told, 'proto');
  const request = {
    method: tell(headers, told, 'method', token).toUpperCase(),
    scheme,
    host: tell(headers, told, 'host', host),
    path: tell(headers, told, 'uri', /^/),
    clientIp: addressIn(tell(headers, told, 'for', /./), options.hops),
    httpVersion: told === Told.original ? tell(headers, told, 'version', version) : null,
  };
  return { ...request, ...rest(headers, request.host, options) };
};

/** Envoy's HTTP service passes the request on as it is, the path behind a prefix. */
export const passedRequest = (
  message: { readonly method: string; readonly path: string; readonly rawHeaders: readonly string[] },
  body: Uint8Array | null,
): GatewayRequest => {
  const headers = headersOf(message.rawHeaders);
  const host = headers.last('host') ?? '';
  const cut = headers.take('x-envoy-auth-partial-body');
  const addresses = headers.last('x-forwarded-for');
  return {
    method: message.method,
    scheme: clientScheme(headers.last('x-forwarded-proto')),
    host,
    path: message.path,
    clientIp: addresses === undefined ? null : addressIn(addresses, 0),
    httpVersion: null,
    ...rest(headers, host, null),
    body: body ?? (cut === undefined ? null : new Uint8Array()),
    isBodyCut: cut === 'true',
  };
};

type Rest = Omit<GatewayRequest, 'method' | 'scheme' | 'host' | 'path' | 'clientIp' | 'httpVersion'>;

const rest = (headers: HeaderMap, host: string, options: GatewayOptions | null): Rest => {
  const metadata = new Map<string, string>();
  for (const [field, header] of options?.fields ?? []) {
    const value = headers.take(header);
    if (value !== undefined) metadata.set(field, value);
  }
  for (const name of headers.map.keys()) if (dropped.has(name)) headers.map.delete(name);
  headers.add('host', host);
  return {
    ...{ zoneId: null, headers: headers.map, cookies: noCookies, session: null, timeMs: null },
    ...{ body: null, isBodyCut: false, metadata },
  };
};

const tell = (headers: HeaderMap, told: Told, name: string, form: RegExp): string => {
  const value = headers.map.get(told + name);
  // A list is what gateways make of a header that is there twice: one of them is not theirs.
  if (typeof value !== 'string' || value === '' || !form.test(value)) throw untold(told, name);
  return value;
};

const untold = (told: Told, name: string): InputError =>
  new InputError('', `the gateway must set ${told}${name}, and overwrite what a client sends`);

/** The address that the last gateway saw, or the one so many trusted hops further from it. */
const addressIn = (list: string, hops: number): string | null => {
  const addresses = list.split(',');
  const address = addresses[Math.max(0, addresses.length - 1 - hops)]?.trim() ?? '';
  return address === '' ? null : address;
};
