/**
 * The session store `cookie`: the lookback travels with the client, in the cookie of sequence-cookie.ts. Nothing is kept
 * here. A client may send an older cookie again within its hour, and of two answers at one time the later one wins: for
 * rules that must hold against such a client take memory or valkey.
 */
import type { ShortId } from '@precede/contracts';
import { createLookback, type Lookback, push, rawAgeMs } from '@precede/rules';
import type { EnforcerMetrics } from '../metrics.ts';
import type { Client, SessionStore } from '../ports.ts';
import type { CookieKey } from './cookie-keys.ts';
import { openCookie, sealCookie } from './sequence-cookie.ts';

/**
 * `__Host-`: a browser takes it over TLS only, with Secure, Path=/ and no Domain. So no neighbouring subdomain, and no
 * plain-text answer, can plant another client's cookie; `__Secure-` would leave the first open.
 */
export const sequenceCookieName = '__Host-precede_seq';
const attributes = `Path=/; Max-Age=${rawAgeMs / 1000}; Secure; HttpOnly; SameSite=Lax`;

export interface CookieSessionsOptions {
  /** The first one seals, all of them open; at least one. */
  readonly keys: readonly CookieKey[];
  readonly metrics: EnforcerMetrics;
}

export class CookieSessions implements SessionStore {
  readonly #keys: readonly CookieKey[];
  readonly #first: CookieKey;
  readonly #metrics: EnforcerMetrics;
  /** What was read for a request, so that its admission opens and counts no cookie a second time. */
  readonly #read = new WeakMap<Client, Lookback>();

  constructor({ keys, metrics }: CookieSessionsOptions) {
    const [first] = keys;
    if (first === undefined) throw new Error('the cookie store needs a key');
    this.#keys = keys;
    this.#first = first;
    this.#metrics = metrics;
  }

  read(client: Client, timeMs: number): Lookback {
    const opened = openCookie(this.#keys, client, client.cookie, timeMs);
    this.#metrics.cookies.inc({ outcome: opened.outcome });
    const state = opened.outcome === 'ok' ? opened.state : createLookback();
    this.#read.set(client, state);
    return state;
  }

  /** Sets the cookie anew, for another hour. */
  admit(client: Client, operation: ShortId, timeMs: number): void {
    const state = this.#read.get(client) ?? this.read(client, timeMs);
    push(state, operation, timeMs);
    client.setCookie = `${sequenceCookieName}=${sealCookie(this.#first, client, state)}; ${attributes}`;
  }

  async close(): Promise<void> {}
}
