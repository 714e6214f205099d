/**
 * Forgets what is older than a topic keeps, and tombstones after a while, in the background. Each turn does a bounded
 * piece of work in a transaction of its own, so that a week of records never goes in one go.
 */
import type { EmbeddedCore } from './embedded-core.ts';
import { peekFrame } from './embedded-frame.ts';
import type { TopicState } from './embedded-store.ts';

/** How long a reader that follows a compacted topic has to see a tombstone. */
export const tombstoneMs = 600_000;
const maxFrames = 2_000;
const pauseMs = 10_000;
const busyPauseMs = 20;

/** Trims one partition from `from` on; resolves with where to go on, or null when there is nothing left to do now. */
export const trimPartition = (
  core: EmbeddedCore,
  state: TopicState,
  partition: number,
  from: number,
): number | null => {
  const nowMs = core.clock.now();
  const frames = core.store.frames(state, partition, from, maxFrames);
  const doomed: number[] = [];
  let hasReachedKept = false;
  for (const [offset, frame] of frames) {
    const { appendTimeMs, isTombstone } = peekFrame(frame);
    const ageMs = nowMs - appendTimeMs;
    const isOld = state.retentionMs !== null && ageMs > state.retentionMs;
    if (isOld || (state.isCompacted && isTombstone && ageMs > tombstoneMs)) doomed.push(offset);
    // Append time never falls: what follows in a topic that is not compacted is younger still.
    else if (!state.isCompacted) hasReachedKept = true;
    if (hasReachedKept) break;
  }
  if (doomed.length > 0)
    core.store.transact(() => {
      for (const offset of doomed) core.store.remove(state, partition, offset);
    });
  const last = frames.at(-1);
  return hasReachedKept || last === undefined || frames.length < maxFrames ? null : last[0] + 1;
};

/** Runs until the signal aborts. */
export const startRetention = (core: EmbeddedCore, signal: AbortSignal): void => {
  const places = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    let isBusy = false;
    for (const state of core.store.topics()) isBusy = trimTopic(core, state, places) || isBusy;
    timer = setTimeout(turn, isBusy ? busyPauseMs : pauseMs);
    timer.unref();
  };
  timer = setTimeout(turn, pauseMs);
  timer.unref();
  signal.addEventListener('abort', () => clearTimeout(timer));
};

const trimTopic = (core: EmbeddedCore, state: TopicState, places: Map<string, number>): boolean => {
  let isBusy = false;
  if (state.retentionMs === null && !state.isCompacted) return isBusy;
  for (let partition = 0; partition < state.partitions; partition += 1) {
    const place = `${state.topic}/${partition}`;
    const next = trimOrWait(core, state, partition, places.get(place) ?? 0);
    if (next === null) places.delete(place);
    else places.set(place, next);
    isBusy ||= next !== null;
  }
  return isBusy;
};

const trimOrWait = (
  core: EmbeddedCore,
  state: TopicState,
  partition: number,
  from: number,
): number | null => {
  try {
    return trimPartition(core, state, partition, from);
  } catch {
    // A full disk stops trimming as it stops sends, which report it; the next turn tries again.
    return null;
  }
};
