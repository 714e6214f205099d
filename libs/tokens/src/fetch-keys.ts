/**
 * One request for a key set. What it may cost is bounded: time, bytes, redirects, and whom it may talk to. The address is
 * configured by a person, the answer is not.
 */
import { type KeySet, parseKeySet } from './key-set.ts';

/** How one request for keys ended: a closed set, the label of the metrics of its users. */
export const LoadOutcome = {
  loaded: 'loaded',
  /** No connection, or it broke off. */
  unreachable: 'unreachable',
  timeout: 'timeout',
  /** An answer other than 200. */
  status: 'status',
  /** To another host, or too often. */
  redirect: 'redirect',
  tooLarge: 'too_large',
  notAKeySet: 'not_a_key_set',
} as const;
export type LoadOutcome = (typeof LoadOutcome)[keyof typeof LoadOutcome];

export type Loaded =
  | { readonly outcome: typeof LoadOutcome.loaded; readonly keys: KeySet; readonly maxAgeMs: number }
  | { readonly outcome: Exclude<LoadOutcome, 'loaded'> };

export interface FetchKeysOptions {
  /** For the whole, redirects and body included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const maxRedirects = 3;
const defaultMaxAgeMs = 600_000;
const leastMaxAgeMs = 60_000;
/** However long a source says: loading costs nothing, and a key that was withdrawn should not be good for days. */
const mostMaxAgeMs = 3_600_000;

/** What is wrong with an address of keys, or null: https, and http on the own machine alone. */
export const keysUrlFault = (text: string): string | null => {
  const url = URL.parse(text);
  if (url === null) return 'not an absolute URL';
  if (url.username !== '' || url.password !== '') return 'a URL of keys has no user and password';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return null;
  return 'keys are loaded by https (http only from the own machine)';
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Never rejects. */
export const fetchKeys = async (url: string, options: FetchKeysOptions): Promise<Loaded> => {
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const answer = await request(new URL(url), signal, maxRedirects);
    if (!(answer instanceof Response)) return { outcome: answer };
    const body = await readBody(answer, options.maxBytes);
    if (body === null) return { outcome: LoadOutcome.tooLarge };
    const keys = parseKeySet(body);
    if (keys === null) return { outcome: LoadOutcome.notAKeySet };
    return { outcome: LoadOutcome.loaded, keys, maxAgeMs: maxAgeOf(answer.headers.get('cache-control')) };
  } catch {
    return { outcome: signal.aborted ? LoadOutcome.timeout : LoadOutcome.unreachable };
  }
};

type Refused = typeof LoadOutcome.redirect | typeof LoadOutcome.status;

const request = async (url: URL, signal: AbortSignal, redirectsLeft: number): Promise<Response | Refused> => {
  const headers = { accept: 'application/jwk-set+json, application/json' };
  const response = await fetch(url, { signal, headers, redirect: 'manual' });
  if (response.status === 200) return response;
  await response.body?.cancel();
  const location = response.headers.get('location');
  if (response.status < 300 || response.status > 399 || location === null) return LoadOutcome.status;
  const next = URL.parse(location, url.href);
  if (redirectsLeft === 0 || next?.origin !== url.origin) return LoadOutcome.redirect;
  return request(next, signal, redirectsLeft - 1);
};

/** Null: longer than allowed, counted as decompressed. */
const readBody = async (response: Response, maxBytes: number): Promise<string | null> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the body.
    if (length > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Of Cache-Control, within bounds. */
export const maxAgeOf = (cacheControl: string | null): number => {
  const directives = (cacheControl ?? '').toLowerCase();
  if (/(^|[\s,])no-(store|cache)\b/.test(directives)) return leastMaxAgeMs;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,12})\b/.exec(directives)?.[1];
  if (seconds === undefined) return defaultMaxAgeMs;
  return Math.min(Math.max(Number(seconds) * 1000, leastMaxAgeMs), mostMaxAgeMs);
};
