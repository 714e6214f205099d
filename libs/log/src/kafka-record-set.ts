/**
 * Record batches, version 2, as a broker sends them, read into the log's records without anything in between. Source:
 * the Kafka protocol guide, "Record Batch". Uncompressed, gzip and zstd; values are slices of the answer. Pure.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { ErrorCode, PrecedeError, type TopicName } from '@precede/contracts';
import { crc32c } from './crc32c.ts';
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
const checksumStarts = 17;
const checksummed = 21;
const codecMask = 0x07;
const appendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;
const gzip = 1;
const zstd = 4;

// Many times what a batch may be on the wire: a few kilobytes of zeros can be packed from any amount.
const maxUnpackedBytes = 64 * 1024 * 1024;

/** A safe integer; what is larger is no offset. */
const readLong = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);

const unreadable = (why: string, cause?: unknown): PrecedeError =>
  new PrecedeError(ErrorCode.recordUnreadable, `A record batch cannot be read: ${why}.`, { cause });

/** What is wrong with the batch that would end at `end`; undefined where it is whole. */
const faultOf = (set: Buffer, at: number, end: number): string | undefined => {
  if (set[at + 16] !== 2) return `it has version ${set[at + 16]}, not 2`;
  if (end < at + headBytes) return 'it is shorter than its head';
  const checksum = set.readUInt32BE(at + checksumStarts);
  return crc32c(set, at + checksummed, end) === checksum ? undefined : 'its checksum differs';
};

/**
 * Whole batches in turn; a broker may cut the last one short. Each has been checked against its checksum, so nothing
 * is passed or read of what was damaged. Throws where the first one is unreadable; before a later one it ends, so that
 * what leads it is seen first.
 */
export function* batchesOf(set: Buffer): Generator<BatchHead> {
  for (let at = 0; at + headBytes <= set.length; ) {
    const end = at + lengthEnds + set.readInt32BE(at + 8);
    if (end > set.length) return;
    const fault = faultOf(set, at, end);
    if (fault !== undefined && at > 0) return;
    if (fault !== undefined) throw unreadable(fault);
    yield headOf(set, at, end);
    at = end;
  }
}

const headOf = (set: Buffer, at: number, end: number): BatchHead => {
  const flags = set.readInt16BE(at + 21);
  const firstOffset = readLong(set, at);
  return {
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
};

const recordsBytes = (set: Buffer, { compression, start, end }: BatchHead): Buffer => {
  const bytes = set.subarray(start, end);
  if (compression === 0) return bytes;
  const unpack = compression === gzip ? gunzipSync : compression === zstd ? zstdDecompressSync : undefined;
  if (unpack === undefined) throw unreadable('it is compressed with snappy or lz4; use gzip, zstd or none');
  try {
    return unpack(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    throw unreadable('it cannot be decompressed', error);
  }
};

// Where the cursor stands: a record has some ten numbers, and each read would otherwise return two. Past the end of
// the bytes every number ends at once, and that the cursor is not where it should be is seen once a record.
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
  let byte = bytes[position++] as number;
  let value = byte & 0x7f;
  for (let scale = 128; byte >= 0x80; scale *= 128) {
    byte = bytes[position++] as number;
    value += (byte & 0x7f) * scale;
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
  // A count that the bytes do not hold must not be counted down.
  for (; count > 0 && position < bytes.length; count -= 1) {
    const name = readBytes(bytes)?.toString('utf8') ?? '';
    headers[name] = readBytes(bytes)?.toString('utf8') ?? '';
  }
  if (count > 0) throw unreadable('it ends before its headers do');
  return headers;
};

/** The batch's records from `from` on. Throws where they are not what the head says. */
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
    if (length <= 0 || next > bytes.length) throw unreadable('it ends before its records do');
    position += 1;
    const timeMs = readVarlong(bytes);
    const offset = batch.firstOffset + readVarint(bytes);
    if (offset >= from) {
      const appendTimeMs = batch.appendTimeMs ?? batch.firstTimeMs + timeMs;
      const key = readBytes(bytes);
      const value = readBytes(bytes);
      into.push({ topic, partition, offset, appendTimeMs, key, value, headers: readHeaders(bytes) });
      if (position !== next) throw unreadable('a record is not as long as it says');
    }
    position = next;
  }
};

/**
 * Whether a control batch says that its producer's transaction was aborted; its key is a version and a type (int16).
 * Compaction may have taken the marker and left the head.
 */
export const isAbortMarker = (set: Buffer, { start, end, count }: BatchHead): boolean => {
  if (count === 0) return false;
  const bytes = set.subarray(start, end);
  position = 0;
  readVarint(bytes);
  position += 1;
  readVarlong(bytes);
  readVarint(bytes);
  const key = readBytes(bytes);
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
};
