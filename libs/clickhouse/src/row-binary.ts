/**
 * Rows in ClickHouse's format RowBinary, for tables with many rows: values one after the other, little-endian, strings and
 * arrays with their length before them. Source: ClickHouse documentation, "RowBinary". Nothing is checked: columns and types
 * are the caller's to get right.
 */

export class RowBinaryWriter {
  #bytes: Buffer;
  #end = 0;

  constructor(initialBytes = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#end;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end] = value;
    this.#end += 1;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#end = this.#bytes.writeUInt16LE(value, this.#end);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#end = this.#bytes.writeUInt32LE(value, this.#end);
  }

  /** 0 … 2^53. */
  u64(value: number): void {
    this.#reserve(8);
    this.#end = this.#bytes.writeUInt32LE(value % 2 ** 32, this.#end);
    this.#end = this.#bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.#end);
  }

  /** LEB128, as lengths are written. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.#bytes[this.#end] = (rest % 128) | 128;
      this.#end += 1;
    }
    this.#bytes[this.#end] = rest;
    this.#end += 1;
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#reserve(length);
    this.#end += this.#bytes.write(value, this.#end);
  }

  u32s(values: ArrayLike<number>): void {
    this.varint(values.length);
    this.#reserve(values.length * 4);
    for (let i = 0; i < values.length; i += 1)
      this.#end = this.#bytes.writeUInt32LE(values[i] as number, this.#end);
  }

  /** The rows so far; the writer begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    return taken;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + count));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

export class RowBinaryReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    this.#at += 1;
    return this.#bytes.readUInt8(this.#at - 1);
  }

  u16(): number {
    this.#at += 2;
    return this.#bytes.readUInt16LE(this.#at - 2);
  }

  u32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  /** Exact below 2^53. */
  u64(): number {
    const low = this.u32();
    return this.u32() * 2 ** 32 + low;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.u8();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  u32s(): Uint32Array {
    const values = new Uint32Array(this.varint());
    for (let i = 0; i < values.length; i += 1) values[i] = this.u32();
    return values;
  }
}
