/**
 * Which partition a key belongs to: murmur2 as Kafka's own clients compute it (Apache Kafka, Utils.murmur2 and the
 * default partitioner), so that records written by anything else land where ours do.
 */

const seed = 0x9747b28c;
const mix = 0x5bd1e995;

/** The signed 32-bit murmur2 hash of the bytes. O(length). */
export const murmur2 = (bytes: Uint8Array): number => {
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let i = 0; i < whole; i += 4) {
    let word = Math.imul(view.getInt32(i, true), mix);
    word = Math.imul(word ^ (word >>> 24), mix);
    hash = Math.imul(hash, mix) ^ word;
  }
  for (let i = length - 1; i >= whole; i -= 1) hash ^= view.getUint8(i) << ((i - whole) * 8);
  if (whole !== length) hash = Math.imul(hash, mix);
  hash = Math.imul(hash ^ (hash >>> 13), mix);
  return hash ^ (hash >>> 15);
};

/** The partition of a key, 0 … count−1. */
export const partitionOf = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count;
