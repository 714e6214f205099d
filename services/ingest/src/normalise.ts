/**
 * The core: an untyped JSON value becomes a valid event or its first fault. Written by hand, as it runs once for every
 * request of every client (bench/src/ingest-publish.bench.ts). Never throws, whatever it is given.
 */

import { maxEventIdBytes } from '@precede/contracts';
import { isMethod, stripQuery } from '@precede/endpoints';
import type { Soon } from '@precede/service';
import { EventFault, EventFaultCode, fault, type NormalEvent, type SessionValue } from './event.ts';
import { type Identifying, isObject, type JsonObject, sessionOf } from './session.ts';
import { parseRfc3339 } from './time.ts';

/** A sender's clock may be ahead by this much. */
export const maxLeadMs = 300_000;
const maxPathBytes = 8192;
const maxHostLength = 255;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/;

export interface NormaliseOptions extends Identifying {
  readonly nowMs: number;
}

/**
 * Validates one event. Fields it does not know are ignored; optional ones may be null. O(size of what it reads). A
 * promise, which never rejects, only where the event has a token that is seen for the first time.
 */
export const normaliseEvent = (value: unknown, options: NormaliseOptions): Soon<NormalEvent | EventFault> => {
  if (!isObject(value)) return fault(EventFaultCode.notAnObject, '', 'an event must be a JSON object');
  const time = timeOf(value, options.nowMs);
  if (typeof time !== 'number') return time;
  const method = textOf(value, 'method') ?? checkMethod(value['method'] as string);
  if (method instanceof EventFault) return method;
  const host = textOf(value, 'host') ?? checkHost(value['host'] as string);
  if (host instanceof EventFault) return host;
  const path = textOf(value, 'path') ?? checkPath(value['path'] as string);
  if (path instanceof EventFault) return path;
  return withOptional(value, options, { time, method, host, path });
};

/** The Avro encoder takes no long of 2^53 − 1. */
const maxBytes = Number.MAX_SAFE_INTEGER - 1;

interface Required {
  readonly time: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

const withOptional = (
  value: JsonObject,
  options: NormaliseOptions,
  required: Required,
): Soon<NormalEvent | EventFault> => {
  const status = numberOf(value, 'status', 999, true);
  if (status instanceof EventFault) return status;
  const durationMs = numberOf(value, 'duration_ms', Number.MAX_VALUE, false);
  if (durationMs instanceof EventFault) return durationMs;
  const bytes = numberOf(value, 'bytes', maxBytes, true);
  if (bytes instanceof EventFault) return bytes;
  const eventId = idOf(value['id']);
  if (eventId instanceof EventFault) return eventId;
  const { time, method, host, path } = required;
  const isClamped = time > options.nowMs;
  const timeMs = isClamped ? options.nowMs : time;
  const event = {
    kind: 'event' as const,
    timeMs,
    isClamped,
    method,
    host,
    path,
    status,
    durationMs,
    bytes,
    eventId,
    session: null,
  };
  const session = sessionOf(value, options, timeMs);
  return session instanceof Promise
    ? session.then((found) => identified(event, found))
    : identified(event, session);
};

type Unidentified = Omit<NormalEvent, 'session'> & { session: SessionValue | null };

const identified = (
  event: Unidentified,
  session: SessionValue | EventFault | null,
): NormalEvent | EventFault => {
  if (session instanceof EventFault) return session;
  event.session = session;
  return event;
};

/** The fault of a field that is no text, or undefined. */
const textOf = (value: JsonObject, name: string): EventFault | undefined => {
  const given = value[name];
  if (typeof given === 'string') return undefined;
  return given === undefined || given === null
    ? fault(EventFaultCode.missing, `/${name}`, `${name} is missing`)
    : fault(EventFaultCode.wrongType, `/${name}`, `${name} must be text`);
};

const timeOf = (value: JsonObject, nowMs: number): number | EventFault => {
  const given = value['time'];
  if (given === undefined || given === null) return fault(EventFaultCode.missing, '/time', 'time is missing');
  const time =
    typeof given === 'string'
      ? parseRfc3339(given)
      : typeof given === 'number'
        ? Math.floor(given)
        : Number.NaN;
  if (!Number.isFinite(time))
    return fault(
      EventFaultCode.timeInvalid,
      '/time',
      'time must be RFC 3339 text or milliseconds since 1970',
    );
  if (time < 0) return fault(EventFaultCode.timeBefore1970, '/time', 'time is before 1970');
  if (time > nowMs + maxLeadMs)
    return fault(EventFaultCode.timeInFuture, '/time', 'time is more than 5 minutes ahead of the clock here');
  return time;
};

/** Upper-case, as the enforcer asks for it: what one counts the other must decide on. */
const checkMethod = (method: string): string | EventFault =>
  isMethod(method) || token.test(method)
    ? method.toUpperCase()
    : fault(EventFaultCode.methodInvalid, '/method', 'method must be an HTTP token of 1 to 32 characters');

const checkHost = (host: string): string | EventFault => {
  if (host === '' || host.length > maxHostLength)
    return fault(EventFaultCode.hostInvalid, '/host', `host must have 1 to ${maxHostLength} characters`);
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === 0x2f || code === 0x3f || code === 0x23 || code === 0x40)
      return fault(
        EventFaultCode.hostInvalid,
        '/host',
        'host must be a host name or address, perhaps with a port',
      );
  }
  return host;
};

const checkPath = (given: string): string | EventFault => {
  const path = stripQuery(given);
  if (path.charCodeAt(0) !== 0x2f)
    return fault(EventFaultCode.pathInvalid, '/path', 'path must begin with /');
  if (isLonger(path, maxPathBytes))
    return fault(EventFaultCode.pathTooLong, '/path', `path is longer than ${maxPathBytes} bytes`);
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code < 0x20 || code === 0x7f)
      return fault(EventFaultCode.pathInvalid, '/path', 'path has a control character');
  }
  return path;
};

/** Whether text takes more bytes of UTF-8; counts only where the number of characters leaves it open. */
const isLonger = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);

const numberOf = (
  value: JsonObject,
  name: string,
  max: number,
  isWhole: boolean,
): number | null | EventFault => {
  const given = value[name];
  if (given === undefined || given === null) return null;
  if (typeof given !== 'number')
    return fault(EventFaultCode.wrongType, `/${name}`, `${name} must be a number`);
  const fits = given >= 0 && given <= max && (!isWhole || Number.isInteger(given));
  if (fits) return given;
  const kind = isWhole ? `a whole number from 0 to ${max}` : 'a number of 0 or more';
  return fault(EventFaultCode.outOfRange, `/${name}`, `${name} must be ${kind}`);
};

const idOf = (given: unknown): string | null | EventFault => {
  if (given === undefined || given === null) return null;
  if (typeof given !== 'string') return fault(EventFaultCode.wrongType, '/id', 'id must be text');
  if (given === '' || isLonger(given, maxEventIdBytes))
    return fault(EventFaultCode.idInvalid, '/id', `id must have 1 to ${maxEventIdBytes} bytes`);
  return given;
};
