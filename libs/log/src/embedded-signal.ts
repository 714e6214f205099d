/** Wakes readers of a topic when something was appended to it, without a lost wake-up between looking and waiting. */
import type { TopicName } from '@precede/contracts';

export class AppendSignal {
  readonly #waiting = new Map<TopicName, Set<() => void>>();

  /** Wakes everyone who waits for the topic. */
  notify(topic: TopicName): void {
    const waiting = this.#waiting.get(topic);
    if (waiting === undefined) return;
    this.#waiting.delete(topic);
    for (const wake of waiting) wake();
  }

  /** Resolves at the next append to the topic, after `timeoutMs`, or when `signal` aborts. */
  wait(topic: TopicName, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiting = this.#waiting.get(topic) ?? new Set();
      this.#waiting.set(topic, waiting);
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** Resolves after the time or when `signal` aborts, whichever is first. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
