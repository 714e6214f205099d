/**
 * The bytes of the sessions in memory: records of fixed length in chunks that are made when they are needed, so that
 * growing copies nothing. A record is named by its slot; free slots are chained through their links.
 *
 *   words  0…3 session id · 4…5 last time (double) · 6 earlier · 7 later (links) · 8 zone · 9 when admitted, s of the clock
 *          10 segment, runs, raw (counts) · 11 spare · 12…29 runs: operation, time · 30…49 raw: operation, time
 *
 * A time is the low 32 bits of its milliseconds: with the last time at hand it is exact for 49 days before it.
 */
import type { ShortId } from '@precede/contracts';
import { type Lookback, maxRaw, maxRuns } from '@precede/rules';

const runsAt = 12;
const rawAt = runsAt + 2 * maxRuns;
const words = rawAt + 2 * maxRaw;
const chunkBits = 12;
const chunkRecords = 1 << chunkBits;
const slotMask = chunkRecords - 1;

/** No slot. */
export const none = 0xffff_ffff;

const wordOf = { earlier: 6, later: 7, zone: 8, admittedS: 9, counts: 10 } as const;
const lastWord = 2;

interface Chunk {
  readonly ints: Uint32Array;
  readonly doubles: Float64Array;
}

export class SessionSlab {
  readonly #chunks: Chunk[] = [];
  #free = none;
  #used = 0;

  /** A slot with an empty lookback. */
  take(id: Uint32Array): number {
    const slot = this.#free === none ? this.#append() : this.#free;
    if (slot === this.#free) this.#free = this.later(slot);
    const { ints } = this.#chunkOf(slot);
    const at = (slot & slotMask) * words;
    for (let i = 0; i < 4; i += 1) ints[at + i] = id[i] as number;
    ints[at + wordOf.counts] = 0;
    return slot;
  }

  release(slot: number): void {
    this.setLater(slot, this.#free);
    this.#free = slot;
  }

  isOf(slot: number, id: Uint32Array, zone: number): boolean {
    const { ints } = this.#chunkOf(slot);
    const at = (slot & slotMask) * words;
    return (
      ints[at] === id[0] &&
      ints[at + 1] === id[1] &&
      ints[at + 2] === id[2] &&
      ints[at + 3] === id[3] &&
      ints[at + wordOf.zone] === zone
    );
  }

  /** A word of the session id, which is a keyed hash already. */
  idWord(slot: number): number {
    return this.#get(slot, 0);
  }

  earlier(slot: number): number {
    return this.#get(slot, wordOf.earlier);
  }

  setEarlier(slot: number, other: number): void {
    this.#set(slot, wordOf.earlier, other);
  }

  later(slot: number): number {
    return this.#get(slot, wordOf.later);
  }

  setLater(slot: number, other: number): void {
    this.#set(slot, wordOf.later, other);
  }

  zone(slot: number): number {
    return this.#get(slot, wordOf.zone);
  }

  setZone(slot: number, zone: number): void {
    this.#set(slot, wordOf.zone, zone);
  }

  admittedS(slot: number): number {
    return this.#get(slot, wordOf.admittedS);
  }

  setAdmittedS(slot: number, seconds: number): void {
    this.#set(slot, wordOf.admittedS, seconds);
  }

  segment(slot: number): number {
    return this.#get(slot, wordOf.counts) & 0xff;
  }

  setSegment(slot: number, segment: number): void {
    this.#set(slot, wordOf.counts, (this.#get(slot, wordOf.counts) & ~0xff) | segment);
  }

  lastMs(slot: number): number {
    return this.#chunkOf(slot).doubles[((slot & slotMask) * words) / 2 + lastWord] as number;
  }

  /** Into a value that is used again and again: nothing is allocated. */
  load(slot: number, into: Lookback): void {
    const { ints } = this.#chunkOf(slot);
    const at = (slot & slotMask) * words;
    const counts = ints[at + wordOf.counts] as number;
    into.lastMs = this.lastMs(slot);
    loadPart(ints, at + runsAt, (counts >>> 8) & 0xff, into.lastMs, into.runs, into.runsMs);
    loadPart(ints, at + rawAt, counts >>> 16, into.lastMs, into.raw, into.rawMs);
  }

  store(slot: number, state: Lookback): void {
    const { ints, doubles } = this.#chunkOf(slot);
    const at = (slot & slotMask) * words;
    doubles[at / 2 + lastWord] = state.lastMs;
    ints[at + wordOf.counts] =
      ((ints[at + wordOf.counts] as number) & 0xff) | (state.runs.length << 8) | (state.raw.length << 16);
    storePart(ints, at + runsAt, state.runs, state.runsMs);
    storePart(ints, at + rawAt, state.raw, state.rawMs);
  }

  #append(): number {
    if (this.#used >>> chunkBits === this.#chunks.length) {
      const bytes = new ArrayBuffer(chunkRecords * words * 4);
      this.#chunks.push({ ints: new Uint32Array(bytes), doubles: new Float64Array(bytes) });
    }
    this.#used += 1;
    return this.#used - 1;
  }

  #chunkOf(slot: number): Chunk {
    return this.#chunks[slot >>> chunkBits] as Chunk;
  }

  #get(slot: number, word: number): number {
    return this.#chunkOf(slot).ints[(slot & slotMask) * words + word] as number;
  }

  #set(slot: number, word: number, value: number): void {
    this.#chunkOf(slot).ints[(slot & slotMask) * words + word] = value;
  }
}

const loadPart = (
  ints: Uint32Array,
  at: number,
  count: number,
  lastMs: number,
  operations: ShortId[],
  times: number[],
): void => {
  operations.length = count;
  times.length = count;
  for (let i = 0; i < count; i += 1) {
    operations[i] = ints[at + 2 * i] as ShortId;
    times[i] = lastMs - (((lastMs >>> 0) - (ints[at + 2 * i + 1] as number)) >>> 0);
  }
};

const storePart = (
  ints: Uint32Array,
  at: number,
  operations: readonly ShortId[],
  times: readonly number[],
): void => {
  for (let i = 0; i < operations.length; i += 1) {
    ints[at + 2 * i] = operations[i] as number;
    ints[at + 2 * i + 1] = (times[i] as number) >>> 0;
  }
};
