/**
 * What the enforcer asks of the world while it decides: what a session did before, and how often a client came. Each
 * port has several adapters behind one contract suite. Adapters in memory answer at once, so a decision in memory never
 * waits: `Soon` is a promise only where the network is asked.
 */
import type { SessionId, ShortId, ZoneId } from '@precede/contracts';
import type { Lookback } from '@precede/rules';
import type { Soon } from '@precede/service';

/** Who asks, for one request. */
export interface Client {
  readonly zoneId: ZoneId;
  /** Null: the request names no session. Stores by session are not asked then. */
  readonly sessionId: SessionId | null;
  /** The sequence cookie that the client sent; null: none. */
  readonly cookie: string | null;
  /** The Set-Cookie header to answer with; only the cookie store sets it. */
  setCookie: string | null;
}

export interface SessionStore {
  /** What the client did before; empty where nothing is known. The value is good until the next call of the store. */
  read(client: Client, timeMs: number): Soon<Lookback>;
  /**
   * Enters an admitted request and resolves once it is kept. Of requests admitted at one time none is lost, but by
   * cookies. Rejects with UnavailableError.
   */
  admit(client: Client, operation: ShortId, timeMs: number): Soon<void>;
  close(): Promise<void>;
}

export interface RateWindow {
  readonly periodMs: number;
  readonly requestsPerPeriod: number;
  /** 0: until the period ends. */
  readonly mitigationTimeoutMs: number;
}

export interface RateVerdict {
  readonly isOver: boolean;
  /** Until the key is let through again; 0 where it is not over. */
  readonly retryAfterMs: number;
}

/**
 * Counts requests by key. A period begins with the first counted request of a key and lasts `periodMs`; the request that
 * would be number requestsPerPeriod + 1 within it is over. From then on the key is over for the mitigation timeout, or to
 * the end of the period; what comes meanwhile is over, counts nothing and extends nothing. After it a new period begins.
 */
export interface RateCounter {
  /** `key` is bounded text that names zone, rule and characteristics. Without `counts` it is only asked. Rejects with UnavailableError. */
  hit(key: string, window: RateWindow, timeMs: number, counts: boolean): Soon<RateVerdict>;
  close(): Promise<void>;
}
