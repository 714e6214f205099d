/** Decision ids: UUIDv7 (RFC 9562, 5.7), so that they sort by time and need no coordination. */
import { randomUUID } from 'node:crypto';

let lastMs = -1;
let lastPrefix = '';

/** The same for all of one millisecond. */
const prefixAt = (timeMs: number): string => {
  if (timeMs === lastMs) return lastPrefix;
  const time = timeMs.toString(16).padStart(12, '0');
  lastMs = timeMs;
  lastPrefix = `${time.slice(0, 8)}-${time.slice(8, 12)}-7`;
  return lastPrefix;
};

/** 48 bits of time, then the random part of a version 4 UUID, whose variant bits are the same. */
export const decisionIdAt = (timeMs: number): string => prefixAt(timeMs) + randomUUID().slice(15);
