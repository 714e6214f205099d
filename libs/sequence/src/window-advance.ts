/**
 * What is due when a source's watermark moves: held requests it has passed, windows it has left behind, closed ones
 * remembered for long enough. Everything is found by heaps, whose keys of sessions may lag behind (a key is at most the
 * true one): a session that turns up early is put back, so that a request never has to touch its heap.
 */
import { closeWindow, release } from './window-emit.ts';
import {
  estimatedBytes,
  markGone,
  markSource,
  NEVER,
  type SessionEntry,
  type SourceEntry,
  type WindowOutputs,
  type WindowSettings,
  type WindowsState,
} from './window-state.ts';

/** The open session whose window ends first, its key being true; undefined: none is open. */
export const longestIdle = (source: SourceEntry): SessionEntry | undefined => {
  for (let first = source.open.peek(); first !== undefined; first = source.open.peek()) {
    if (first.openAtMs === first.lastMs) return first;
    first.openAtMs = first.lastMs;
    source.open.sinkFirst();
  }
  return undefined;
};

/** The session that was closed first of those that are only remembered. Those in use again leave the heap. */
const firstRemembered = (source: SourceEntry): SessionEntry | undefined => {
  for (let first = source.closed.peek(); first !== undefined; first = source.closed.peek()) {
    const isInUse = first.length > 0 || first.held > 0;
    if (!isInUse && first.rememberedAtMs === first.closedMs) return first;
    if (isInUse) source.closed.pop();
    first.rememberedAtMs = isInUse ? NEVER : first.closedMs;
    if (!isInUse) source.closed.sinkFirst();
  }
  return undefined;
};

/** Whether `advance` would do something at this watermark. */
export const isDue = (
  state: WindowsState,
  source: SourceEntry,
  watermarkMs: number,
  gapMs: number,
): boolean => {
  const held = source.held.peek();
  if (held !== undefined && held.timeMs < watermarkMs) return true;
  const idle = longestIdle(source);
  if (idle !== undefined && idle.lastMs + gapMs < watermarkMs) return true;
  const remembered = firstRemembered(source);
  return remembered !== undefined && remembered.closedMs + state.bounds.rememberMs < watermarkMs;
};

/** Does all that is due at the source's watermark. */
export const advance = (
  state: WindowsState,
  source: SourceEntry,
  settings: WindowSettings,
  out: WindowOutputs,
): void => {
  const watermarkMs = source.maxTimeMs - settings.graceMs;
  const gapMs = settings.inactivityGapMs;
  let item = source.held.peek();
  while (item !== undefined && item.timeMs < watermarkMs) {
    source.held.pop();
    release(state, item, gapMs, out);
    item = source.held.peek();
  }
  closeIdle(state, source, watermarkMs - gapMs, gapMs, out);
  forgetOld(state, source, watermarkMs - state.bounds.rememberMs);
};

const closeIdle = (
  state: WindowsState,
  source: SourceEntry,
  beforeMs: number,
  gapMs: number,
  out: WindowOutputs,
): void => {
  // A key that lags is at most the true one, so a first key that is young enough settles it.
  while ((source.open.peek()?.openAtMs ?? beforeMs) < beforeMs) {
    const idle = longestIdle(source);
    if (idle === undefined || idle.lastMs >= beforeMs) return;
    closeFirst(state, idle, 'gap', idle.lastMs + gapMs, out);
  }
};

const closeFirst = (
  state: WindowsState,
  session: SessionEntry,
  ended: 'gap' | 'bound',
  closedMs: number,
  out: WindowOutputs,
): void => {
  session.source.open.pop();
  session.openAtMs = NEVER;
  closeWindow(state, session, ended, closedMs, out);
  if (session.held === 0) remember(state, session);
};

/** From now on the session only stands for what has closed. */
export const remember = (state: WindowsState, session: SessionEntry): void => {
  state.remembered++;
  session.source.remembered++;
  if (session.rememberedAtMs !== NEVER) return;
  session.rememberedAtMs = session.closedMs;
  session.source.closed.push(session);
};

const forgetOld = (state: WindowsState, source: SourceEntry, beforeMs: number): void => {
  while ((source.closed.peek()?.rememberedAtMs ?? beforeMs) < beforeMs) {
    const old = firstRemembered(source);
    if (old === undefined || old.closedMs >= beforeMs) return;
    forgetFirst(state, old);
  }
};

/** What the session knew, the source knows from now on for all that it does not know. */
const forgetFirst = (state: WindowsState, session: SessionEntry): void => {
  const source = session.source;
  source.closed.pop();
  source.sessions.delete(session.sessionId);
  source.remembered--;
  state.remembered--;
  markGone(state, session);
  source.closedMs = Math.max(source.closedMs, session.closedMs);
  markSource(state, source);
};

const isTooLarge = (state: WindowsState): boolean => estimatedBytes(state) > state.bounds.maxBytes;

/** What is only remembered goes before what is open. */
const hasTooManyRemembered = (state: WindowsState): boolean =>
  state.remembered > state.bounds.maxRemembered || (isTooLarge(state) && state.remembered > 0);

const hasTooManyWindows = (state: WindowsState): boolean =>
  state.openWindows > state.bounds.maxWindows || (isTooLarge(state) && state.openWindows > 0);

/** Whether `keepBounds` would do something. O(1). */
export const isBeyond = (state: WindowsState): boolean =>
  hasTooManyWindows(state) || hasTooManyRemembered(state);

/** Forgets the oldest closed sessions and closes the longest idle windows where there are too many: 1 % at once, of the source that has most. */
export const keepBounds = (state: WindowsState, out: WindowOutputs): void => {
  forgetMany(state, out);
  while (hasTooManyWindows(state)) {
    const source = largest(state, (each) => each.open.size);
    for (let i = Math.ceil(state.openWindows / 100); i > 0; i--) {
      const idle = longestIdle(source);
      // The session may go on: only what would stand before the closed window is refused.
      if (idle !== undefined) closeFirst(state, idle, 'bound', idle.lastMs - 1, out);
    }
    forgetMany(state, out);
  }
};

const forgetMany = (state: WindowsState, out: WindowOutputs): void => {
  while (hasTooManyRemembered(state)) {
    const source = largest(state, (each) => each.remembered);
    for (let i = Math.ceil(state.remembered / 100); i > 0; i--) {
      const old = firstRemembered(source);
      if (old === undefined) break;
      forgetFirst(state, old);
      out.forgottenEarly++;
    }
  }
};

/** The source of which there is most, by name among equals. O(sources). */
export const largest = (state: WindowsState, sizeOf: (source: SourceEntry) => number): SourceEntry => {
  let best: SourceEntry | undefined;
  for (const zone of state.sources.values())
    for (const source of zone.values()) {
      if (best === undefined || sizeOf(source) > sizeOf(best)) best = source;
      else if (sizeOf(source) === sizeOf(best) && nameOf(source) < nameOf(best)) best = source;
    }
  return best as SourceEntry;
};

const nameOf = (source: SourceEntry): string => `${source.zoneId}/${source.source}`;
