/** One JSON object a line, as ingest takes it. Faults of single fields are left to ingest, which names them. */
import {
  type ImportedEvent,
  type Parsed,
  parseTime,
  type SessionChoice,
  type SessionValue,
} from './event.ts';

type Json = Readonly<Record<string, unknown>>;

export const parseNdjson = (text: string, choice: SessionChoice | undefined): Parsed => {
  const value = parse(text);
  if (value === undefined) return { refused: 'not JSON' };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { refused: 'not a JSON object' };
  const object = value as Json;
  const timeMs = parseTime(object['time']);
  if (timeMs === undefined) return { refused: 'time: must be RFC 3339 text or milliseconds' };
  for (const name of ['method', 'host', 'path'])
    if (typeof object[name] !== 'string') return { refused: `${name}: must be text` };
  const { time: _time, ...rest } = object;
  const event = { ...rest, timeMs } as unknown as ImportedEvent;
  return { event: choice === undefined ? event : withSession(event, object, choice) };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const withSession = (event: ImportedEvent, object: Json, choice: SessionChoice): ImportedEvent => {
  const { session: _session, headers: _headers, cookies: _cookies, ...bare } = event;
  const session = sessionOf(object, choice);
  return session === undefined ? bare : { ...bare, session };
};

const sessionOf = (object: Json, choice: SessionChoice): string | SessionValue | undefined => {
  switch (choice.kind) {
    case 'field':
      return typeof object['session'] === 'string' && object['session'] !== ''
        ? object['session']
        : undefined;
    case 'client':
      return clientOf(object);
    case 'header':
      return named('header', choice.name, headerOf(object, choice.name));
    case 'cookie':
      return named('cookie', choice.name, cookieOf(object, choice.name));
    default:
      return choice satisfies never;
  }
};

const named = (
  type: SessionValue['type'],
  name: string,
  value: string | undefined,
): SessionValue | undefined => (value === undefined || value === '' ? undefined : { type, name, value });

const clientOf = (object: Json): string | undefined => {
  const client = object['client'] ?? headerOf(object, 'x-forwarded-for');
  return typeof client === 'string' ? `${client}\n${headerOf(object, 'user-agent') ?? ''}` : undefined;
};

const headerOf = (object: Json, name: string): string | undefined => {
  const headers = object['headers'];
  if (typeof headers !== 'object' || headers === null) return undefined;
  const wanted = name.toLowerCase();
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === wanted)?.[1];
  const first: unknown = Array.isArray(found) ? found[0] : found;
  return typeof first === 'string' ? first : undefined;
};

const cookieOf = (object: Json, name: string): string | undefined => {
  const cookies = object['cookies'];
  if (typeof cookies === 'object' && cookies !== null) {
    const value = (cookies as Json)[name];
    if (typeof value === 'string') return value;
  }
  for (const pair of (headerOf(object, 'cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
};
