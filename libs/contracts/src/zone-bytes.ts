/** The bytes of zone ids: few zones make up millions of records, so each is converted once. */
import type { ZoneId } from './ids.ts';

// A bound against ids that somebody makes up, not a size that is reached.
const most = 100_000;
const known = new Map<ZoneId, Buffer>();

/** 16 bytes, shared: not to be written to. */
export const zoneBytes = (zone: ZoneId): Buffer => {
  const found = known.get(zone);
  if (found !== undefined) return found;
  if (known.size >= most) known.clear();
  const bytes = Buffer.from(zone, 'hex');
  known.set(zone, bytes);
  return bytes;
};
