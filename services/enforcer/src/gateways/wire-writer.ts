/** Protobuf fields as buffers: enough for answers, which are small. Texts are bytes, one UTF-16 unit 0..255 each. */

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

export const textField = (field: number, value: string): Buffer =>
  bytesField(field, Buffer.from(value, 'latin1'));
