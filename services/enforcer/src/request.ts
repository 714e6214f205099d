/**
 * The body of a decision request, read once into a bounded, typed value. Anything else is refused with a JSON pointer;
 * unknown fields too, as a misspelt one would silently change the decision.
 */
import { isIP } from 'node:net';
import { ErrorCode, InputError, isZoneId, type ZoneId } from '@precede/contracts';
import { fromText } from '@precede/rules';
import { parseMetadata } from './fields/metadata.ts';
import type { GatewayRequest, SessionValue } from './gateway-request.ts';

export interface RequestLimits {
  readonly maxHeaders: number;
  /** Characters of any one text. */
  readonly maxValue: number;
  readonly acceptsTime: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const known = new Set([
  ...['zone_id', 'method', 'scheme', 'host', 'path', 'http_version', 'headers', 'cookies', 'session', 'time'],
  ...['client_ip', 'body', 'body_base64', 'body_truncated', 'fields'],
]);
const none: ReadonlyMap<string, string> = new Map();

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws InputError at the first fault. */
export const parseRequest = (body: unknown, limits: RequestLimits): GatewayRequest => {
  if (!isObject(body)) throw new InputError('', 'the body must be a JSON object');
  for (const name in body)
    if (!known.has(name))
      throw new InputError(`/${pointerOf(name)}`, `unknown field; known are ${[...known].join(', ')}`);
  return {
    zoneId: zoneOf(body['zone_id']),
    method: methodOf(body, limits),
    scheme: schemeOf(body['scheme']),
    host: fromText(textOf(body, 'host', limits)),
    path: fromText(pathOf(body, limits)),
    headers: headersOf(body, limits),
    cookies: cookiesOf(body, limits),
    session: explicitSession(body['session'], limits),
    timeMs: timeOf(body['time'], limits),
    clientIp: addressOf(body['client_ip']),
    httpVersion: isGiven(body['http_version']) ? fromText(textOf(body, 'http_version', limits)) : null,
    body: contentOf(body),
    isBodyCut: body['body_truncated'] === true,
    metadata: isGiven(body['fields']) ? parseMetadata(body['fields'], '/fields') : none,
  };
};

/** A zone id in the body; absent where the path names the zone. */
const zoneOf = (value: unknown): ZoneId | null => {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !isZoneId(value))
    throw new InputError('/zone_id', 'must be 32 lower-case hex digits');
  return value;
};

const textOf = (body: Json, name: string, limits: RequestLimits): string => {
  const value = body[name];
  if (typeof value !== 'string' || value === '')
    throw new InputError(`/${name}`, 'must be text that is not empty');
  return bounded(value, `/${name}`, limits);
};

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;

/** As in ingest. Letters beyond ASCII would become others in upper case: ſ is an S. */
const methodOf = (body: Json, limits: RequestLimits): string => {
  const method = textOf(body, 'method', limits);
  if (token.test(method)) return method.toUpperCase();
  throw new InputError('/method', 'must be an HTTP token of 1 to 32 characters');
};

const bounded = (value: string, pointer: string, limits: RequestLimits): string => {
  if (value.length <= limits.maxValue) return value;
  throw new InputError(pointer, `longer than ${limits.maxValue} characters`, ErrorCode.inputTooLarge);
};

const pathOf = (body: Json, limits: RequestLimits): string => {
  const path = textOf(body, 'path', limits);
  if (path.startsWith('/') || path === '*') return path;
  throw new InputError('/path', 'must begin with a slash (or be *)');
};

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const schemeOf = (value: unknown): 'http' | 'https' | null => {
  if (value === undefined || value === null) return null;
  if (value === 'http' || value === 'https') return value;
  throw new InputError('/scheme', 'must be http or https');
};

const addressOf = (value: unknown): string | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && isIP(value) !== 0) return value;
  throw new InputError('/client_ip', 'must be an IPv4 or IPv6 address');
};

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The body of the client's request: as text, or in Base64 where it is none. */
const contentOf = (body: Json): Uint8Array | null => {
  const { body: text, body_base64: encoded } = body;
  if (isGiven(text) && isGiven(encoded))
    throw new InputError('/body_base64', 'is given beside body: one of the two');
  if (isGiven(text)) {
    if (typeof text === 'string') return Buffer.from(text, 'utf8');
    throw new InputError('/body', 'must be text');
  }
  if (!isGiven(encoded)) return null;
  if (typeof encoded === 'string' && encoded.length % 4 === 0 && base64.test(encoded))
    return Buffer.from(encoded, 'base64');
  throw new InputError('/body_base64', 'must be Base64 with its padding');
};

