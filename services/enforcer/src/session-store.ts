/**
 * The session store `memory`: the lookback of the most recently used sessions of this process. Bounded by their number;
 * when full the longest unused one is forgotten and counted, as `live` where its lookback was still of use.
 * For one instance, or several behind a gateway that hashes by session.
 */
import type { SessionId, ShortId, ZoneId } from '@precede/contracts';
import { createLookback, isWithinGap, type Lookback, push } from '@precede/rules';
import type { Clock } from '@precede/service';
import { LRUCache } from 'lru-cache';
import type { EnforcerMetrics } from './metrics.ts';

export interface SessionStoreOptions {
  readonly maxSessions: number;
  readonly metrics: EnforcerMetrics;
  readonly clock: Clock;
}

export class MemorySessionStore {
  readonly #sessions: LRUCache<string, Lookback>;

  constructor({ maxSessions, metrics, clock }: SessionStoreOptions) {
    this.#sessions = new LRUCache<string, Lookback>({
      max: maxSessions,
      dispose: (state, _key, reason) => {
        if (reason !== 'evict') return;
        metrics.evictions.inc({ reason: isWithinGap(state, clock.now()) ? 'live' : 'idle' });
      },
    });
    metrics.countSessions = () => this.#sessions.size;
  }

  /** The live state: it changes with the next admitted request. */
  get(zoneId: ZoneId, sessionId: SessionId): Lookback | undefined {
    return this.#sessions.get(zoneId + sessionId);
  }

  /** Enters an admitted request. `known` is what `get` gave for the same session just before. */
  admit(
    zoneId: ZoneId,
    sessionId: SessionId,
    known: Lookback | undefined,
    operation: ShortId,
    timeMs: number,
  ): void {
    const state = known ?? createLookback();
    push(state, operation, timeMs);
    if (known === undefined) this.#sessions.set(zoneId + sessionId, state);
  }
}
