/**
 * Kafka's record batch, version 2, uncompressed, written into one buffer of its exact size. Source: the Kafka
 * protocol guide, "Record Batch". kafkajs builds the same bytes from some ten objects a record, which is most of what
 * a producer costs. Pure.
 */
import { crc32c } from './crc32c.ts';

export interface BatchRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** By which the broker knows a producer and a batch of it again. */
export interface BatchOrigin {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly isTransactional: boolean;
}

// Offset of what the checksum covers, and of the first record.
const crcStart = 21;
const headerBytes = 61;
const magic = 2;
const transactional = 0x10;

/** Bytes of a zigzag varint, for values of at most 31 bits. */
const sizeOf = (value: number): number => {
  const zigzag = (value << 1) ^ (value >> 31);
  return zigzag >>> 0 < 0x80 ? 1 : 1 + Math.floor((31 - Math.clz32(zigzag)) / 7);
};

const writeVarint = (out: Buffer, at: number, value: number): number => {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let next = at;
  while (rest >= 0x80) {
    out[next] = (rest & 0x7f) | 0x80;
    next += 1;
    rest >>>= 7;
  }
  out[next] = rest;
  return next + 1;
};

const lengthOf = (bytes: Buffer | null): number => (bytes === null ? -1 : bytes.length);

const sizeOfBytes = (bytes: Buffer | null): number =>
  sizeOf(lengthOf(bytes)) + (bytes === null ? 0 : bytes.length);

const sizeOfText = (text: string): number => {
  const bytes = Buffer.byteLength(text);
  return sizeOf(bytes) + bytes;
};

const sizeOfHeaders = (headers: BatchRecord['headers']): number => {
  if (headers === undefined) return 1;
  let count = 0;
  let bytes = 0;
  for (const name in headers) {
    count += 1;
    bytes += sizeOfText(name) + sizeOfText(headers[name] as string);
  }
  return sizeOf(count) + bytes;
};

// Attributes and the time's distance from the batch's are one byte each, zero.
const bodyOf = (record: BatchRecord, index: number): number =>
  2 + sizeOf(index) + sizeOfBytes(record.key) + sizeOfBytes(record.value) + sizeOfHeaders(record.headers);

const writeBytes = (out: Buffer, at: number, bytes: Buffer | null): number => {
  const start = writeVarint(out, at, lengthOf(bytes));
  return bytes === null ? start : start + bytes.copy(out, start);
};

const writeText = (out: Buffer, at: number, text: string): number => {
  const start = writeVarint(out, at, Buffer.byteLength(text));
  return start + out.write(text, start);
};

const writeHeaders = (out: Buffer, at: number, headers: BatchRecord['headers']): number => {
  if (headers === undefined) return writeVarint(out, at, 0);
  const names = Object.keys(headers);
  let next = writeVarint(out, at, names.length);
  for (const name of names) next = writeText(out, writeText(out, next, name), headers[name] as string);
  return next;
};

const writeRecord = (out: Buffer, at: number, record: BatchRecord, index: number, body: number): number => {
  let next = writeVarint(out, at, body);
  out[next] = 0;
  out[next + 1] = 0;
  next = writeVarint(out, next + 2, index);
  next = writeBytes(out, next, record.key);
  next = writeBytes(out, next, record.value);
  return writeHeaders(out, next, record.headers);
};

/** At least one record. All of them get the time `nowMs`, where the topic does not stamp them itself. */
export const encodeRecordBatch = (
  records: readonly BatchRecord[],
  origin: BatchOrigin,
  nowMs: number,
): Buffer => {
  const bodies = records.map(bodyOf);
  const total = bodies.reduce((sum, body) => sum + sizeOf(body) + body, headerBytes);
  const out = Buffer.allocUnsafe(total);
  let at = headerBytes;
  for (let i = 0; i < records.length; i += 1)
    at = writeRecord(out, at, records[i] as BatchRecord, i, bodies[i] as number);

  out.writeBigInt64BE(0n, 0);
  out.writeInt32BE(total - 12, 8);
  out.writeInt32BE(0, 12);
  out.writeInt8(magic, 16);
  out.writeInt16BE(origin.isTransactional ? transactional : 0, crcStart);
  out.writeInt32BE(records.length - 1, 23);
  out.writeBigInt64BE(BigInt(nowMs), 27);
  out.writeBigInt64BE(BigInt(nowMs), 35);
  out.writeBigInt64BE(origin.producerId, 43);
  out.writeInt16BE(origin.producerEpoch, 51);
  out.writeInt32BE(origin.firstSequence, 53);
  out.writeInt32BE(records.length, 57);
  out.writeUInt32BE(crc32c(out, crcStart), 17);
  return out;
};
