/** Waits for what a process needs at its start: an outage of a neighbour is no reason to end and be started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@precede/contracts';
import type { Logger } from './logger.ts';

const firstPauseMs = 250;
const longestPauseMs = 5_000;

/**
 * Repeats an action that may be repeated until it succeeds; any other fault than UnavailableError is the caller's.
 * `onWaiting` is told each time, for the conditions of /readyz.
 */
export const untilAvailable = async <T>(
  what: string,
  logger: Logger,
  action: () => Promise<T>,
  onWaiting: (error: UnavailableError) => void = () => {},
): Promise<T> => {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await action();
    } catch (err) {
      if (!(err instanceof UnavailableError)) throw err;
      onWaiting(err);
      logger.warn({ err, what, pauseMs }, 'not available yet, waiting');
      await sleep(pauseMs);
    }
  }
};
