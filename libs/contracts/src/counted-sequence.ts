/**
 * What the scorer needs of a record of sequences.v1, read from its Avro binary form (Avro 1.12 specification, "Binary
 * encoding") field by field: a quarter of the time of building all of it. Only for records of the schema in avro/.
 */
import type { ShortId, ZoneId } from './ids.ts';

export interface CountedSequence {
  readonly zoneId: ZoneId;
  readonly timeMs: number;
  /** Oldest first. */
  readonly operations: readonly ShortId[];
  readonly runLengths: readonly number[];
  /** The first 32 bits of the pseudonym. */
  readonly session: number;
}

const zoneSize = 16;
const pseudonymSize = 8;
const maxShortId = 2 ** 32 - 1;

/** Reads one record after the other; remembers the last zone, which most records share. Not for use by two at a time. */
export class CountedSequenceReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #zone: ZoneId = '' as ZoneId;
  readonly #zoneBytes = Buffer.alloc(zoneSize);

  /** The record that `bytes` holds from `start` to its end. Throws where it is none. */
  read(bytes: Buffer, start: number): CountedSequence {
    this.#bytes = bytes;
    this.#at = start;
    const zoneId = this.#readZone();
    const timeMs = this.#readLong();
    this.#skip(this.#readLong());
    const operations = this.#readArray() as ShortId[];
    for (const operation of operations)
      if (!(operation >= 0 && operation <= maxShortId)) throw new Error('an operation is no short id');
    const runLengths = this.#readArray();
    this.#skipArray();
    const session = this.#readSession();
    if (this.#at !== bytes.length) throw new Error('bytes follow after its end');
    return { zoneId, timeMs, operations, runLengths, session };
  }

  #readZone(): ZoneId {
    const start = this.#at;
    this.#skip(zoneSize);
    if (this.#zone === '' || !this.#isLastZone(start)) {
      this.#bytes.copy(this.#zoneBytes, 0, start, this.#at);
      this.#zone = this.#zoneBytes.toString('hex') as ZoneId;
    }
    return this.#zone;
  }

  /** For so few bytes a loop is several times faster than Buffer.compare. */
  #isLastZone(start: number): boolean {
    for (let i = 0; i < zoneSize; i += 1) if (this.#bytes[start + i] !== this.#zoneBytes[i]) return false;
    return true;
  }

  #readSession(): number {
    const start = this.#at;
    this.#skip(pseudonymSize);
    return this.#bytes.readUInt32BE(start);
  }

  #skip(count: number): void {
    if (!(count >= 0 && this.#at + count <= this.#bytes.length)) throw new Error('the bytes end too early');
    this.#at += count;
  }

  /** Zigzag, 7 bits a byte, the lowest first; exact up to 2^53. */
  #readLong(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 64; factor *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new Error('the bytes end too early');
      this.#at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new Error('a number is longer than 64 bits');
  }

  #readArray(): number[] {
    const items: number[] = [];
    for (let count = this.#readCount(); count > 0; count = this.#readCount())
      for (let i = 0; i < count; i += 1) items.push(this.#readLong());
    return items;
  }

  #skipArray(): void {
    for (let count = this.#readCount(); count > 0; count = this.#readCount())
      for (let i = 0; i < count; i += 1) this.#readLong();
  }

  /** Of the next block; one that is below 0 is followed by its size in bytes. Every item takes a byte at least. */
  #readCount(): number {
    let count = this.#readLong();
    if (count < 0) {
      count = -count;
      this.#readLong();
    }
    if (count > this.#bytes.length - this.#at) throw new Error('an array is longer than the record');
    return count;
  }
}
