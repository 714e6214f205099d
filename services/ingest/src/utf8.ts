/** Where bytes stop being UTF-8: only asked once it is known that they do. */
import { isUtf8 } from 'node:buffer';

const blockBytes = 65_536;

/** Offset of the first byte that belongs to no valid character; the length where all do. Linear. */
export const firstInvalidByte = (bytes: Buffer): number => {
  let at = 0;
  while (at < bytes.length) {
    const end = boundaryBefore(bytes, Math.min(at + blockBytes, bytes.length));
    if (!isUtf8(bytes.subarray(at, end))) break;
    at = end;
  }
  while (at < bytes.length) {
    const end = at + lengthFrom(bytes[at] ?? 0);
    if (!isUtf8(bytes.subarray(at, end))) return at;
    at = end;
  }
  return bytes.length;
};

/** Goes back over at most three continuation bytes, so that no valid character is cut. */
const boundaryBefore = (bytes: Buffer, end: number): number => {
  if (end === bytes.length) return end;
  for (let back = 0; back < 4; back++) if (((bytes[end - back] ?? 0) & 0xc0) !== 0x80) return end - back;
  return end;
};

const lengthFrom = (lead: number): number => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
