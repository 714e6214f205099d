/**
 * The body of a decision request, read once into a bounded, typed value. Anything else is refused with a JSON pointer;
 * unknown fields too, as a misspelt one would silently change the decision.
 */
import { ErrorCode, InputError, isZoneId, type ZoneId } from '@precede/contracts';

/** Where an explicit session comes from, as in ingest: text alone is `explicit` with an empty name. */
export interface SessionValue {
  readonly type: 'explicit' | 'header' | 'cookie';
  readonly name: string;
  readonly value: string;
}

export interface DecideRequest {
  readonly zoneId: ZoneId | null;
  /** Upper-case. */
  readonly method: string;
  readonly host: string;
  /** As sent, perhaps with a query. */
  readonly path: string;
  /** By lower-case name; of several values the first that is not empty. */
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: ReadonlyMap<string, string>;
  readonly session: SessionValue | null;
  /** Simulated time, ms. */
  readonly timeMs: number | null;
}

export interface RequestLimits {
  readonly maxHeaders: number;
  /** Characters of any one text. */
  readonly maxValue: number;
  readonly acceptsTime: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const known = new Set(['zone_id', 'method', 'host', 'path', 'headers', 'cookies', 'session', 'time']);
const none: ReadonlyMap<string, string> = new Map();

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws InputError at the first fault. */
export const parseRequest = (body: unknown, limits: RequestLimits): DecideRequest => {
  if (!isObject(body)) throw new InputError('', 'the body must be a JSON object');
  for (const name in body)
    if (!known.has(name))
      throw new InputError(`/${pointerOf(name)}`, `unknown field; known are ${[...known].join(', ')}`);
  return {
    zoneId: zoneOf(body['zone_id']),
    method: textOf(body, 'method', limits).toUpperCase(),
    host: textOf(body, 'host', limits),
    path: pathOf(body, limits),
    headers: mapOf(body, 'headers', limits),
    cookies: mapOf(body, 'cookies', limits),
    session: explicitSession(body['session'], limits),
    timeMs: timeOf(body['time'], limits),
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

const bounded = (value: string, pointer: string, limits: RequestLimits): string => {
  if (value.length <= limits.maxValue) return value;
  throw new InputError(pointer, `longer than ${limits.maxValue} characters`, ErrorCode.inputTooLarge);
};

const pathOf = (body: Json, limits: RequestLimits): string => {
  const path = textOf(body, 'path', limits);
  if (path.startsWith('/') || path === '*') return path;
  throw new InputError('/path', 'must begin with a slash (or be *)');
};

const mapOf = (
  body: Json,
  name: 'headers' | 'cookies',
  limits: RequestLimits,
): ReadonlyMap<string, string> => {
  const given = body[name];
  if (given === undefined || given === null) return none;
  if (!isObject(given)) throw new InputError(`/${name}`, 'must be an object of texts');
  const entries = Object.entries(given);
  if (entries.length > limits.maxHeaders)
    throw new InputError(`/${name}`, `more than ${limits.maxHeaders} entries`, ErrorCode.inputTooLarge);
  const map = new Map<string, string>();
  for (const [key, value] of entries) {
    const text = firstText(value, name, key, limits);
    const folded = name === 'headers' ? key.toLowerCase() : key;
    // Of two spellings of a header the lower-case one counts, as in ingest.
    if (folded === key || !map.has(folded)) map.set(folded, text);
  }
  return map;
};

const firstText = (value: unknown, name: string, key: string, limits: RequestLimits): string => {
  if (typeof value === 'string') {
    if (value.length <= limits.maxValue && key.length <= limits.maxValue) return value;
    return bounded(key.length > value.length ? key : value, `/${name}/${pointerOf(key)}`, limits);
  }
  if (value === null) return '';
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw new InputError(`/${name}/${pointerOf(key)}`, 'must be text or an array of texts');
  return bounded(value.find((each) => each !== '') ?? '', `/${name}/${pointerOf(key)}`, limits);
};

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
