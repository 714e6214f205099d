/**
 * How the embedded log keeps a record under its key (topic, partition, offset). All numbers big-endian:
 *   0 mark (1) · 1 flags (1 key, 2 value) · 2 append time (8, double) · 10 key length (4) · 14 headers length (4)
 *   18 CRC-32 of everything else (4) · 22 key · headers as JSON · value
 */
import { crc32 } from 'node:zlib';
import type { TopicName } from '@precede/contracts';
import type { LogRecord, OutgoingRecord } from './port.ts';

const mark = 0x31;
const headBytes = 22;
const keyBytes = 12;

/** topic id (2) · partition (2) · offset (8). */
export const recordKey = (topicId: number, partition: number, offset: number): Buffer => {
  const key = Buffer.allocUnsafe(keyBytes);
  key.writeUInt16BE(topicId, 0);
  key.writeUInt16BE(partition, 2);
  key.writeUInt32BE(Math.floor(offset / 2 ** 32), 4);
  key.writeUInt32BE(offset % 2 ** 32, 8);
  return key;
};

export const offsetOf = (key: Uint8Array): number => {
  const view = new DataView(key.buffer, key.byteOffset, keyBytes);
  return view.getUint32(4) * 2 ** 32 + view.getUint32(8);
};

const noBytes = Buffer.alloc(0);

export const encodeFrame = (record: OutgoingRecord, appendTimeMs: number): Buffer => {
  const key = record.key;
  const value = record.value ?? noBytes;
  const headers = record.headers === undefined ? noBytes : Buffer.from(JSON.stringify(record.headers));
  const frame = Buffer.allocUnsafe(headBytes + key.length + headers.length + value.length);
  frame[0] = mark;
  frame[1] = record.value === null ? 1 : 3;
  frame.writeDoubleBE(appendTimeMs, 2);
  frame.writeUInt32BE(key.length, 10);
  frame.writeUInt32BE(headers.length, 14);
  key.copy(frame, headBytes);
  headers.copy(frame, headBytes + key.length);
  value.copy(frame, headBytes + key.length + headers.length);
  frame.writeUInt32BE(checksum(frame), 18);
  return frame;
};

const checksum = (frame: Buffer): number => crc32(frame.subarray(headBytes), crc32(frame.subarray(0, 18)));

const noHeaders = Object.freeze({});

/**
 * Reads a frame. A damaged one becomes a record without a key whose value is the damaged bytes, so that its reader
 * finds it unreadable, puts it aside and goes on: one bad page must not stop a partition.
 */
export const decodeFrame = (
  topic: TopicName,
  partition: number,
  offset: number,
  frame: Buffer,
): LogRecord => {
  if (frame.length < headBytes || frame[0] !== mark || frame.readUInt32BE(18) !== checksum(frame))
    return { topic, partition, offset, appendTimeMs: 0, key: null, value: frame, headers: noHeaders };
  const headersAt = headBytes + frame.readUInt32BE(10);
  const valueAt = headersAt + frame.readUInt32BE(14);
  return {
    topic,
    partition,
    offset,
    appendTimeMs: frame.readDoubleBE(2),
    key: frame.subarray(headBytes, headersAt),
    value: (frame[1] as number) & 2 ? frame.subarray(valueAt) : null,
    headers: headersAt === valueAt ? noHeaders : JSON.parse(frame.toString('utf8', headersAt, valueAt)),
  };
};

/** What retention needs to know of a frame without reading it whole; a damaged one counts as old. */
export const peekFrame = (frame: Buffer): { appendTimeMs: number; isTombstone: boolean } =>
  frame.length < headBytes || frame[0] !== mark
    ? { appendTimeMs: 0, isTombstone: false }
    : { appendTimeMs: frame.readDoubleBE(2), isTombstone: ((frame[1] as number) & 2) === 0 };
