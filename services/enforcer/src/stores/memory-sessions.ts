/**
 * The session store `memory`: the lookbacks of this process, about 210 bytes each, bounded by their number. What nobody
 * used for an hour goes a few at a time with each admission; who goes when it is full: session-shares.ts.
 * For one instance, or several behind a gateway that hashes by session.
 */
import type { SessionId, ShortId } from '@precede/contracts';
import { createLookback, type Lookback, lookbackGapMs, push, rawAgeMs } from '@precede/rules';
import type { Clock } from '@precede/service';
import type { EnforcerMetrics } from '../metrics.ts';
import type { Client, SessionStore } from '../ports.ts';
import { clearLookback } from './lookback-codec.ts';
import { SessionIndex } from './session-index.ts';
import { Segment, SessionShares } from './session-shares.ts';
import { none, SessionSlab } from './session-slab.ts';

export interface MemorySessionsOptions {
  readonly maxSessions: number;
  /** Largest share of a full store for sessions seen once, in [0, 1]. */
  readonly probationShare: number;
  readonly clock: Clock;
  readonly metrics: EnforcerMetrics;
}

const sweptEach = 2;

export class MemorySessions implements SessionStore {
  readonly #options: MemorySessionsOptions;
  readonly #slab = new SessionSlab();
  readonly #index: SessionIndex;
  readonly #shares: SessionShares;
  /** Age is measured by our clock: times of requests may be given by callers. */
  readonly #startMs: number;
  readonly #scratch = createLookback();
  readonly #id = new Uint32Array(4);
  #size = 0;
  #nextSwept = 0;

  constructor(options: MemorySessionsOptions) {
    this.#options = options;
    this.#index = new SessionIndex(this.#slab, options.maxSessions);
    this.#shares = new SessionShares(this.#slab, options.probationShare);
    // An hour before, so that no age is ever below zero.
    this.#startMs = options.clock.now() - rawAgeMs;
    options.metrics.countSessions = () => this.#size;
  }

  get size(): number {
    return this.#size;
  }

  read(client: Client, _timeMs: number): Lookback {
    this.#load(client);
    return this.#scratch;
  }

  admit(client: Client, operation: ShortId, timeMs: number): void {
    if (client.sessionId === null) return;
    const nowS = this.#seconds();
    this.#sweep(nowS, this.#shares.numberOf(client.zoneId));
    const found = this.#load(client);
    const slot = found === none ? this.#enter(client, timeMs) : found;
    push(this.#scratch, operation, timeMs);
    this.#slab.store(slot, this.#scratch);
    this.#slab.setAdmittedS(slot, nowS);
    if (found !== none) this.#shares.unlink(slot);
    this.#shares.add(slot, found === none ? Segment.probation : Segment.established);
  }

  async close(): Promise<void> {}

  #seconds(): number {
    return Math.max(0, Math.floor((this.#options.clock.now() - this.#startMs) / 1000));
  }

  /** Fills the scratch; the slot, or `none`. */
  #load({ zoneId, sessionId }: Client): number {
    const zone = this.#shares.numberOf(zoneId);
    if (zone !== undefined && sessionId !== null) {
      parseId(sessionId, this.#id);
      const slot = this.#index.find(this.#id, zone);
      if (slot !== none) {
        this.#slab.load(slot, this.#scratch);
        return slot;
      }
    }
    clearLookback(this.#scratch);
    return none;
  }

  #enter({ zoneId, sessionId }: Client, timeMs: number): number {
    if (this.#size >= this.#options.maxSessions) this.#evict(this.#shares.numberOf(zoneId), timeMs);
    const zone = this.#shares.numberOf(zoneId) ?? this.#shares.open(zoneId);
    parseId(sessionId as SessionId, this.#id);
    const slot = this.#slab.take(this.#id);
    this.#slab.setZone(slot, zone);
    this.#index.add(slot);
    this.#size += 1;
    return slot;
  }

  #evict(zone: number | undefined, timeMs: number): void {
    const slot = this.#shares.victim(zone, this.#options.maxSessions);
    const reason = timeMs - this.#slab.lastMs(slot) <= lookbackGapMs ? 'live' : 'idle';
    const segment = this.#slab.segment(slot) === Segment.established ? 'established' : 'probation';
    this.#options.metrics.evictions.inc({ reason, segment });
    this.#forget(slot);
  }

  /** Looks at the zone that is asked for and at one more, in turn. */
  #sweep(nowS: number, zone: number | undefined): void {
    const beforeS = nowS - rawAgeMs / 1000;
    if (beforeS <= 0) return;
    if (zone !== undefined) this.#sweepZone(zone, beforeS);
    this.#nextSwept = this.#nextSwept + 1 < this.#shares.numbers ? this.#nextSwept + 1 : 0;
    this.#sweepZone(this.#nextSwept, beforeS);
  }

  #sweepZone(zone: number, beforeS: number): void {
    for (let i = 0; i < sweptEach; i += 1) {
      const slot = this.#shares.expired(zone, beforeS);
      if (slot === none) return;
      this.#forget(slot);
    }
  }

  #forget(slot: number): void {
    const zone = this.#slab.zone(slot);
    this.#index.remove(slot);
    this.#shares.unlink(slot);
    this.#slab.release(slot);
    this.#shares.closeIfEmpty(zone);
    this.#size -= 1;
  }
}

/** 32 hex digits into four words, without text in between. */
const parseId = (id: SessionId, into: Uint32Array): void => {
  for (let word = 0; word < 4; word += 1) {
    let value = 0;
    for (let i = word * 8; i < word * 8 + 8; i += 1) {
      const code = id.charCodeAt(i);
      // 0…9 are 0x30…0x39, a…f are 0x61…0x66.
      value = (value << 4) | (code <= 0x39 ? code & 0x0f : (code & 0x0f) + 9);
    }
    into[word] = value;
  }
};
