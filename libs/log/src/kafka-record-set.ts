/**
 * Record batches, version 2, as a broker sends them, read into the log's records without anything in between. Source:
 * the Kafka protocol guide, "Record Batch". Uncompressed, gzip and zstd; values are slices of the answer. Pure.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { ErrorCode, PrecedeError, type TopicName } from '@precede/contracts';
import type { LogRecord } from './port.ts';

export interface BatchHead {
  readonly firstOffset: number;
  /** The offset after the batch, also where compaction has taken its last records. */
  readonly endOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  /** A marker that ends a transaction. */
  readonly isControl: boolean;
  readonly compression: number;
  /** Of every record, where the broker stamps them. */
  readonly appendTimeMs: number | undefined;
  readonly firstTimeMs: number;
  readonly count: number;
  /** Where its records begin and end in the record set. */
  readonly start: number;
  readonly end: number;
}

const headBytes = 61;
const lengthEnds = 12;
const codecMask = 0x07;
const appendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;
const gzip = 1;
const zstd = 4;

/** A safe integer; what is larger is no offset. */
const readLong = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);

/** Whole batches in turn; a broker may cut the last one short. Throws where a batch is of another version. */
export function* batchesOf(set: Buffer): Generator<BatchHead> {
  for (let at = 0; at + headBytes <= set.length; ) {
    const end = at + lengthEnds + set.readInt32BE(at + 8);
    if (end > set.length) return;
    if (set[at + 16] !== 2) throw unreadable(`A record batch has version ${set[at + 16]}, not 2.`);
    const flags = set.readInt16BE(at + 21);
    const firstOffset = readLong(set, at);
    yield {
      firstOffset,
      endOffset: firstOffset + set.readInt32BE(at + 23) + 1,
      producerId: set.readBigInt64BE(at + 43),
      isTransactional: (flags & transactionalFlag) !== 0,
      isControl: (flags & controlFlag) !== 0,
      compression: flags & codecMask,
      appendTimeMs: (flags & appendTimeFlag) === 0 ? undefined : readLong(set, at + 35),
      firstTimeMs: readLong(set, at + 27),
      count: set.readInt32BE(at + 57),
      start: at + headBytes,
      end,
    };
    at = end;
  }
}

const unreadable = (why: string): PrecedeError => new PrecedeError(ErrorCode.recordUnreadable, why);

const recordsBytes = (set: Buffer, { compression, start, end }: BatchHead): Buffer => {
  const bytes = set.subarray(start, end);
  if (compression === 0) return bytes;
  if (compression === gzip) return gunzipSync(bytes);
  if (compression === zstd) return zstdDecompressSync(bytes);
  throw unreadable('Records are compressed with snappy or lz4, which is not read: use gzip, zstd or none.');
};

// Where the cursor stands: a record has some ten numbers, and each read would otherwise return two.
let position = 0;

const readVarint = (bytes: Buffer): number => {
  let byte = bytes[position++] as number;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    byte = bytes[position++] as number;
    value |= (byte & 0x7f) << shift;
  }
  return (value >>> 1) ^ -(value & 1);
};

/** A varint of up to 64 bits, as a safe integer. */
const readVarlong = (bytes: Buffer): number => {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[position++] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 128;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
};

const readBytes = (bytes: Buffer): Buffer | null => {
  const length = readVarint(bytes);
  if (length < 0) return null;
  const start = position;
  position += length;
  return bytes.subarray(start, position);
};

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** Of a name that comes again the last value holds. */
const readHeaders = (bytes: Buffer): Readonly<Record<string, string>> => {
  let count = readVarint(bytes);
  if (count === 0) return noHeaders;
  const headers: Record<string, string> = {};
  for (; count > 0; count -= 1) {
    const name = readBytes(bytes)?.toString('utf8') ?? '';
    headers[name] = readBytes(bytes)?.toString('utf8') ?? '';
  }
  return headers;
};

/** The batch's records from `from` on. */
export const readRecords = (
  set: Buffer,
  batch: BatchHead,
  from: number,
  topic: TopicName,
  partition: number,
  into: LogRecord[],
): void => {
  const bytes = recordsBytes(set, batch);
  position = 0;
  for (let left = batch.count; left > 0; left -= 1) {
    const length = readVarint(bytes);
    const next = position + length;
    position += 1;
    const timeMs = readVarlong(bytes);
    const offset = batch.firstOffset + readVarint(bytes);
    if (offset >= from) {
      const appendTimeMs = batch.appendTimeMs ?? batch.firstTimeMs + timeMs;
      const key = readBytes(bytes);
      const value = readBytes(bytes);
      into.push({ topic, partition, offset, appendTimeMs, key, value, headers: readHeaders(bytes) });
    }
    position = next;
  }
};

/** Whether a control batch says that its producer's transaction was aborted; its key is a version and a type (int16). */
export const isAbortMarker = (set: Buffer, { start }: BatchHead): boolean => {
  position = start;
  readVarint(set);
  position += 1;
  readVarlong(set);
  readVarint(set);
  const key = readBytes(set);
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
};
