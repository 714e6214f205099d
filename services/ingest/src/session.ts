/**
 * Which session a request belongs to: an explicit one, else the first of the zone's identifiers that is present and
 * not empty. Values are read here and hashed in the pipeline; they are never stored, logged or sent on.
 */
import type { SessionIdentifier } from '@precede/contracts';
import { andThen, cookieIn, type Soon } from '@precede/service';
import { type FieldReader, readRequestFields, type TokenSessions } from '@precede/tokens';
import { EventFault, EventFaultCode, fault, type SessionValue } from './event.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a zone names sessions by. */
export interface Identifying {
  readonly identifiers: readonly SessionIdentifier[];
  /** Null: none of the identifiers is of type jwt. */
  readonly tokens: TokenSessions | null;
}

/** Where identifiers are looked for in one event. */
interface Carried {
  readonly headers: JsonObject | undefined;
  readonly cookies: JsonObject | undefined;
  readonly timeMs: number;
  /** Made for the first identifier of type jwt. */
  fieldOf: FieldReader | null;
}

type Session = SessionValue | EventFault | null;

/** The session of an event; null: none. A promise only where a token is seen for the first time. */
export const sessionOf = (event: JsonObject, zone: Identifying, timeMs: number): Soon<Session> => {
  const explicit = explicitSession(event['session']);
  if (explicit !== null) return explicit;
  const headers = optionalObject(event, 'headers');
  const cookies = optionalObject(event, 'cookies');
  if (headers instanceof EventFault) return headers;
  if (cookies instanceof EventFault) return cookies;
  return firstSession({ headers, cookies, timeMs, fieldOf: null }, zone, 0);
};

const firstSession = (carried: Carried, zone: Identifying, from: number): Soon<Session> => {
  for (let at = from; at < zone.identifiers.length; at += 1) {
    const identifier = zone.identifiers[at] as SessionIdentifier;
    const value = carriedValue(carried, identifier, zone.tokens);
    if (value instanceof Promise)
      return value.then((claim) =>
        claim === ''
          ? firstSession(carried, zone, at + 1)
          : { type: identifier.type, name: identifier.name, value: claim },
      );
    if (typeof value !== 'string') return value;
    if (value !== '') return { type: identifier.type, name: identifier.name, value };
  }
  return null;
};

/** `''` where the identifier does not count. */
const carriedValue = (
  carried: Carried,
  { type, name }: SessionIdentifier,
  tokens: TokenSessions | null,
): Soon<string> | EventFault => {
  switch (type) {
    case 'header':
      return headerOf(carried.headers, name);
    case 'cookie':
      return cookieOf(carried.cookies, carried.headers, name);
    case 'jwt':
      return claimOf(carried, name, tokens);
    default:
      return type satisfies never;
  }
};

const claimOf = (carried: Carried, name: string, tokens: TokenSessions | null): Soon<string> => {
  carried.fieldOf ??= readRequestFields(headerTexts(carried.headers), cookieTexts(carried.cookies));
  return andThen(tokens?.claimOf(name, carried.fieldOf, carried.timeMs) ?? null, (claim) => claim ?? '');
};

type Texts = readonly (readonly [name: string, value: string | readonly string[]])[];

/** In the order of `headerOf`. What is no text is passed over: an event is refused for what it is asked for, not for its other headers. */
const headerTexts = (headers: JsonObject | undefined): Texts => {
  const texts = textsOf(headers);
  const isPlain = ([name]: Texts[number]): boolean => name === name.toLowerCase();
  return [...texts.filter(isPlain), ...texts.filter((each) => !isPlain(each))];
};

/** As `firstText` reads them. */
const cookieTexts = (cookies: JsonObject | undefined): Texts =>
  textsOf(cookies).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (value.find((each) => each !== '') ?? ''),
  ]);

