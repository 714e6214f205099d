/** Session windows as records of the changelog, and back. What is restored goes on exactly as what was saved. */
import type {
  ChangelogEntry,
  JournalHeld,
  SessionId,
  SourceId,
  WindowState,
  ZoneId,
} from '@precede/contracts';
import { IdSet } from './id-set.ts';
import { remember } from './window-advance.ts';
import {
  addHeld,
  addSession,
  createWindows,
  type HeldItem,
  NEVER,
  type SessionEntry,
  type SourceEntry,
  sourceOf,
  type WindowBounds,
  type WindowsState,
} from './window-state.ts';

/** The newest state of a session, or of a source where `sessionId` is null; `entry` null: it is no more. */
export interface WindowChange {
  readonly zoneId: ZoneId;
  readonly source: SourceId;
  readonly sessionId: SessionId | null;
  readonly entry: ChangelogEntry | null;
}

/**
 * Everything but held requests that has changed since the last call. Entries share arrays with the state: encode them before the next step.
 * Order matters where a session went and came again.
 */
export const takeChanges = (state: WindowsState): WindowChange[] => {
  const changes: WindowChange[] = [];
  for (const session of state.changedSessions) {
    session.isChanged = false;
    session.isSaved = true;
    const { zoneId, source } = session.source;
    const entry = session.isGone ? null : toEntry(session, state.bounds.maxOperations);
    changes.push({ zoneId, source, sessionId: session.sessionId, entry });
  }
  for (const source of state.changedSources) {
    source.isChanged = false;
    changes.push({
      zoneId: source.zoneId,
      source: source.source,
      sessionId: null,
      entry: toWatermark(source),
    });
  }
  state.changedSessions.clear();
  state.changedSources.clear();
  return changes;
};

/** All held requests, in records of so many. */
export const takeHeld = (state: WindowsState, generation: number, inRecord: number): JournalHeld[] => {
  const items: HeldItem[] = [];
  for (const sources of state.sources.values())
    for (const { held } of sources.values()) for (const item of held.items()) items.push(item);
  return Array.from({ length: Math.ceil(items.length / inRecord) }, (_, sequence) => {
    const own = items.slice(sequence * inRecord, (sequence + 1) * inRecord);
    const requests = own.map(({ session, operation, timeMs, eventId }) => {
      const { zoneId, source } = session.source;
      return { zoneId, source, sessionId: session.sessionId, operation, timeMs, eventId };
    });
    return { kind: 'held', generation, sequence, requests, offsets: own.map(({ offset }) => offset) };
  });
};

const toWatermark = (source: SourceEntry): ChangelogEntry | null => {
  if (source.isGone) return null;
  return {
    kind: 'watermark',
    zoneId: source.zoneId,
    source: source.source,
    maxTimeMs: source.maxTimeMs,
    hasEnded: source.hasEnded,
    closedMs: orNull(source.closedMs),
    seenMs: source.seenMs,
  };
};

const toEntry = (session: SessionEntry, maxOperations: number): WindowState => {
  const isCut = session.operations.length > maxOperations;
  return {
    kind: 'window',
    zoneId: session.source.zoneId,
    sessionId: session.sessionId,
    source: session.source.source,
    firstMs: session.firstMs,
    lastMs: session.lastMs,
    length: session.length,
    operations: isCut ? session.operations.slice(-maxOperations) : session.operations,
    timesMs: isCut ? session.timesMs.slice(-maxOperations) : session.timesMs,
    runOperations: session.runOperations,
    runLengths: session.runLengths,
    runLastMs: session.runLastMs,
    held: [],
    eventIds: session.eventIds?.values() ?? [],
    closedMs: orNull(session.closedMs),
  };
};

const orNull = (timeMs: number): number | null => (timeMs === NEVER ? null : timeMs);

/** The state behind the newest entry of every key, in any order. */
export const restoreWindows = (
  entries: Iterable<ChangelogEntry>,
  bounds: Partial<WindowBounds> = {},
): WindowsState => {
  const state = createWindows(bounds);
  const held: JournalHeld[] = [];
  for (const entry of entries) {
    if (entry.kind === 'held') held.push(entry);
    if (entry.kind === 'head' || entry.kind === 'chunk' || entry.kind === 'held') continue;
    const source = sourceOf(state, entry.zoneId, entry.source);
    if (entry.kind === 'window') restoreSession(state, source, entry);
    else {
      source.maxTimeMs = entry.maxTimeMs;
      source.hasEnded = entry.hasEnded;
      source.closedMs = entry.closedMs ?? NEVER;
      source.seenMs = entry.seenMs;
    }
  }
  for (const { requests, offsets } of held)
    requests.forEach(({ zoneId, source, sessionId, ...request }, i) => {
      const of = sourceOf(state, zoneId, source);
      const session = of.sessions.get(sessionId) ?? addSession(of, sessionId);
      addHeld(state, { session, ...request, offset: offsets[i] as number });
    });
  rememberUnused(state);
  return state;
};

/** Sessions with neither window nor held request stand for what has closed. */
const rememberUnused = (state: WindowsState): void => {
  for (const sources of state.sources.values())
    for (const { sessions } of sources.values())
      for (const session of sessions.values())
        if (session.length === 0 && session.held === 0) remember(state, session);
};

const restoreSession = (state: WindowsState, source: SourceEntry, entry: WindowState): void => {
  const session = addSession(source, entry.sessionId);
  session.isSaved = true;
  session.firstMs = entry.firstMs;
  session.lastMs = entry.lastMs;
  session.length = entry.length;
  session.closedMs = entry.closedMs ?? NEVER;
  if (entry.length > 0) restoreOpen(state, session, entry);
  for (const held of entry.held) addHeld(state, { session, ...held });
};

const restoreOpen = (state: WindowsState, session: SessionEntry, entry: WindowState): void => {
  session.operations = [...entry.operations];
  session.timesMs = [...entry.timesMs];
  session.runOperations = [...entry.runOperations];
  session.runLengths = [...entry.runLengths];
  session.runLastMs = [...entry.runLastMs];
  session.eventIds = entry.eventIds.length === 0 ? null : IdSet.from(entry.eventIds);
  session.ties = tiesOf(entry);
  session.openAtMs = entry.lastMs;
  session.source.open.push(session);
  state.openWindows++;
  state.keptOperations += Math.min(entry.length, state.bounds.maxOperations);
  state.keptEventIds += entry.eventIds.length;
};

/** As far as operations are kept, which is as far as it matters. */
const tiesOf = ({ timesMs, lastMs }: WindowState): number => {
  let ties = 0;
  while (ties < timesMs.length && timesMs[timesMs.length - 1 - ties] === lastMs) ties++;
  return ties;
};
