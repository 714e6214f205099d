/**
 * Session windows kept by what happened to them: a base, that is every window and watermark as it stood when the
 * journal last began anew, and one chunk a step since, with what the step was given and took. The step is
 * deterministic, so base and chunks make the same windows again. A chunk costs some thirty bytes a request, where the
 * window that the request changed may have a thousand; the base is written anew when the chunks have grown to some
 * times its size, and then holds what has changed since the last one only.
 *
 * Everything a step depends on is in the chunk (requests, ends, clock, settings that changed) or in the head
 * (bounds). Under other bounds the journal begins anew before the next step counts on it. Head and chunks name the
 * position of the input behind them, which must be the committed one: else somebody went on without the journal.
 */
import type {
  ChangelogEntry,
  JournalChunk,
  JournalHead,
  JournalHeld,
  JournalRequest,
  RequestEvent,
  ZoneId,
} from '@precede/contracts';
import { restoreWindows, takeChanges, takeHeld, type WindowChange } from './window-changelog.ts';
import {
  createOutputs,
  defaultBounds,
  markSource,
  NEVER,
  type SourceEntry,
  sourceOf,
  type WindowBounds,
  type WindowSettings,
  type WindowsState,
} from './window-state.ts';
import { step, type Verdict, type ZoneWindows } from './window-step.ts';

/** Chunks of one generation; their keys are used again by the next. */
export const maxChunks = 1_024;

const settingsInChunk = 10_000;

export interface JournalLimits {
  /** Requests in chunks before the base is written anew, at least this many … */
  readonly minRequests: number;
  /** … and this many for each open window. */
  readonly requestsPerWindow: number;
  /** Of one record, so that it stays below 1 MiB with the longest event ids and names of sources. */
  readonly requestsInRecord: number;
}

export const defaultJournalLimits: JournalLimits = {
  minRequests: 100_000,
  requestsPerWindow: 4,
  requestsInRecord: 4_000,
};

/** What is to be written with a step: its chunks, or a base (what has changed since the last, and what is held) with its head. */
export type JournalWrite =
  | { readonly kind: 'chunks'; readonly chunks: readonly JournalChunk[] }
  | {
      readonly kind: 'base';
      readonly changes: readonly WindowChange[];
      readonly held: readonly JournalHeld[];
      readonly head: JournalHead;
    };

/** How a step ended. */
export interface StepEnd {
  readonly nowMs: number;
  readonly isAtEnd: boolean;
  /** The input's offset after the step. */
  readonly position: number;
}

export class WindowJournal {
  readonly #limits: JournalLimits;
  readonly #settings: Map<ZoneId, WindowSettings>;
  #generation: number;
  #sequence: number;
  #requestsInChunks: number;
  #isDue: boolean;
  #changed: JournalChunk['settings'][number][] = [];
  #requests: JournalRequest[] = [];
  #offsets: number[] = [];
  #ends: { before: number; zoneId: ZoneId; source: SourceEntry['source'] }[] = [];
  readonly #touched = new Set<SourceEntry>();
  #sources: JournalChunk['sources'][number][] = [];

  constructor(from: Restored['journal'], limits: JournalLimits = defaultJournalLimits) {
    this.#limits = limits;
    this.#settings = from.settings;
    this.#generation = from.generation;
    this.#sequence = from.sequence;
    this.#requestsInChunks = from.requests;
    this.#isDue = from.isDue;
  }

  /** After each event, with what the step said to it. */
  add(state: WindowsState, event: RequestEvent, offset: number, verdict: Verdict): void {
    const source = state.sources.get(event.zoneId)?.get(event.source);
    if (source !== undefined) this.#touched.add(source);
    if (verdict !== 'taken') return;
    if (event.kind === 'source_ended') {
      this.#ends.push({ before: this.#requests.length, zoneId: event.zoneId, source: event.source });
      return;
    }
    this.#requests.push(event);
    this.#offsets.push(offset);
  }

  /** Before the tick: it may let sources go, and what it does to them depends on the settings of their zones. */
  beforeTick(state: WindowsState, zones: ZoneWindows): void {
    // As they are now: a tick that ends a source says when.
    this.#sources = [...this.#touched].map(({ zoneId, source, seenMs }) => ({ zoneId, source, seenMs }));
    for (const zoneId of state.sources.keys()) {
      const { inactivityGapMs, graceMs } = zones.settingsOf(zoneId);
      const known = this.#settings.get(zoneId);
      if (known?.inactivityGapMs === inactivityGapMs && known.graceMs === graceMs) continue;
      this.#settings.set(zoneId, { inactivityGapMs, graceMs });
      this.#changed.push({ zoneId, inactivityGapMs, graceMs });
    }
  }

