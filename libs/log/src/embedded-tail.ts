/** Follows a topic from its beginning: all partitions, one call at a time. */
import type { EmbeddedCore } from './embedded-core.ts';
import { pause } from './embedded-signal.ts';
import type { Tail, TailOptions } from './port.ts';

const limits = { maxRecords: 5_000, maxBytes: 16 * 1024 * 1024 };
const idleMs = 60_000;
const firstPauseMs = 50;
const maxPauseMs = 5_000;

export const startTail = (core: EmbeddedCore, options: TailOptions): Tail => {
  const stop = new AbortController();
  const positions = Array.from({ length: core.store.topic(options.topic).partitions }, () => 0);
  /** As `positions`, but of records alone. */
  const seen = [...positions];
  const ends = positions.map((_, partition) => core.store.end(options.topic, partition));
  let markCaughtUp: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    markCaughtUp = resolve;
  });
  const readOn = async (): Promise<boolean> => {
    let hasRead = false;
    for (let partition = 0; partition < positions.length && !stop.signal.aborted; partition += 1) {
      const read = core.store.read(options.topic, partition, positions[partition] ?? 0, limits);
      if (read.records.length > 0) await options.onRecords(read.records);
      const last = read.records.at(-1);
      if (last !== undefined) seen[partition] = last.offset + 1;
      positions[partition] = read.next;
      hasRead ||= read.records.length > 0;
    }
    if (positions.every((position, partition) => position >= (ends[partition] ?? 0))) markCaughtUp();
    return hasRead;
  };
  const running = follow(core, options, stop.signal, readOn);
  return {
    caughtUp,
    // It is asked in this process: there is nobody who might not answer.
    progress: () => ({ offset: seen.reduce((sum, offset) => sum + offset, 0), contactAgeMs: 0 }),
    async close() {
      stop.abort();
      await running;
      // Nobody may wait for ever on what will not come.
      markCaughtUp();
    },
  };
};

const follow = async (
  core: EmbeddedCore,
  options: TailOptions,
  signal: AbortSignal,
  readOn: () => Promise<boolean>,
): Promise<void> => {
  let pauseMs = firstPauseMs;
  // The first records come after the caller has its tail.
  await new Promise((resolve) => setImmediate(resolve));
  while (!signal.aborted) {
    try {
      const hasRead = await readOn();
      pauseMs = firstPauseMs;
      if (hasRead) await new Promise((resolve) => setImmediate(resolve));
      else await core.signal.wait(options.topic, idleMs, signal);
    } catch (error) {
      options.onError?.(error);
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    }
  }
};
