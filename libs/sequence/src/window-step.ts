/**
 * How one input changes the windows of a partition. Pure: the state, the input, the zones' settings and where outputs go.
 *
 * | input | what happens |
 * |---|---|
 * | request | held until the watermark passes it (time < largest time − grace), in order of (time, offset); or refused |
 * | source_ended | everything held is emitted, every window closed; later requests of the source are refused |
 * | tick | at the partition's end a silent live source follows the wall clock; an import silent for `sourceKeptMs` ends |
 *
 * A request is refused only where its place is gone for certain: its session has emitted a later one in the open window
 * (`late`), or stands at or before the end (last request + gap) of a window of its session that has closed (`window_closed`).
 * Closed windows are remembered; of what had to be forgotten the source keeps the largest end, and refuses requests of unknown
 * sessions at or before it. So until something is forgotten (24 h of event time, or the bound) no request is refused for
 * being old alone, and never is one let in that a closed window had covered.
 */
import { DropReason, LIVE, type RequestObserved, type SourceEnded, type ZoneId } from '@precede/contracts';
import { advance, isBeyond, isDue, keepBounds, largest } from './window-advance.ts';
import { closeWindow, release } from './window-emit.ts';
import {
  addHeld,
  addSession,
  type HeldItem,
  markGone,
  markSession,
  markSource,
  type SessionEntry,
  type SourceEntry,
  sourceOf,
  type WindowInput,
  type WindowOutputs,
  type WindowSettings,
  type WindowsState,
} from './window-state.ts';

/** What became of an input: taken, dropped as a repeat, or refused. */
export type Verdict =
  | 'taken'
  | 'repeated'
  | typeof DropReason.late
  | typeof DropReason.windowClosed
  | typeof DropReason.sourceEnded;

/** The zones' settings as they are now. */
export interface ZoneWindows {
  settingsOf(zoneId: ZoneId): WindowSettings;
}

/** Changes `state` and adds to `out`. Amortised O(log h) for a request, h being what is held of its source; O(sources) for a tick. */
export const step = (
  state: WindowsState,
  input: WindowInput,
  zones: ZoneWindows,
  out: WindowOutputs,
): Verdict => {
  if (input.kind === 'tick') return stepTick(state, input.nowMs, input.isAtEnd, zones, out);
  if (input.event.kind === 'source_ended') return stepEnd(state, input.event, input.receivedMs, zones, out);
  return stepRequest(state, input.event, input.offset, input.receivedMs, zones, out);
};

export const stepRequest = (
  state: WindowsState,
  request: RequestObserved,
  offset: number,
  receivedMs: number,
  zones: ZoneWindows,
  out: WindowOutputs,
): Verdict => {
  const source = sourceOf(state, request.zoneId, request.source);
  if (source.hasEnded) return DropReason.sourceEnded;
  if (receivedMs > source.seenMs) source.seenMs = receivedMs;
  markSource(state, source);
  const known = source.sessions.get(request.sessionId);
  const refusal = known === undefined ? refuseUnknown(source, request) : refuse(known, request);
  if (refusal !== undefined) return refusal;
  hold(state, known ?? addSession(source, request.sessionId), known === undefined, request, offset);
  if (request.timeMs > source.maxTimeMs) source.maxTimeMs = request.timeMs;
  const settings = zones.settingsOf(source.zoneId);
  advance(state, source, settings, out);
  if (state.heldRequests > state.bounds.maxHeld) releaseEarly(state, zones, out);
  if (isBeyond(state)) keepBounds(state, out);
  return 'taken';
};

const refuseUnknown = (source: SourceEntry, request: RequestObserved): Verdict | undefined =>
  request.timeMs <= source.closedMs ? DropReason.windowClosed : undefined;

const refuse = (session: SessionEntry, request: RequestObserved): Verdict | undefined => {
  if (request.eventId !== null && isKnownId(session, request.eventId)) return 'repeated';
  if (session.length > 0 && request.timeMs < session.lastMs) return DropReason.late;
  return request.timeMs <= session.closedMs ? DropReason.windowClosed : undefined;
};

const isKnownId = ({ eventIds, heldIds }: SessionEntry, eventId: string): boolean =>
  eventIds?.has(eventId) === true || heldIds?.has(eventId) === true;

const hold = (
  state: WindowsState,
  session: SessionEntry,
  isNew: boolean,
  request: RequestObserved,
  offset: number,
): void => {
  if (!isNew && session.length === 0 && session.held === 0) {
    state.remembered--;
    session.source.remembered--;
  }
  const { operation, timeMs, eventId } = request;
  addHeld(state, { session, operation, timeMs, offset, eventId });
  markSession(state, session);
};

/** One that holds much pays for it, not whoever comes next: 1 % at once, so that looking for it costs little. */
const releaseEarly = (state: WindowsState, zones: ZoneWindows, out: WindowOutputs): void => {
  const source = largest(state, (each) => each.held.size);
  const gapMs = zones.settingsOf(source.zoneId).inactivityGapMs;
  for (let i = Math.min(Math.ceil(state.heldRequests / 100), source.held.size); i > 0; i--) {
    release(state, source.held.pop() as HeldItem, gapMs, out);
    out.releasedEarly++;
  }
};

