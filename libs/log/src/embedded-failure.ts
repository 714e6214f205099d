/** What a failed transaction of the embedded log means to its caller. Nothing of it was written. */
import { statfsSync } from 'node:fs';
import { ErrorCode, UnavailableError } from '@precede/contracts';

// errno EIO, errno ENOSPC, errno EDQUOT, MDB_MAP_FULL: LMDB reports a write cut short by a full disk as EIO.
const causesOfFullDisk: readonly unknown[] = [5, 28, 122, -30792];
const spareBytes = 1024 * 1024;

/** `bytes`: how much was to be written, about. */
export const storageError = (error: unknown, dir: string, bytes: number): UnavailableError => {
  const { code, message } = error as { code?: unknown; message?: string };
  return causesOfFullDisk.includes(code) && freeBytes(dir) < bytes * 2 + spareBytes
    ? new UnavailableError(
        ErrorCode.logFull,
        `The disk of the event log in ${dir} is full: nothing was written. Free some space and try again.`,
        error,
      )
    : new UnavailableError(
        ErrorCode.logUnavailable,
        `The event log in ${dir} cannot be written: ${message}.`,
        error,
      );
};

const freeBytes = (dir: string): number => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};
