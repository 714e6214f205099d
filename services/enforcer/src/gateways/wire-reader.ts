/**
 * A cursor over one protobuf message (encoding: protobuf.dev, "Encoding"). It reads forward, never beyond the message it
 * is in, and gives texts as bytes, one UTF-16 unit 0..255 each.
 */
import { InputError } from '@precede/contracts';

const WireType = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/** Up to here the whole message becomes one string, of which fields are slices: one call in place of one a field. */
const maxWhole = 65_536;

export class WireReader {
  readonly #bytes: Buffer;
  readonly #whole: string | null;
  #at = 0;
  #end: number;
  #type: number = WireType.varint;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#whole = bytes.length <= maxWhole ? bytes.toString('latin1') : null;
  }

  /** The number of the next field of the message; 0 at its end. Each field is then read or skipped. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.#varint();
    this.#type = tag & 7;
    const field = tag >>> 3;
    if (field === 0) throw malformed();
    return field;
  }

  /** Steps into a message; what is given back is for `leave`. */
  enter(): number {
    const outer = this.#end;
    this.#end = this.#length();
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  text(): string {
    const end = this.#length();
    const from = this.#at;
    this.#at = end;
    return this.#whole === null ? this.#bytes.toString('latin1', from, end) : this.#whole.slice(from, end);
  }

  bytes(): Buffer {
    const end = this.#length();
    const from = this.#at;
    this.#at = end;
    return this.#bytes.subarray(from, end);
  }

  double(): number {
    if (this.#type !== WireType.fixed64) throw malformed();
    this.#move(8);
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  boolean(): boolean {
    if (this.#type !== WireType.varint) throw malformed();
    return this.#varint() !== 0;
  }

  skip(): void {
    switch (this.#type) {
      case WireType.varint:
        this.#varint();
        return;
      case WireType.fixed64:
        this.#move(8);
        return;
      case WireType.length:
        this.#at = this.#length();
        return;
      case WireType.fixed32:
        this.#move(4);
        return;
      default:
        throw malformed();
    }
  }

  /** Where the field that begins here ends. */
  #length(): number {
    if (this.#type !== WireType.length) throw malformed();
    const end = this.#varint() + this.#at;
    if (end > this.#end) throw malformed();
    return end;
  }

  #move(count: number): void {
    this.#at += count;
    if (this.#at > this.#end) throw malformed();
  }

  /** Exact below 2^53; no tag, length or truth value is larger. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10 && this.#at < this.#end; count += 1) {
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw malformed();
  }
}

const malformed = (): InputError => new InputError('', 'the message cannot be read');