const stepEnd = (
  state: WindowsState,
  event: SourceEnded,
  receivedMs: number,
  zones: ZoneWindows,
  out: WindowOutputs,
): Verdict => {
  const source = sourceOf(state, event.zoneId, event.source);
  if (source.hasEnded) return 'repeated';
  source.seenMs = Math.max(source.seenMs, receivedMs);
  endSource(state, source, zones.settingsOf(source.zoneId).inactivityGapMs, out);
  return 'taken';
};

/** Afterwards the source is one record: that it has ended. */
const endSource = (state: WindowsState, source: SourceEntry, gapMs: number, out: WindowOutputs): void => {
  for (let item = source.held.pop(); item !== undefined; item = source.held.pop())
    release(state, item, gapMs, out);
  const open = [...source.sessions.values()].filter((session) => session.length > 0);
  open.sort((a, b) => a.lastMs - b.lastMs || (a.sessionId < b.sessionId ? -1 : 1));
  for (const session of open) closeWindow(state, session, 'source_ended', session.lastMs, out);
  for (const session of source.sessions.values()) markGone(state, session);
  state.remembered -= source.remembered;
  source.remembered = 0;
  source.sessions.clear();
  source.open.clear();
  source.closed.clear();
  source.hasEnded = true;
  markSource(state, source);
};

/** Changes nothing where nothing is due, so that an idle partition writes nothing. */
const stepTick = (
  state: WindowsState,
  nowMs: number,
  isAtEnd: boolean,
  zones: ZoneWindows,
  out: WindowOutputs,
): Verdict => {
  for (const sources of state.sources.values())
    for (const source of sources.values()) tickSource(state, source, nowMs, isAtEnd, zones, out);
  keepBounds(state, out);
  if (state.sourceCount > state.bounds.maxSources) keepSources(state, nowMs, zones, out);
  return 'taken';
};

/** Ends the longest silent imports and forgets them. Only in a tick: when a source was seen last is not known within a replay. */
const keepSources = (state: WindowsState, nowMs: number, zones: ZoneWindows, out: WindowOutputs): void => {
  const imports: SourceEntry[] = [];
  for (const sources of state.sources.values())
    for (const source of sources.values()) if (source.source !== LIVE) imports.push(source);
  imports.sort(bySilence);
  const most = state.sourceCount - Math.floor(0.99 * state.bounds.maxSources);
  for (const source of imports.slice(0, most)) {
    if (!source.hasEnded) retire(state, source, nowMs, zones.settingsOf(source.zoneId).inactivityGapMs, out);
    forgetSource(state, source);
    out.forgottenEarly++;
  }
};

/** Ended ones first, then those seen longest ago. */
const bySilence = (a: SourceEntry, b: SourceEntry): number =>
  Number(b.hasEnded) - Number(a.hasEnded) ||
  a.seenMs - b.seenMs ||
  (a.zoneId + a.source < b.zoneId + b.source ? -1 : 1);

const tickSource = (
  state: WindowsState,
  source: SourceEntry,
  nowMs: number,
  isAtEnd: boolean,
  zones: ZoneWindows,
  out: WindowOutputs,
): void => {
  const settings = zones.settingsOf(source.zoneId);
  const silentMs = isAtEnd ? nowMs - source.seenMs : 0;
  if (silentMs > state.bounds.sourceKeptMs) retire(state, source, nowMs, settings.inactivityGapMs, out);
  if (source.hasEnded || source.isGone) return;
  // The watermark stands still, but gap or grace may have changed.
  advance(state, source, settings, out);
  const isIdle = source.source === LIVE && silentMs >= idleAfterMs(state, source, settings.graceMs);
  if (!isIdle || nowMs <= source.maxTimeMs) return;
  if (!isDue(state, source, nowMs - settings.graceMs, settings.inactivityGapMs)) return;
  source.maxTimeMs = nowMs;
  markSource(state, source);
  advance(state, source, settings, out);
};

const soonMs = 500;

/** Where its times are those of the clock there is nothing to wait for: what comes next is not older than the grace. */
const idleAfterMs = (state: WindowsState, { seenMs, maxTimeMs }: SourceEntry, graceMs: number): number => {
  if (state.bounds.idleAfterMs !== null) return state.bounds.idleAfterMs;
  return Math.abs(seenMs - maxTimeMs) <= graceMs ? Math.min(graceMs, soonMs) : graceMs;
};

/** A source long silent: an ended one is forgotten, an import that never ended ends, a live one goes once it is empty. */
const retire = (
  state: WindowsState,
  source: SourceEntry,
  nowMs: number,
  gapMs: number,
  out: WindowOutputs,
): void => {
  if (!source.hasEnded && source.source !== LIVE) {
    endSource(state, source, gapMs, out);
    // Remembered from its end on, not from when it was silent.
    source.seenMs = Math.max(source.seenMs, nowMs);
    return;
  }
  if (source.sessions.size === 0) forgetSource(state, source);
};

const forgetSource = (state: WindowsState, source: SourceEntry): void => {
  const zone = state.sources.get(source.zoneId);
  zone?.delete(source.source);
  if (zone?.size === 0) state.sources.delete(source.zoneId);
  state.sourceCount--;
  source.isGone = true;
  markSource(state, source);
};
