/** The combined access log format of Apache httpd and nginx, one request a line. */
import type { ImportedEvent, Parsed, SessionChoice } from './event.ts';

// host ident user [time] "request" status bytes "referer" "user agent", perhaps more; quotes inside are escaped by a
// backslash. The common format ends after bytes; a quote that is never closed is no line of either.
const line =
  /^(\S+) \S+ .*?\[(\d{2})\/(\w{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"(?: .*)?)?\s*$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const request = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/;

export interface CombinedOptions {
  /** The log names no host: all its requests went to this one. */
  readonly host: string;
  readonly session: SessionChoice;
}

export const parseCombined = (text: string, options: CombinedOptions): Parsed => {
  const match = line.exec(text);
  if (match === null) return { refused: 'not a line of the combined format' };
  const timeMs = timeOf(match);
  if (timeMs === undefined) return { refused: 'no such time' };
  const parts = request.exec(match[11] ?? '');
  if (parts === null) return { refused: 'the request is not "METHOD target"' };
  const target = splitTarget(parts[2] ?? '', options.host);
  if (target === undefined) return { refused: 'the request target is no path' };
  const session = sessionOf(match, options.session);
  const event: ImportedEvent = {
    timeMs,
    method: parts[1] ?? '',
    host: target.host,
    path: target.path,
    status: Number(match[12]),
    ...(match[13] === '-' ? {} : { bytes: Number(match[13]) }),
    ...(session === undefined ? {} : { session }),
  };
  return { event };
};

const timeOf = (m: RegExpExecArray): number | undefined => {
  const month = months.indexOf(m[3] ?? '');
  if (month < 0) return undefined;
  const offsetMs = (Number(m[9]) * 60 + Number(m[10])) * 60_000 * (m[8] === '-' ? -1 : 1);
  const ms = Date.UTC(Number(m[4]), month, Number(m[2]), Number(m[5]), Number(m[6]), Number(m[7])) - offsetMs;
  return Number.isNaN(ms) ? undefined : ms;
};

/** A target is a path, or the absolute form that proxies log. */
const splitTarget = (target: string, host: string): { host: string; path: string } | undefined => {
  if (target.startsWith('/')) return { host, path: target };
  const url = /^https?:\/\//i.test(target) ? URL.parse(target) : null;
  return url === null ? undefined : { host: url.hostname, path: url.pathname + url.search };
};

const sessionOf = (m: RegExpExecArray, choice: SessionChoice): ImportedEvent['session'] => {
  const agent = m[15] ?? '';
  if (choice.kind === 'client') return `${m[1]}\n${agent}`;
  if (choice.kind !== 'header') return undefined;
  const value = { 'user-agent': agent, referer: m[14] ?? '' }[choice.name.toLowerCase()];
  return value === undefined || value === '' || value === '-'
    ? undefined
    : { type: 'header', name: choice.name, value };
};
