/**
 * How one key of a rate limit changes with a hit (ports.ts, RateCounter). Pure: the memory counter keeps one for each key,
 * the script of valkey-rates.ts does the same on the server.
 */
import type { RateVerdict, RateWindow } from '../ports.ts';

export interface RateState {
  /** When the period began, ms. */
  startMs: number;
  /** Counted in the period; 0: no period has begun. */
  count: number;
  /** The key is over until then, ms; 0: it was not. */
  overUntilMs: number;
}

export const createRateState = (): RateState => ({ startMs: 0, count: 0, overUntilMs: 0 });

const under: RateVerdict = Object.freeze({ isOver: false, retryAfterMs: 0 });

export const hitRate = (
  state: RateState,
  { periodMs, requestsPerPeriod, mitigationTimeoutMs }: RateWindow,
  timeMs: number,
  counts: boolean,
): RateVerdict => {
  if (timeMs < state.overUntilMs) return { isOver: true, retryAfterMs: state.overUntilMs - timeMs };
  if (!counts) return under;
  if (state.overUntilMs > 0 || state.count === 0 || timeMs >= state.startMs + periodMs) {
    state.startMs = timeMs;
    state.count = 0;
    state.overUntilMs = 0;
  }
  state.count += 1;
  if (state.count <= requestsPerPeriod) return under;
  state.overUntilMs = mitigationTimeoutMs > 0 ? timeMs + mitigationTimeoutMs : state.startMs + periodMs;
  return { isOver: true, retryAfterMs: state.overUntilMs - timeMs };
};
