/**
 * What session windows of one input partition are: sources with their watermarks, sessions with their open window,
 * held requests and the memory of what has closed. `window-step.ts` changes it, `window-changelog.ts`
 * and `window-journal.ts` save and restore it.
 */
import type {
  RequestEvent,
  SequenceObserved,
  SessionClosed,
  SessionId,
  ShortId,
  SourceId,
  ZoneId,
} from '@precede/contracts';
import { IdSet } from './id-set.ts';
import { Heap } from './window-heap.ts';

/** A time before all times, which still fits an Avro long after a gap is taken from it. */
export const NEVER = -(2 ** 52);

/** What a zone says about its windows; may change while running. */
export interface WindowSettings {
  /** Two neighbours further apart are in two windows. */
  readonly inactivityGapMs: number;
  /** How much disorder is put right: the watermark is the largest event time less this. */
  readonly graceMs: number;
}

/** Everything that grows has one of these. What happens at each is told beside it and counted. */
export interface WindowBounds {
  /** Open windows; beyond it the longest idle ones of the largest source are closed with `bound`. */
  readonly maxWindows: number;
  /** Estimated bytes of all of it (`estimatedBytes`); beyond it closed sessions are forgotten, then the same is done. */
  readonly maxBytes: number;
  /** Requests held for ordering; beyond it the oldest of the source that holds most are emitted before their time. */
  readonly maxHeld: number;
  /** Sessions remembered as closed; beyond it the oldest are forgotten, and requests as old as those of unknown sessions refused. */
  readonly maxRemembered: number;
  /** Sources; beyond it the longest silent imports end, and are forgotten. */
  readonly maxSources: number;
  /** For how long, in event time, a closed window is remembered. */
  readonly rememberMs: number;
  /**
   * A live source that was silent for this long follows the wall clock; null: the zone's grace, or half a second where
   * its newest request came within the grace of its time, so that nothing else that it sends can come before that.
   */
  readonly idleAfterMs: number | null;
  /** How long an ended source is remembered, and when a silent import counts as ended. Wall clock. */
  readonly sourceKeptMs: number;
  /** Raw operations and times kept of a window: the newest. */
  readonly maxOperations: number;
  /**
   * Event ids of emitted requests kept of a window: the newest, and up to `maxOperations` of one time. A repeat older
   * than these is late instead.
   */
  readonly maxEventIds: number;
}

const hour = 3_600_000;
export const defaultBounds: WindowBounds = {
  maxWindows: 100_000,
  maxBytes: 512 * 1024 * 1024,
  maxHeld: 100_000,
  maxRemembered: 100_000,
  maxSources: 10_000,
  rememberMs: 24 * hour,
  idleAfterMs: null,
  sourceKeptMs: 48 * hour,
  maxOperations: 1_000,
  maxEventIds: 256,
};

/** One thing that happens to a partition; `receivedMs` is the record's append time. */
export type WindowInput =
  | {
      readonly kind: 'record';
      readonly event: RequestEvent;
      readonly offset: number;
      readonly receivedMs: number;
    }
  | { readonly kind: 'tick'; readonly nowMs: number; readonly isAtEnd: boolean };

/** Where steps put what they make; the caller empties it. */
export interface WindowOutputs {
  readonly sequences: SequenceObserved[];
  readonly closed: SessionClosed[];
  /** Requests emitted before their time because `maxHeld` was reached. */
  releasedEarly: number;
  /** Closed sessions and sources forgotten because of a bound. */
  forgottenEarly: number;
}

export const createOutputs = (): WindowOutputs => ({
  sequences: [],
  closed: [],
  releasedEarly: 0,
  forgottenEarly: 0,
});

export interface HeldItem {
  readonly session: SessionEntry;
  readonly operation: ShortId;
  readonly timeMs: number;
  readonly offset: number;
  readonly eventId: string | null;
}

/**
 * One session of one source. `length > 0`: a window is open. `length = 0` and something held: one is about to be.
 * `length = 0` and nothing held: only remembered, so that late requests are known as late.
 */
export interface SessionEntry {
  readonly source: SourceEntry;
  readonly sessionId: SessionId;
  firstMs: number;
  lastMs: number;
  length: number;
  /** The newest `maxOperations` and up to a quarter more: cut seldom, so that a request costs O(1). */
  operations: ShortId[];
  timesMs: number[];
  runOperations: ShortId[];
  runLengths: number[];
  runLastMs: number[];
  /** Requests that the source holds for it, and the event ids among them. */
  held: number;
  heldIds: IdSet | null;
  /** Of what was emitted of the window. */
  eventIds: IdSet | null;
  /** How many of the emitted stand at `lastMs`. */
  ties: number;
  /** Requests at or before are refused. */
  closedMs: number;
  /** Key in the heap of open windows, at most lastMs; NEVER: not in it. */
  openAtMs: number;
  /** Key in the heap of remembered sessions, at most closedMs; NEVER: not in it. */
  rememberedAtMs: number;
  isChanged: boolean;
  isGone: boolean;
  /** Whether the changelog has a record of it, which must go when it goes. */
  isSaved: boolean;
}

/** One source of one zone in this partition. */
export interface SourceEntry {
  readonly zoneId: ZoneId;
  readonly source: SourceId;
  maxTimeMs: number;
  hasEnded: boolean;
  /** The largest closedMs of all sessions forgotten so far: holds for every session that is not known. */
  closedMs: number;
  seenMs: number;
  remembered: number;
  readonly sessions: Map<SessionId, SessionEntry>;
  readonly held: Heap<HeldItem>;
  readonly open: Heap<SessionEntry>;
  readonly closed: Heap<SessionEntry>;
  isChanged: boolean;
  isGone: boolean;
}

