/**
 * What the peers' bench asks and which answers are right: sessions with what they did before, kept by the load generator
 * as the enforcer must keep them. A lane (a connection, or a slot on one) owns its sessions and asks one thing at a
 * time, so the right answer to each is known.
 */
import { ends, operationCount, startsOf } from './enforcer-peers-zone.ts';

export interface Draw {
  session: number;
  /** Number of the operation in the zone. */
  operation: number;
  /** Whether it must be denied. */
  isDenied: boolean;
}

const runs = 9;
const gapMs = 600_000;
/** Around the gap the clocks of generator and server may differ: such a session is not asked. */
const unsureMs = 5_000;
/** Of the draws that must be denied these many are asked; of the others the client makes the start first. */
const deniedShare = 0.2;

export class Sessions {
  readonly count: number;
  readonly #runs: Uint8Array;
  readonly #lengths: Uint8Array;
  readonly #lastMs: Float64Array;

  constructor(count: number) {
    this.count = count;
    this.#runs = new Uint8Array(count * runs);
    this.#lengths = new Uint8Array(count);
    this.#lastMs = new Float64Array(count);
  }

  /** A session of the lane and an operation of it. */
  draw(lane: number, lanes: number, random: () => number, nowMs: number): Draw {
    const session = this.#sessionOf(lane, lanes, random, nowMs);
    const operation = Math.floor(random() * operationCount);
    const isDenied = !this.#allows(session, operation, nowMs);
    if (!isDenied || random() < deniedShare) return { session, operation, isDenied };
    return { session, operation: startsOf(operation)[0] ?? operation, isDenied: false };
  }

  /** Enters an admitted request. */
  admit(session: number, operation: number, nowMs: number): void {
    if (!this.#isFresh(session, nowMs)) this.#lengths[session] = 0;
    this.#lastMs[session] = nowMs;
    const from = session * runs;
    const length = this.#lengths[session] ?? 0;
    if (length > 0 && this.#runs[from + length - 1] === operation) return;
    if (length < runs) this.#lengths[session] = length + 1;
    else this.#runs.copyWithin(from, from + 1, from + runs);
    this.#runs[from + Math.min(length, runs - 1)] = operation;
  }

  /** Oldest first. */
  lookback(session: number, nowMs: number): readonly number[] {
    if (!this.#isFresh(session, nowMs)) return [];
    const from = session * runs;
    return Array.from(this.#runs.subarray(from, from + (this.#lengths[session] ?? 0)));
  }

  #allows(session: number, operation: number, nowMs: number): boolean {
    if (!ends.has(operation)) return true;
    if (!this.#isFresh(session, nowMs)) return false;
    const from = session * runs;
    const seen = this.#runs.subarray(from, from + (this.#lengths[session] ?? 0));
    return startsOf(operation).some((start) => seen.includes(start));
  }

  #sessionOf(lane: number, lanes: number, random: () => number, nowMs: number): number {
    for (;;) {
      const session = lane + lanes * Math.floor(random() * Math.floor(this.count / lanes));
      const ageMs = nowMs - (this.#lastMs[session] ?? 0);
      if (Math.abs(ageMs - gapMs) > unsureMs) return session;
    }
  }

  #isFresh(session: number, nowMs: number): boolean {
    return nowMs - (this.#lastMs[session] ?? 0) <= gapMs;
  }
}
