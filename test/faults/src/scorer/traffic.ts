/**
 * A seeded stream of what sessionizers could have written into sequences.v1: sessions of three zones, interleaved.
 *
 * | what | how much |
 * |---|---|
 * | zones | 3; the third has a scanner, that calls another of 3,000 operations each time |
 * | journeys | 4 of 5 to 12 operations, with repeats |
 * | another operation than the journey's | 4 % |
 * | up to 2 h older | 3 % |
 * | older than the window | 1 % |
 */
import type { SequenceObserved, ShortId, SourceId, ZoneId } from '@precede/contracts';
import type { Random } from '../random.ts';

export const zones = ['1', '2', 'c'].map((digit) => digit.repeat(32) as ZoneId);

const hourMs = 3_600_000;
const journeys = [
  [1, 2, 3, 3, 4],
  [5, 2, 6, 7, 7, 7, 8],
  [1, 9, 9, 2, 10, 11, 12, 13, 14, 4, 4, 15],
  [16, 17, 16, 17, 16, 18],
];
const scannedOperations = 3_000;

interface Run {
  readonly operation: number;
  readonly length: number;
}

interface Session {
  readonly zoneId: ZoneId;
  readonly pseudonym: string;
  readonly steps: number[];
  runs: Run[];
}

export class SequenceTraffic {
  readonly #random: Random;
  /** Of the requests, those of the scanner. */
  readonly #scan: number;
  readonly #sessions: Session[] = [];

  constructor(random: Random, scan: number) {
    this.#random = random;
    this.#scan = scan;
    for (let i = 0; i < 60; i += 1) this.#sessions.push(this.#arrive());
  }

  /** One request, as of `nowMs`. */
  next(nowMs: number): SequenceObserved {
    const random = this.#random;
    if (random.chance(this.#scan)) return this.#scanned(nowMs);
    const at = random.below(this.#sessions.length);
    const session = this.#sessions[at] as Session;
    const operation = random.chance(0.04) ? 19 + random.below(30) : (session.steps.shift() ?? 1);
    if (session.steps.length === 0) this.#sessions[at] = this.#arrive();
    return this.#observed(session, operation, nowMs);
  }

  #scanner: Session | undefined;

  #scanned(nowMs: number): SequenceObserved {
    if (this.#scanner === undefined || this.#random.chance(0.02))
      this.#scanner = { zoneId: zones[2] as ZoneId, pseudonym: this.#random.hex(16), steps: [], runs: [] };
    return this.#observed(this.#scanner, 100 + this.#random.below(scannedOperations), nowMs);
  }

  #observed(session: Session, operation: number, nowMs: number): SequenceObserved {
    const last = session.runs.at(-1);
    session.runs =
      last?.operation === operation
        ? [...session.runs.slice(0, -1), { operation, length: last.length + 1 }]
        : [...session.runs, { operation, length: 1 }].slice(-10);
    const { zoneId, pseudonym, runs } = session;
    return {
      zoneId,
      timeMs: nowMs - this.#ageMs(),
      source: 'live' as SourceId,
      operations: runs.map((run) => run.operation as ShortId),
      runLengths: runs.map((run) => run.length),
      ageMs: runs.map(() => 0),
      pseudonym,
    };
  }

  #ageMs(): number {
    const drawn = this.#random.next();
    if (drawn < 0.01) return 40 * hourMs;
    if (drawn < 0.04) return this.#random.below(2 * hourMs);
    return this.#random.below(1_000);
  }

  #arrive(): Session {
    const random = this.#random;
    const steps = Array.from({ length: 1 + random.below(3) }, () => random.pick(journeys)).flat();
    return { zoneId: random.pick(zones), pseudonym: random.hex(16), steps, runs: [] };
  }
}
