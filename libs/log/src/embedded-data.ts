/**
 * A look at LMDB's data file before LMDB maps it: it trusts the file, so one that was cut or overwritten would end the
 * process with a bus error instead of a sentence. Reads the two meta pages only (LMDB 1.0 as lmdb 3.5 brings it: magic
 * at byte 24 of each page, page size at 24, last page at 120 and transaction at 128 bytes after it).
 */
import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';

const magicAt = 24;
const magic = 0xbeefc0de;
const version = 2;
// Pages given up within the transaction that took them are never written, so the file may end a little early.
const slackPages = 256;

interface Meta {
  readonly pageSize: number;
  readonly bytes: number;
  readonly transaction: number;
}

/** What is wrong with the file, or null. A file that ends a little early is made whole with empty pages. */
export const faultOfData = (path: string): string | null => {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return 'data.mdb is empty or missing';
  const newest = newestMeta(path);
  if (newest === null) return 'data.mdb does not begin as a log';
  const missing = newest.bytes - size;
  if (missing > slackPages * newest.pageSize) return `data.mdb has lost its last ${missing} bytes`;
  if (missing > 0) truncateSync(path, newest.bytes);
  return null;
};

const newestMeta = (path: string): Meta | null => {
  const file = openSync(path, 'r');
  try {
    const first = readMeta(file, 0);
    const second = first && readMeta(file, first.pageSize);
    return second === null || first === null ? null : second.transaction > first.transaction ? second : first;
  } finally {
    closeSync(file);
  }
};

const readMeta = (file: number, position: number): Meta | null => {
  const page = Buffer.alloc(magicAt + 136);
  const isWhole = readSync(file, page, 0, page.length, position) === page.length;
  if (!isWhole || page.readUInt32LE(magicAt) !== magic || page.readUInt32LE(magicAt + 4) !== version)
    return null;
  const pageSize = page.readUInt32LE(magicAt + 24);
  const lastPage = Number(page.readBigUInt64LE(magicAt + 120));
  return {
    pageSize,
    bytes: (lastPage + 1) * pageSize,
    transaction: Number(page.readBigUInt64LE(magicAt + 128)),
  };
};
