/** One request takes its place in its session's window: the window grows, and what it completes is emitted. */
import type { SequenceObserved, SessionEnd, ShortId } from '@precede/contracts';
import { IdSet } from './id-set.ts';
import {
  emptyWindow,
  type HeldItem,
  markSession,
  NEVER,
  type SessionEntry,
  type WindowOutputs,
  type WindowsState,
} from './window-state.ts';

/** Collapsed operations in a sequence record: nine, and one before them. */
export const maxRuns = 10;

/** The item is the first held of its source and out of the heap already. */
export const release = (state: WindowsState, item: HeldItem, gapMs: number, out: WindowOutputs): void => {
  const session = item.session;
  session.held--;
  if (item.eventId !== null) session.heldIds?.delete(item.eventId);
  if (session.held === 0) session.heldIds = null;
  state.heldRequests--;
  if (session.length > 0 && item.timeMs > session.lastMs + gapMs)
    closeWindow(state, session, 'gap', session.lastMs + gapMs, out);
  if (session.length === 0) openWindow(state, session, item.timeMs);
  append(state, session, item);
  out.sequences.push(sequenceOf(session));
  markSession(state, session);
};

const openWindow = (state: WindowsState, session: SessionEntry, timeMs: number): void => {
  state.openWindows++;
  session.firstMs = timeMs;
  session.operations = [];
  session.timesMs = [];
  session.runOperations = [];
  session.runLengths = [];
  session.runLastMs = [];
  if (session.openAtMs !== NEVER) return;
  session.openAtMs = timeMs;
  session.source.open.push(session);
};

const append = (state: WindowsState, session: SessionEntry, item: HeldItem): void => {
  session.ties = session.length > 0 && item.timeMs === session.lastMs ? session.ties + 1 : 1;
  session.lastMs = item.timeMs;
  session.length++;
  session.operations.push(item.operation);
  session.timesMs.push(item.timeMs);
  // The newest maxOperations count: how much more is there depends on when it was cut last.
  if (session.length <= state.bounds.maxOperations) state.keptOperations++;
  if (session.operations.length > 1.25 * state.bounds.maxOperations) cutOldest(state, session);
  addRun(session, item.operation, item.timeMs);
  if (item.eventId !== null) rememberId(state, session, item.eventId);
};

const cutOldest = (state: WindowsState, session: SessionEntry): void => {
  const cut = session.operations.length - state.bounds.maxOperations;
  session.operations = session.operations.slice(cut);
  session.timesMs = session.timesMs.slice(cut);
};

const addRun = (session: SessionEntry, operation: ShortId, timeMs: number): void => {
  const last = session.runOperations.length - 1;
  if (session.runOperations[last] === operation) {
    session.runLengths[last] = (session.runLengths[last] as number) + 1;
    session.runLastMs[last] = timeMs;
    return;
  }
  session.runOperations.push(operation);
  session.runLengths.push(1);
  session.runLastMs.push(timeMs);
  if (last + 1 < maxRuns) return;
  session.runOperations.shift();
  session.runLengths.shift();
  session.runLastMs.shift();
};

const rememberId = (state: WindowsState, session: SessionEntry, eventId: string): void => {
  session.eventIds ??= new IdSet();
  session.eventIds.add(eventId);
  state.keptEventIds++;
  // A repeat of one that stands before the last is late by itself; of those at the last, only the id tells.
  const { maxEventIds, maxOperations } = state.bounds;
  const most = Math.max(maxEventIds, Math.min(session.ties, maxOperations));
  while (session.eventIds.size > most) {
    session.eventIds.deleteOldest();
    state.keptEventIds--;
  }
};

const sequenceOf = (session: SessionEntry): SequenceObserved => {
  const nowMs = session.lastMs;
  const runs = session.runLastMs;
  const ageMs: number[] = [];
  for (let i = 0; i < runs.length; i++) ageMs.push(nowMs - (runs[i] as number));
  return {
    zoneId: session.source.zoneId,
    timeMs: nowMs,
    source: session.source.source,
    operations: session.runOperations.slice(),
    runLengths: session.runLengths.slice(),
    ageMs,
    pseudonym: session.sessionId.slice(0, 16),
  };
};

/** Emits the window and lets it go; the session stays, knowing that requests up to `closedMs` are too late for it. */
export const closeWindow = (
  state: WindowsState,
  session: SessionEntry,
  ended: SessionEnd,
  closedMs: number,
  out: WindowOutputs,
): void => {
  state.openWindows--;
  state.keptOperations -= Math.min(session.length, state.bounds.maxOperations);
  state.keptEventIds -= session.eventIds?.size ?? 0;
  if (session.operations.length > state.bounds.maxOperations) {
    const kept = state.bounds.maxOperations;
    session.operations = session.operations.slice(-kept);
    session.timesMs = session.timesMs.slice(-kept);
  }
  out.closed.push({
    zoneId: session.source.zoneId,
    sessionId: session.sessionId,
    source: session.source.source,
    firstMs: session.firstMs,
    lastMs: session.lastMs,
    length: session.length,
    operations: session.operations,
    timesMs: session.timesMs,
    cut: session.length - session.operations.length,
    ended,
  });
  session.closedMs = Math.max(session.closedMs, closedMs);
  emptyWindow(session);
  markSession(state, session);
};
