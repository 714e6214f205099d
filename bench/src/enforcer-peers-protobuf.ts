/** As much of protobuf's wire format as the bench speaks: length-delimited fields out, varints and submessages in. */

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];

export const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
};

export const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);

/** The last value of a field: a number for a varint, bytes for a submessage; undefined: absent. */
export const valueIn = (bytes: Buffer, wanted: number): number | Buffer | undefined => {
  let found: number | Buffer | undefined;
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a message that is cut');
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = next();
    let value: number | Buffer | undefined;
    switch (tag & 7) {
      case 0:
        value = next();
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = next();
        value = bytes.subarray(at, at + length);
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new Error(`wire type ${tag & 7}`);
    }
    if (tag >>> 3 === wanted) found = value;
  }
  return found;
};
