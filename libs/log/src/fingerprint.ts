/**
 * CRC-64-AVRO (Rabin) of a schema's parsing canonical form, as the Avro 1.12 specification's section "Schema
 * fingerprints" defines it. Computed a few times at start, so it is written to be read, not to be fast.
 */
import type { Type } from 'avsc';

const empty = 0xc15d213aa4d7a795n;

const table = Array.from({ length: 256 }, (_, byte) => {
  let fp = BigInt(byte);
  for (let bit = 0; bit < 8; bit += 1) fp = (fp >> 1n) ^ ((fp & 1n) === 1n ? empty : 0n);
  return fp;
});

/** The 64-bit fingerprint of bytes. */
export const crc64Avro = (bytes: Uint8Array): bigint => {
  let fp = empty;
  for (const byte of bytes) fp = (fp >> 8n) ^ (table[Number((fp ^ BigInt(byte)) & 0xffn)] as bigint);
  return fp;
};

/** The fingerprint of a type; avsc's default JSON form of a type is its parsing canonical form. */
export const fingerprintOf = (type: Type): bigint => crc64Avro(Buffer.from(JSON.stringify(type.schema())));