  /**
   * After the tick, with the clock it was given. Undefined where nothing happened that has to be kept: an idle
   * partition writes nothing. `hasInput`: records were read, be it that none of them changed anything.
   */
  write(state: WindowsState, end: StepEnd, hasInput: boolean): JournalWrite | undefined {
    const isUnchanged = state.stepChanges === 0 && !hasInput;
    state.stepChanges = 0;
    if (isUnchanged) return undefined;
    const total = this.#requestsInChunks + this.#requests.length;
    const { minRequests, requestsPerWindow } = this.#limits;
    const isFull =
      this.#sequence + this.#partCount() > maxChunks ||
      total > Math.max(minRequests, requestsPerWindow * state.openWindows);
    const made = this.#isDue || isFull ? this.#base(state, end.position) : this.#chunks(end);
    this.#requestsInChunks = made.kind === 'base' ? 0 : total;
    this.#requests = [];
    this.#offsets = [];
    this.#ends = [];
    this.#changed = [];
    this.#touched.clear();
    return made;
  }

  #base(state: WindowsState, position: number): JournalWrite {
    this.#generation += 1;
    this.#sequence = 0;
    this.#isDue = false;
    this.#settings.clear();
    const generation = this.#generation;
    const held = takeHeld(state, generation, this.#limits.requestsInRecord);
    const bounds = { ...state.bounds };
    const head = { kind: 'head', generation, bounds, position, held: held.length } as const;
    return { kind: 'base', changes: takeChanges(state), held, head };
  }

  #partCount(): number {
    const parts = [
      this.#requests.length / this.#limits.requestsInRecord,
      this.#changed.length / settingsInChunk,
    ];
    return Math.max(1, ...parts.map(Math.ceil));
  }

  /** A step of many requests or new settings takes several; only the last has the tick. */
  #chunks({ nowMs, isAtEnd, position }: StepEnd): JournalWrite {
    const sources = this.#sources;
    const places = new Map(sources.map(({ zoneId, source }, place) => [`${zoneId}/${source}`, place]));
    const ends = this.#ends.map(({ before, zoneId, source }) => ({
      before,
      source: places.get(`${zoneId}/${source}`) as number,
    }));
    const count = this.#partCount();
    const { requestsInRecord } = this.#limits;
    const chunks = Array.from({ length: count }, (_, part): JournalChunk => {
      const isLast = part === count - 1;
      const from = part * requestsInRecord;
      const until = from + requestsInRecord;
      return {
        kind: 'chunk',
        generation: this.#generation,
        sequence: this.#sequence + part,
        settings: this.#changed.slice(part * settingsInChunk, (part + 1) * settingsInChunk),
        sources,
        requests: this.#requests.slice(from, until),
        offsets: this.#offsets.slice(from, until),
        ends: ends
          .filter(({ before }) => before >= from && (before < until || isLast))
          .map(({ before, source }) => ({ before: before - from, source })),
        tickMs: isLast ? nowMs : null,
        isAtEnd,
        position,
      };
    });
    this.#sequence += count;
    return { kind: 'chunks', chunks };
  }
}

export interface Restored {
  readonly state: WindowsState;
  /** Where the journal goes on. */
  readonly journal: {
    readonly generation: number;
    readonly sequence: number;
    readonly requests: number;
    readonly settings: Map<ZoneId, WindowSettings>;
    /** Whether a base has to come first. */
    readonly isDue: boolean;
    /** Where the input goes on; null: there is no journal yet. */
    readonly position: number | null;
  };
}

