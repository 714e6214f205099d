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

/** undefined when aborted first, at once; what an attempt that was under way still brings then goes to `onLate`. */
export const untilDone = async <T>(
  action: () => Promise<T>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
  onLate: (result: T) => void = () => {},
): Promise<T | undefined> => {
  const aborted = untilAborted(signal);
  for (let attempt = 0; !signal.aborted; attempt++) {
    const acting = action();
    try {
      const first = await Promise.race([acting.then((result) => ({ result })), aborted]);
      if (first !== undefined) return first.result;
      acting.then(onLate, () => {});
    } catch (error) {
      onError(error);
      await pause(backoffMs(attempt), signal);
    }
  }
  return undefined;
};

const untilAborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

/** Whether it was done in time; a failure counts as done. */
export const isDoneWithin = async (action: Promise<void>, ms: number): Promise<boolean> => {
  const timeout = new AbortController();
  const done = action.then(
    () => true,
    () => true,
  );
  const isDone = await Promise.race([done, pause(ms, timeout.signal).then(() => false)]);
  timeout.abort();
  return isDone;
};
