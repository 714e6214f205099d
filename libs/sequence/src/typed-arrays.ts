/** What the tables over typed arrays share: growing one, and hashing (parent, operation) into one. */

/** The same values in an array of another length, larger than the old one. */
export const grown = <T extends Uint32Array | Uint8Array>(old: T, length: number): T => {
  const larger = new (old.constructor as new (length: number) => T)(length);
  larger.set(old);
  return larger;
};

/** Multiplicative mixing of two 32-bit numbers (odd constants of xxHash32). */
export const hashOf = (parent: number, operation: number): number => {
  let h = Math.imul(parent, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca77);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae3d);
  return (h ^ (h >>> 13)) >>> 0;
};