/** The windows behind the newest entry of every key, in any order. */
export const restoreJournal = (
  entries: Iterable<ChangelogEntry>,
  bounds: Partial<WindowBounds> = {},
): Restored => {
  const base: ChangelogEntry[] = [];
  const chunks: JournalChunk[] = [];
  const held: JournalHeld[] = [];
  let head: JournalHead | undefined;
  for (const entry of entries)
    if (entry.kind === 'chunk') chunks.push(entry);
    else if (entry.kind === 'held') held.push(entry);
    else if (entry.kind === 'head') head = entry;
    else base.push(entry);
  const own = inOrder(chunks, head, 'Chunk');
  const ownHeld = inOrder(held, head, 'Record of held requests');
  if (ownHeld.length !== (head?.held ?? 0)) throw new Error('Held requests of the journal are missing.');
  const wanted: WindowBounds = { ...defaultBounds, ...bounds };
  const state = restoreWindows([...base, ...ownHeld], (head?.bounds as WindowBounds | undefined) ?? wanted);
  const settings = replay(state, own);
  const isSame = head !== undefined && areSame(state.bounds, wanted);
  if (!isSame) changeBounds(state, wanted);
  state.stepChanges = 0;
  const requests = own.reduce((sum, chunk) => sum + chunk.requests.length, 0);
  const generation = head?.generation ?? 0;
  const position = own.at(-1)?.position ?? head?.position ?? null;
  return {
    state,
    journal: { generation, sequence: own.length, requests, settings, isDue: !isSame, position },
  };
};

/** Those of the head's generation, of which none may be missing. */
const inOrder = <T extends JournalChunk | JournalHeld>(
  entries: readonly T[],
  head: JournalHead | undefined,
  what: string,
): T[] => {
  const own = entries.filter(({ generation }) => generation === head?.generation);
  own.sort((a, b) => a.sequence - b.sequence);
  own.forEach(({ sequence }, place) => {
    if (sequence !== place) throw new Error(`${what} ${place} of the journal is missing.`);
  });
  return own;
};

/** As if a base had been written under the old ones. */
const changeBounds = (state: WindowsState, bounds: WindowBounds): void => {
  const kept = state.bounds.maxOperations;
  state.bounds = bounds;
  state.keptOperations = 0;
  for (const sources of state.sources.values())
    for (const { sessions } of sources.values())
      for (const session of sessions.values()) {
        if (session.operations.length > kept) {
          session.operations = session.operations.slice(-kept);
          session.timesMs = session.timesMs.slice(-kept);
        }
        session.ties = Math.min(session.ties, kept);
        state.keptOperations += Math.min(session.length, bounds.maxOperations);
      }
};

const areSame = (a: WindowBounds, b: WindowBounds): boolean =>
  (Object.keys(b) as (keyof WindowBounds)[]).every((name) => a[name] === b[name]);

/** Returns the settings that were in force last. What the steps put out has been put out before. */
const replay = (state: WindowsState, chunks: readonly JournalChunk[]): Map<ZoneId, WindowSettings> => {
  const settings = new Map<ZoneId, WindowSettings>();
  const zones: ZoneWindows = { settingsOf: (zoneId) => settings.get(zoneId) as WindowSettings };
  for (const chunk of chunks) {
    for (const { zoneId, ...own } of chunk.settings) settings.set(zoneId, own);
    replayChunk(state, chunk, zones);
  }
  return settings;
};

const replayChunk = (state: WindowsState, chunk: JournalChunk, zones: ZoneWindows): void => {
  const out = createOutputs();
  const receivedMs = NEVER;
  let nextEnd = 0;
  const endBefore = (place: number): void => {
    for (; nextEnd < chunk.ends.length && (chunk.ends[nextEnd]?.before ?? 0) <= place; nextEnd++) {
      const named = chunk.sources[chunk.ends[nextEnd]?.source ?? 0];
      if (named === undefined) throw new Error('The journal names a source that is not there.');
      const event = { kind: 'source_ended', zoneId: named.zoneId, source: named.source } as const;
      step(state, { kind: 'record', event, offset: 0, receivedMs }, zones, out);
    }
  };
  for (let place = 0; place < chunk.requests.length; place++) {
    endBefore(place);
    const request = chunk.requests[place] as JournalRequest;
    const event = { ...request, ...unused };
    step(state, { kind: 'record', event, offset: chunk.offsets[place] as number, receivedMs }, zones, out);
    out.sequences.length = 0;
  }
  endBefore(chunk.requests.length);
  // Part of a step: its clock is in the last one.
  if (chunk.tickMs === null) return;
  for (const { zoneId, source, seenMs } of chunk.sources) {
    const entry = sourceOf(state, zoneId, source);
    entry.seenMs = seenMs;
    markSource(state, entry);
  }
  step(state, { kind: 'tick', nowMs: chunk.tickMs, isAtEnd: chunk.isAtEnd }, zones, out);
};

// What a window does not depend on.
const unused = { kind: 'request', status: null, durationMs: null, bytes: null } as const;