/** The windows of one input partition. Counters are kept, never recounted. */
export interface WindowsState {
  bounds: WindowBounds;
  readonly sources: Map<ZoneId, Map<SourceId, SourceEntry>>;
  openWindows: number;
  heldRequests: number;
  remembered: number;
  sourceCount: number;
  /** Raw operations and event ids kept, for an estimate of the memory used. */
  keptOperations: number;
  keptEventIds: number;
  /** Since they were last taken for the changelog. */
  readonly changedSessions: Set<SessionEntry>;
  readonly changedSources: Set<SourceEntry>;
  /** Marks since the last step that was written. */
  stepChanges: number;
}

export const createWindows = (bounds: Partial<WindowBounds> = {}): WindowsState => ({
  bounds: { ...defaultBounds, ...bounds },
  sources: new Map(),
  openWindows: 0,
  heldRequests: 0,
  remembered: 0,
  sourceCount: 0,
  keptOperations: 0,
  keptEventIds: 0,
  changedSessions: new Set(),
  changedSources: new Set(),
  stepChanges: 0,
});

// On the heap of Node 24, measured with 1 to 30 requests a session: right within some 15 %.
const sessionBytes = 430;
const windowBytes = 900;
const sourceBytes = 900;
const heldBytes = 200;
const operationBytes = 16;
const eventIdBytes = 100;

/** What the windows take in memory, estimated. O(1). */
export const estimatedBytes = (state: WindowsState): number =>
  state.sourceCount * sourceBytes +
  (state.openWindows + state.remembered) * sessionBytes +
  state.openWindows * windowBytes +
  state.heldRequests * heldBytes +
  state.keptOperations * operationBytes +
  state.keptEventIds * eventIdBytes;

const isHeldLess = (a: HeldItem, b: HeldItem): boolean =>
  a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.offset < b.offset);
const isOpenLess = (a: SessionEntry, b: SessionEntry): boolean =>
  a.openAtMs < b.openAtMs || (a.openAtMs === b.openAtMs && a.sessionId < b.sessionId);
const isClosedLess = (a: SessionEntry, b: SessionEntry): boolean =>
  a.rememberedAtMs < b.rememberedAtMs || (a.rememberedAtMs === b.rememberedAtMs && a.sessionId < b.sessionId);

/** The source, made where there is none. */
export const sourceOf = (state: WindowsState, zoneId: ZoneId, name: SourceId): SourceEntry => {
  let zone = state.sources.get(zoneId);
  if (zone === undefined) {
    zone = new Map();
    state.sources.set(zoneId, zone);
  }
  const known = zone.get(name);
  if (known !== undefined) return known;
  const source: SourceEntry = {
    zoneId,
    source: name,
    maxTimeMs: NEVER,
    hasEnded: false,
    closedMs: NEVER,
    seenMs: NEVER,
    remembered: 0,
    sessions: new Map(),
    held: new Heap(isHeldLess),
    open: new Heap(isOpenLess),
    closed: new Heap(isClosedLess),
    isChanged: false,
    isGone: false,
  };
  zone.set(name, source);
  state.sourceCount++;
  return source;
};

// Shared by every session without a window; never written to.
const none: never[] = [];

export const addSession = (source: SourceEntry, sessionId: SessionId): SessionEntry => {
  const session: SessionEntry = {
    source,
    sessionId,
    firstMs: 0,
    lastMs: 0,
    length: 0,
    operations: none,
    timesMs: none,
    runOperations: none,
    runLengths: none,
    runLastMs: none,
    held: 0,
    heldIds: null,
    eventIds: null,
    ties: 0,
    closedMs: source.closedMs,
    openAtMs: NEVER,
    rememberedAtMs: NEVER,
    isChanged: false,
    isGone: false,
    isSaved: false,
  };
  source.sessions.set(sessionId, session);
  return session;
};

/** Keeps a request until the watermark of its source has passed it. */
export const addHeld = (state: WindowsState, item: HeldItem): void => {
  const { session, eventId } = item;
  session.held++;
  if (eventId !== null) {
    session.heldIds ??= new IdSet();
    session.heldIds.add(eventId);
  }
  session.source.held.push(item);
  state.heldRequests++;
};

/** Lets the window's contents go; what was handed out in a SessionClosed is not touched again. */
export const emptyWindow = (session: SessionEntry): void => {
  session.firstMs = 0;
  session.lastMs = 0;
  session.length = 0;
  session.operations = none;
  session.timesMs = none;
  session.runOperations = none;
  session.runLengths = none;
  session.runLastMs = none;
  session.eventIds = null;
  session.ties = 0;
};

export const markSession = (state: WindowsState, session: SessionEntry): void => {
  state.stepChanges++;
  if (session.isChanged) return;
  session.isChanged = true;
  state.changedSessions.add(session);
};

/** Its record has to go, if there is one. */
export const markGone = (state: WindowsState, session: SessionEntry): void => {
  session.isGone = true;
  markSession(state, session);
  if (session.isSaved) return;
  session.isChanged = false;
  state.changedSessions.delete(session);
};

export const markSource = (state: WindowsState, source: SourceEntry): void => {
  state.stepChanges++;
  if (source.isChanged) return;
  source.isChanged = true;
  state.changedSources.add(source);
};
