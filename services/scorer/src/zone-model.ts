/**
 * Keeps the model of one zone: learns it again when the traffic of the window has grown by a quarter or ten minutes have
 * passed, stores it, and sees to it that no session of the window stays without a likelihood or with one of a model that had
 * seen less than half of the traffic. In an import that is a handful of times, in live traffic never.
 */
import { buildModel, modelDefaults } from '@precede/sequence';
import { rescore, type StoredModel, storeModel } from './likelihood.ts';
import type { Storage } from './storage.ts';
import type { ZoneWindow } from './zone-window.ts';

const maxAgeMs = 600_000;
const growth = 1.25;
const minRescoreRestMs = 2_000;
const restFactor = 20;
/** Enough for traffic that grows a quarter at a time to its double. */
const maxLearnt = 8;
/** Later than no model at all. */
const anyModelMs = 1;

interface Learnt {
  readonly computedAtMs: number;
  readonly requests: number;
}

export class ZoneModel {
  readonly #zoneId: string;
  #stored: StoredModel | undefined;
  /** Of performance.now(). */
  #learntAt = Number.NEGATIVE_INFINITY;
  /** Oldest first; those of less than half of the traffic are gone. */
  #learnt: Learnt[] = [];
  #goodSinceMs = anyModelMs;
  #restUntil = 0;

  constructor(zoneId: string) {
    this.#zoneId = zoneId;
  }

  /** After a scoring of the zone. Returns how many sessions were written again. */
  async keep(storage: Storage, window: ZoneWindow, fromMs: number, nowMs: number): Promise<number> {
    const requests = window.requests;
    if (requests === 0) return 0;
    if (this.#isDue(requests)) await this.#learn(storage, window, requests, nowMs);
    const begin = performance.now();
    if (this.#stored === undefined || begin < this.#restUntil) return 0;
    const count = await rescore(storage, {
      zoneId: this.#zoneId,
      stored: this.#stored,
      fromMs,
      goodSinceMs: this.#goodSinceMs,
    });
    const end = performance.now();
    this.#restUntil = end + Math.max(minRescoreRestMs, restFactor * (end - begin));
    return count;
  }

  #isDue(requests: number): boolean {
    const last = this.#learnt.at(-1);
    if (last === undefined || requests >= last.requests * growth) return true;
    return performance.now() - this.#learntAt >= maxAgeMs;
  }

  async #learn(storage: Storage, window: ZoneWindow, requests: number, nowMs: number): Promise<void> {
    const model = buildModel(window.counts(modelDefaults.maxContext + 1, modelDefaults.minSessions));
    // Two models within one millisecond must not look like one.
    const computedAtMs = Math.max(nowMs, (this.#stored?.computedAtMs ?? 0) + 1);
    const stored = { model, computedAtMs };
    await storeModel(storage, this.#zoneId, stored);
    this.#stored = stored;
    this.#learntAt = performance.now();
    const good = [...this.#learnt, { computedAtMs, requests }].filter(
      (each) => each.requests * 2 >= requests,
    );
    if (good.length <= this.#learnt.length) this.#goodSinceMs = good[0]?.computedAtMs ?? anyModelMs;
    this.#learnt = good.slice(-maxLearnt);
  }
}
