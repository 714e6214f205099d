/**
 * A lookback as bytes, in valkey and in the sequence cookie: at most 162 of them.
 *
 *   format (1) · runs (1, their number) · last time (8, double) · entries of 8: the runs, then the raw operations
 *   entry: operation (4) · low 32 bits of its time in ms (4), exact with the last time at hand for 49 days before it
 *
 * All numbers big-endian. The script in valkey-sessions.ts writes the same.
 */
import type { ShortId } from '@precede/contracts';
import { type Lookback, maxRaw, maxRuns } from '@precede/rules';

export const lookbackFormat = 1;
const headBytes = 10;
const entryBytes = 8;
export const maxLookbackBytes = headBytes + entryBytes * (maxRuns + maxRaw);

export const clearLookback = (state: Lookback): void => {
  state.lastMs = Number.NEGATIVE_INFINITY;
  state.runs.length = 0;
  state.runsMs.length = 0;
  state.raw.length = 0;
  state.rawMs.length = 0;
};

export const encodeLookback = (state: Lookback): Buffer => {
  const bytes = Buffer.alloc(headBytes + entryBytes * (state.runs.length + state.raw.length));
  bytes[0] = lookbackFormat;
  bytes[1] = state.runs.length;
  bytes.writeDoubleBE(state.lastMs, 2);
  const rawAt = writeEntries(bytes, headBytes, state.runs, state.runsMs);
  writeEntries(bytes, rawAt, state.raw, state.rawMs);
  return bytes;
};

const writeEntries = (
  bytes: Buffer,
  from: number,
  operations: readonly ShortId[],
  times: readonly number[],
): number => {
  let at = from;
  for (let i = 0; i < operations.length; i += 1) {
    bytes.writeUInt32BE(operations[i] as number, at);
    bytes.writeUInt32BE((times[i] as number) >>> 0, at + 4);
    at += entryBytes;
  }
  return at;
};

/** Undefined where the bytes are no lookback, or of another format. */
export const decodeLookback = (bytes: Buffer): Lookback | undefined => {
  const entries = (bytes.length - headBytes) / entryBytes;
  const runs = bytes[1] as number;
  if (bytes[0] !== lookbackFormat || !Number.isInteger(entries)) return undefined;
  if (runs > maxRuns || entries < runs || entries - runs > maxRaw) return undefined;
  const lastMs = bytes.readDoubleBE(2);
  if (!Number.isFinite(lastMs)) return undefined;
  const rawAt = headBytes + entryBytes * runs;
  return {
    lastMs,
    runs: operationsIn(bytes, headBytes, runs),
    runsMs: timesIn(bytes, headBytes, runs, lastMs),
    raw: operationsIn(bytes, rawAt, entries - runs),
    rawMs: timesIn(bytes, rawAt, entries - runs, lastMs),
  };
};

const operationsIn = (bytes: Buffer, from: number, count: number): ShortId[] => {
  const operations: ShortId[] = [];
  for (let i = 0; i < count; i += 1) operations.push(bytes.readUInt32BE(from + entryBytes * i) as ShortId);
  return operations;
};

const timesIn = (bytes: Buffer, from: number, count: number, lastMs: number): number[] => {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1)
    times.push(lastMs - (((lastMs >>> 0) - bytes.readUInt32BE(from + entryBytes * i + 4)) >>> 0));
  return times;
};