type Values = string | readonly string[];

/** One entry of headers or cookies, and where it stands if it is at fault. */
interface Entry {
  readonly of: 'headers' | 'cookies';
  readonly key: string;
  readonly value: unknown;
}

/** The members of the object, of which there may be so many. */
const membersOf = (body: Json, of: Entry['of'], limits: RequestLimits): Json | undefined => {
  const given = body[of];
  if (given === undefined || given === null) return undefined;
  if (!isObject(given)) throw new InputError(`/${of}`, 'must be an object of texts');
  let count = 0;
  for (const _ in given) count += 1;
  if (count > limits.maxHeaders)
    throw new InputError(`/${of}`, `more than ${limits.maxHeaders} entries`, ErrorCode.inputTooLarge);
  return given;
};

const headersOf = (body: Json, limits: RequestLimits): ReadonlyMap<string, Values> => {
  const map = new Map<string, Values>();
  const members = membersOf(body, 'headers', limits);
  for (const key in members) {
    const values = valuesOf({ of: 'headers', key, value: members[key] }, limits);
    const name = fromText(key.toLowerCase());
    const before = map.get(name);
    // Two spellings of a header are two lines of it; the lower-case one counts first, as in ingest.
    if (before === undefined) map.set(name, values);
    else map.set(name, name === key ? [values, before].flat() : [before, values].flat());
  }
  return map;
};

const cookiesOf = (body: Json, limits: RequestLimits): ReadonlyMap<string, string> => {
  const members = membersOf(body, 'cookies', limits);
  if (members === undefined) return none;
  const map = new Map<string, string>();
  for (const key in members) {
    const values = valuesOf({ of: 'cookies', key, value: members[key] }, limits);
    map.set(fromText(key), typeof values === 'string' ? values : (values.find((each) => each !== '') ?? ''));
  }
  return map;
};

const valuesOf = (entry: Entry, limits: RequestLimits): Values => {
  const { key, value } = entry;
  if (key.length > limits.maxValue) throw tooLong(entry, limits);
  if (typeof value === 'string') return bytesOf(value, entry, limits);
  if (value === null) return '';
  if (!Array.isArray(value) || value.length > limits.maxHeaders || !value.every(isText))
    throw new InputError(pointerTo(entry), 'must be text or an array of texts');
  return value.map((each) => bytesOf(each, entry, limits));
};

const bytesOf = (text: string, entry: Entry, limits: RequestLimits): string => {
  if (text.length > limits.maxValue) throw tooLong(entry, limits);
  return fromText(text);
};

const tooLong = (entry: Entry, { maxValue }: RequestLimits): InputError =>
  new InputError(pointerTo(entry), `longer than ${maxValue} characters`, ErrorCode.inputTooLarge);

const pointerTo = ({ of, key }: Entry): string => `/${of}/${pointerOf(key)}`;

const isText = (value: unknown): value is string => typeof value === 'string';

const explicitSession = (given: unknown, limits: RequestLimits): SessionValue | null => {
  if (given === undefined || given === null || given === '') return null;
  if (typeof given === 'string')
    return { type: 'explicit', name: '', value: bounded(given, '/session', limits) };
  if (!isObject(given)) throw new InputError('/session', 'must be text or {type, name, value}');
  const { type, name, value } = given;
  if (type !== 'header' && type !== 'cookie')
    throw new InputError('/session/type', 'must be header or cookie');
  if (typeof name !== 'string' || name === '')
    throw new InputError('/session/name', 'must be text that is not empty');
  if (typeof value !== 'string') throw new InputError('/session/value', 'must be text');
  if (value === '') return null;
  return {
    type,
    name: bounded(name, '/session/name', limits),
    value: bounded(value, '/session/value', limits),
  };
};

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
const latestMs = 8.64e15;

const timeOf = (given: unknown, limits: RequestLimits): number | null => {
  if (given === undefined || given === null) return null;
  if (!limits.acceptsTime)
    throw new InputError('/time', 'is for simulations only: PRECEDE_ENFORCER_ACCEPT_TIME is not set here');
  const ms = typeof given === 'string' && rfc3339.test(given) ? Date.parse(given) : given;
  if (typeof ms === 'number' && ms >= 0 && ms <= latestMs) return Math.round(ms);
  throw new InputError('/time', 'must be milliseconds since 1970 or an RFC 3339 time');
};

/** A property name in a JSON pointer (RFC 6901), cut so that an answer stays small. */
const pointerOf = (key: string): string => key.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
