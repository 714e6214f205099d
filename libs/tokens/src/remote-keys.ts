/**
 * Keys by URL, kept. Loads are started by those who ask and never waited for by them:
 *
 *   no keys          load, at most one attempt every few seconds; until then nothing verifies
 *   0 … 80 % of age  use them
 *   80 % and older   use them and load anew, so that a source that is away does not show at once
 *   too stale        as if there were none
 *   unknown key      load anew, once a cooldown: tokens with invented keys must not become traffic
 */
import { fetchKeys, LoadOutcome } from './fetch-keys.ts';
import type { KeySet, KeySource } from './key-set.ts';

/** One load that has ended. */
export interface KeysLoad {
  readonly url: string;
  readonly outcome: LoadOutcome;
  /** Of the load before; null: this is the first. */
  readonly previous: LoadOutcome | null;
  readonly tookMs: number;
}

export interface RemoteKeysOptions {
  /** Milliseconds; only its differences count. */
  readonly now: () => number;
  readonly onLoad: (load: KeysLoad) => void;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Between two loads that unknown keys ask for. */
  readonly cooldownMs?: number;
  /** Between two attempts while the source fails. */
  readonly retryMs?: number;
  /** How long keys are used beyond their age while the source fails. */
  readonly staleMs?: number;
}

export const remoteKeysDefaults = {
  timeoutMs: 5_000,
  maxBytes: 262_144,
  cooldownMs: 30_000,
  retryMs: 5_000,
  staleMs: 86_400_000,
} as const;

export const remoteKeys = (url: string, options: RemoteKeysOptions): KeySource =>
  new RemoteKeys(url, options);

class RemoteKeys implements KeySource {
  readonly #url: string;
  readonly #options: Required<RemoteKeysOptions>;
  #keys: KeySet | undefined;
  #loadedAtMs = 0;
  #maxAgeMs = 0;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  #previous: LoadOutcome | null = null;
  #loading: Promise<void> | undefined;

  constructor(url: string, options: RemoteKeysOptions) {
    this.#url = url;
    this.#options = { ...remoteKeysDefaults, ...options };
  }

  current(): KeySet | undefined {
    const ageMs = this.#options.now() - this.#loadedAtMs;
    if (this.#keys === undefined || ageMs >= this.#maxAgeMs * 0.8) this.#load(this.#options.retryMs);
    return ageMs < this.#maxAgeMs + this.#options.staleMs ? this.#keys : undefined;
  }

  missed(): void {
    this.#load(this.#options.cooldownMs);
  }

  async attempted(): Promise<void> {
    if (this.#previous === null) this.#load(0);
    if (this.#previous === null) await this.#loading;
  }

  /** At most one at a time, and none sooner than `pauseMs` after the attempt before. */
  #load(pauseMs: number): void {
    const nowMs = this.#options.now();
    if (this.#loading !== undefined || nowMs - this.#attemptedAtMs < pauseMs) return;
    this.#attemptedAtMs = nowMs;
    this.#loading = this.#loadOnce(nowMs).finally(() => {
      this.#loading = undefined;
    });
  }

  async #loadOnce(startedAtMs: number): Promise<void> {
    const { now, onLoad, timeoutMs, maxBytes } = this.#options;
    const loaded = await fetchKeys(this.#url, { timeoutMs, maxBytes });
    const nowMs = now();
    if (loaded.outcome === LoadOutcome.loaded) {
      // The same keys stay the same set: what was verified with them stays verified.
      if (this.#keys?.text !== loaded.keys.text) this.#keys = loaded.keys;
      this.#loadedAtMs = nowMs;
      this.#maxAgeMs = loaded.maxAgeMs;
    }
    const previous = this.#previous;
    this.#previous = loaded.outcome;
    onLoad({ url: this.#url, outcome: loaded.outcome, previous, tookMs: nowMs - startedAtMs });
  }
}
