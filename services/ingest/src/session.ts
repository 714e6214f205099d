/**
 * Which session a request belongs to: an explicit one, else the first of the zone's identifiers that is present and
 * not empty. Values are read here and hashed in the pipeline; they are never stored, logged or sent on.
 */
import type { SessionIdentifier } from '@precede/contracts';
import { cookieIn } from '@precede/service';
import { EventFault, EventFaultCode, fault, type SessionValue } from './event.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The session of an event; null: none; tokens (jwt) do not count yet. */
export const sessionOf = (
  event: JsonObject,
  identifiers: readonly SessionIdentifier[],
): SessionValue | EventFault | null => {
  const explicit = explicitSession(event['session']);
  if (explicit !== null) return explicit;
  const headers = optionalObject(event, 'headers');
  const cookies = optionalObject(event, 'cookies');
  if (headers instanceof EventFault) return headers;
  if (cookies instanceof EventFault) return cookies;
  for (const { type, name } of identifiers) {
    const value =
      type === 'header' ? headerOf(headers, name) : type === 'cookie' ? cookieOf(cookies, headers, name) : '';
    if (typeof value !== 'string') return value;
    if (value !== '') return { type: type === 'header' ? 'header' : 'cookie', name, value };
  }
  return null;
};

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

/** `''` where it is absent or empty. */
const headerOf = (headers: JsonObject | undefined, name: string): string | EventFault => {
  if (headers === undefined) return '';
  const wanted = name.toLowerCase();
  if (Object.hasOwn(headers, wanted)) return firstText(headers, wanted, 'headers');
  for (const key of Object.keys(headers))
    if (key.length === wanted.length && key.toLowerCase() === wanted)
      return firstText(headers, key, 'headers');
  return '';
};

const cookieOf = (
  cookies: JsonObject | undefined,
  headers: JsonObject | undefined,
  name: string,
): string | EventFault => {
  if (cookies !== undefined && Object.hasOwn(cookies, name)) return firstText(cookies, name, 'cookies');
  const header = headerOf(headers, 'cookie');
  return typeof header === 'string' ? cookieIn(header, name) : header;
};

const firstText = (from: JsonObject, key: string, field: 'headers' | 'cookies'): string | EventFault => {
  const value = from[key];
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    return fault(
      EventFaultCode.wrongType,
      `/${field}/${escapePointer(key)}`,
      'a header or cookie must be text or an array of text',
    );
  return value.find((each) => each !== '') ?? '';
};

const escapePointer = (key: string): string => key.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
