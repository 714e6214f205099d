/** Protobuf fields as buffers: enough for answers, which are small. Texts are bytes, one UTF-16 unit 0..255 each. */
import { isUtf8 } from 'node:buffer';

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
};

export const integerField = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)]);

export const bytesField = (field: number, value: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);

export const messageField = (field: number, ...parts: readonly Buffer[]): Buffer =>
  bytesField(field, Buffer.concat(parts));

/** A reader refuses a whole message for one text that is not UTF-8; such a text is taken for Latin-1. */
export const textField = (field: number, value: string): Buffer => {
  const bytes = Buffer.from(value, 'latin1');
  return bytesField(field, isUtf8(bytes) ? bytes : Buffer.from(value, 'utf8'));
};