const textsOf = (from: JsonObject | undefined): Texts =>
  Object.entries(from ?? {})
    .map(([name, value]) => [name, value ?? ''] as const)
    .filter((entry): entry is Texts[number] => isTexts(entry[1]));

const isTexts = (value: unknown): value is string | readonly string[] =>
  typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'string'));

const explicitSession = (given: unknown): SessionValue | EventFault | null => {
  if (given === undefined || given === null || given === '') return null;
  if (typeof given === 'string') return { type: 'explicit', name: '', value: given };
  if (!isObject(given))
    return fault(EventFaultCode.wrongType, '/session', 'session must be text or {type, name, value}');
  const { type, name, value } = given;
  if (type !== 'header' && type !== 'cookie')
    return fault(EventFaultCode.sessionInvalid, '/session/type', 'session type must be header or cookie');
  if (typeof name !== 'string' || name === '')
    return fault(
      EventFaultCode.sessionInvalid,
      '/session/name',
      'session name must be text that is not empty',
    );
  if (typeof value !== 'string')
    return fault(EventFaultCode.sessionInvalid, '/session/value', 'session value must be text');
  return value === '' ? null : { type, name, value };
};

const optionalObject = (event: JsonObject, name: string): JsonObject | EventFault | undefined => {
  const value = event[name];
  if (value === undefined || value === null) return undefined;
  return isObject(value) ? value : fault(EventFaultCode.wrongType, `/${name}`, `${name} must be an object`);
};

/** The first value that is not empty; `''` for none. */
const headerOf = (headers: JsonObject | undefined, name: string): string | EventFault => {
  if (headers === undefined) return '';
  const wanted = name.toLowerCase();
  const own = Object.hasOwn(headers, wanted) ? firstText(headers, wanted, 'headers') : '';
  if (own !== '') return own;
  for (const key of otherSpellings(headers, wanted)) {
    const value = firstText(headers, key, 'headers');
    if (value !== '') return value;
  }
  return '';
};

/** Two spellings of a header are two lines of it; the lower-case one comes first, as in the enforcer. */
const otherSpellings = (headers: JsonObject, wanted: string): readonly string[] =>
  Object.keys(headers).filter(
    (key) => key.length === wanted.length && key !== wanted && key.toLowerCase() === wanted,
  );

const cookieOf = (
  cookies: JsonObject | undefined,
  headers: JsonObject | undefined,
  name: string,
): string | EventFault => {
  if (cookies !== undefined && Object.hasOwn(cookies, name)) return firstText(cookies, name, 'cookies');
  if (headers === undefined) return '';
  const line = headers['cookie'];
  const value = typeof line === 'string' ? cookieIn(line, name) : '';
  return value === '' ? cookieInLines(headers, name) : value;
};

/** All Cookie headers are one (RFC 9113, 8.2.3). */
const cookieInLines = (headers: JsonObject, name: string): string | EventFault => {
  const lines: string[] = [];
  for (const key of ['cookie', ...otherSpellings(headers, 'cookie')]) {
    const values = Object.hasOwn(headers, key) ? textsAt(headers, key, 'headers') : [];
    if (values instanceof EventFault) return values;
    lines.push(...values);
  }
  return cookieIn(lines.join('; '), name);
};

const firstText = (from: JsonObject, key: string, field: 'headers' | 'cookies'): string | EventFault => {
  const value = from[key];
  if (typeof value === 'string') return value;
  const values = textsAt(from, key, field);
  return values instanceof EventFault ? values : (values.find((each) => each !== '') ?? '');
};

const textsAt = (
  from: JsonObject,
  key: string,
  field: 'headers' | 'cookies',
): readonly string[] | EventFault => {
  const value = from[key];
  if (value === null) return [];
  if (isTexts(value)) return typeof value === 'string' ? [value] : value;
  return fault(
    EventFaultCode.wrongType,
    `/${field}/${escapePointer(key)}`,
    'a header or cookie must be text or an array of text',
  );
};

const escapePointer = (key: string): string => key.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
