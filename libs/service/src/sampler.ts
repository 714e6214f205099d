/** At most so many a second and zone: what discovery needs of unmatched requests, whatever floods in. */
import type { ZoneId } from '@precede/contracts';

export interface Sampler {
  /** Whether this one is kept. Takes known zones only, so that it holds one number a zone. */
  take(zoneId: ZoneId, nowMs: number): boolean;
}

export const createSampler = (perSecond: number): Sampler => {
  let second = Number.NaN;
  const taken = new Map<ZoneId, number>();
  return {
    take: (zoneId, nowMs) => {
      const now = Math.floor(nowMs / 1000);
      if (now !== second) taken.clear();
      second = now;
      const count = taken.get(zoneId) ?? 0;
      if (count >= perSecond) return false;
      taken.set(zoneId, count + 1);
      return true;
    },
  };
};
