/** Tries until it works or nobody waits any more: full jitter, doubling from 100 ms to 10 s. */
import { setTimeout as sleep } from 'node:timers/promises';

const firstMs = 100;
const longestMs = 10_000;

/** Resolves when aborted or after the pause; never rejects. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Aborted: the caller looks at the signal.
  }
};

/** A pause before the attempt after `attempt` failed ones. */
export const backoffMs = (attempt: number, random: () => number = Math.random): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + random() / 2);

/** undefined when aborted first. */
export const untilDone = async <T>(
  action: () => Promise<T>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<T | undefined> => {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await action();
    } catch (error) {
      onError(error);
      await pause(backoffMs(attempt), signal);
    }
  }
  return undefined;
};
