/** The wall clock as a value, so that a test or a replay can hold it still. */
import { ConfigError } from '@precede/contracts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

export const fixedClock = (nowMs: number): Clock => ({ now: () => nowMs });

/** The clock PRECEDE_CLOCK asks for. */
export const clockOf = (setting: string): Clock => {
  if (setting === '') return systemClock;
  const nowMs = Date.parse(setting);
  if (Number.isNaN(nowMs))
    throw new ConfigError([`PRECEDE_CLOCK: must be an RFC 3339 time, got ${JSON.stringify(setting)}`]);
  return fixedClock(nowMs);
};
