/**
 * The rate counter `memory`: each enforcer counts by itself, so n of them let through up to n times the limit. Bounded by
 * keys: when full, the longest unused one is forgotten and counted; its client begins anew.
 */
import { LRUCache } from 'lru-cache';
import type { EnforcerMetrics } from '../metrics.ts';
import type { RateCounter, RateVerdict, RateWindow } from '../ports.ts';
import { createRateState, hitRate, type RateState } from './rate-state.ts';

export interface MemoryRatesOptions {
  readonly maxKeys: number;
  readonly metrics: EnforcerMetrics;
}

export class MemoryRates implements RateCounter {
  readonly #states: LRUCache<string, RateState>;

  constructor({ maxKeys, metrics }: MemoryRatesOptions) {
    this.#states = new LRUCache<string, RateState>({
      max: maxKeys,
      dispose: (_state, _key, reason) => {
        if (reason === 'evict') metrics.rateEvictions.inc();
      },
    });
    metrics.countRateKeys = () => this.#states.size;
  }

  hit(key: string, window: RateWindow, timeMs: number, counts: boolean): RateVerdict {
    const known = this.#states.get(key);
    const state = known ?? createRateState();
    const verdict = hitRate(state, window, timeMs, counts);
    if (known === undefined && counts) this.#states.set(key, state);
    return verdict;
  }

  async close(): Promise<void> {}
}
