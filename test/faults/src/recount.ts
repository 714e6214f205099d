/**
 * What must come out of an input, told again from docs/semantics.md and the late rule of the sessionizer's README alone:
 * no code of the product is used here. It looks at a session only when a request of it comes, or at the end: nothing
 * but its own requests and the watermark of its source can change it. Plain on purpose.
 *
 * Times of live traffic follow the requests alone here: the runner keeps the clock out of it until all input is done.
 */
import type { RequestEvent, RequestObserved } from '@precede/contracts';

export interface Settings {
  readonly gapMs: number;
  readonly graceMs: number;
}

export interface ExpectedSequence {
  readonly zone: string;
  readonly source: string;
  readonly session: string;
  readonly timeMs: number;
  readonly operations: readonly number[];
  readonly runLengths: readonly number[];
  readonly ageMs: readonly number[];
}

export interface ExpectedSession {
  readonly zone: string;
  readonly source: string;
  readonly session: string;
  readonly requests: readonly Request[];
  readonly ended: 'gap' | 'source_ended';
}

export interface Outcome {
  sequence(sequence: ExpectedSequence): void;
  closed(session: ExpectedSession): void;
}

export type Judgement = 'taken' | 'repeated' | 'late' | 'window_closed' | 'source_ended';

interface Request {
  readonly operation: number;
  readonly timeMs: number;
  readonly eventId: string | null;
}

interface Session {
  /** Requests waiting for the watermark, by time, the first come first among equal times. */
  waiting: Request[];
  /** The open window; empty: none is open. */
  window: Request[];
  /** The end of the last window that closed: its last request and the gap. */
  closedMs: number;
}

interface Source {
  largestMs: number;
  hasEnded: boolean;
  readonly sessions: Map<string, Session>;
}

const rememberedIds = 256;
const shownRuns = 10;

/** One partition of requests.v1, its records given in order. */
export class Recount {
  readonly #settingsOf: (zone: string) => Settings;
  readonly #outcome: Outcome;
  readonly #zones = new Map<string, Map<string, Source>>();

  constructor(settingsOf: (zone: string) => Settings, outcome: Outcome) {
    this.#settingsOf = settingsOf;
    this.#outcome = outcome;
  }

  take(event: RequestEvent): Judgement {
    const source = this.#source(event.zoneId, event.source);
    if (source.hasEnded) return event.kind === 'request' ? 'source_ended' : 'repeated';
    if (event.kind === 'source_ended') {
      this.#close(event.zoneId, event.source, source, 'source_ended');
      source.hasEnded = true;
      return 'taken';
    }
    const session = source.sessions.get(event.sessionId) ?? newSession();
    source.sessions.set(event.sessionId, session);
    this.#settle(event, session, source.largestMs - this.#settingsOf(event.zoneId).graceMs);
    const judgement = judge(session, event);
    if (judgement !== 'taken') return judgement;
    const later = session.waiting.findIndex((other) => other.timeMs > event.timeMs);
    const { operation, timeMs, eventId } = event;
    session.waiting.splice(later < 0 ? session.waiting.length : later, 0, { operation, timeMs, eventId });
    source.largestMs = Math.max(source.largestMs, timeMs);
    return 'taken';
  }

  /** All that is open closes by its gap, as when live traffic has been silent for long. */
  finish(): void {
    for (const [zone, sources] of this.#zones)
      for (const [name, source] of sources) if (!source.hasEnded) this.#close(zone, name, source, 'gap');
  }

  #source(zone: string, name: string): Source {
    const sources = this.#zones.get(zone) ?? new Map<string, Source>();
    this.#zones.set(zone, sources);
    const known = sources.get(name);
    if (known !== undefined) return known;
    const source: Source = { largestMs: Number.NEGATIVE_INFINITY, hasEnded: false, sessions: new Map() };
    sources.set(name, source);
    return source;
  }

  #close(zone: string, name: string, source: Source, ended: ExpectedSession['ended']): void {
    for (const [id, session] of source.sessions) {
      const who = { zoneId: zone, source: name, sessionId: id };
      this.#settle(who, session, source.largestMs - this.#settingsOf(zone).graceMs);
      this.#release(who, session, Number.POSITIVE_INFINITY);
      if (session.window.length > 0) this.#closeWindow(who, session, ended);
    }
    source.sessions.clear();
  }

  /** What the watermark has passed takes its place; a window that it has left behind closes. */
  #settle(who: Who, session: Session, watermarkMs: number): void {
    const { gapMs } = this.#settingsOf(who.zoneId);
    this.#release(who, session, watermarkMs);
    const last = session.window.at(-1);
    if (last !== undefined && last.timeMs + gapMs < watermarkMs) this.#closeWindow(who, session, 'gap');
  }

  #release(who: Who, session: Session, watermarkMs: number): void {
    const { gapMs } = this.#settingsOf(who.zoneId);
    while (session.waiting.length > 0 && (session.waiting[0] as Request).timeMs < watermarkMs) {
      const request = session.waiting.shift() as Request;
      const last = session.window.at(-1);
      if (last !== undefined && request.timeMs - last.timeMs > gapMs) this.#closeWindow(who, session, 'gap');
      session.window.push(request);
      this.#outcome.sequence(sequenceAtEnd(who, session.window));
    }
  }

  #closeWindow(who: Who, session: Session, ended: ExpectedSession['ended']): void {
    const requests = session.window;
    const lastMs = (requests.at(-1) as Request).timeMs;
    this.#outcome.closed({ zone: who.zoneId, source: who.source, session: who.sessionId, requests, ended });
    session.closedMs = lastMs + this.#settingsOf(who.zoneId).gapMs;
    session.window = [];
  }
}

interface Who {
  readonly zoneId: string;
  readonly source: string;
  readonly sessionId: string;
}

const newSession = (): Session => ({ waiting: [], window: [], closedMs: Number.NEGATIVE_INFINITY });

const judge = (session: Session, request: RequestObserved): Judgement => {
  const { eventId, timeMs } = request;
  const isSame = (other: Request): boolean => other.eventId === eventId;
  if (eventId !== null && (session.waiting.some(isSame) || newestWithId(session.window).some(isSame)))
    return 'repeated';
  const last = session.window.at(-1);
  if (last !== undefined && timeMs < last.timeMs) return 'late';
  return timeMs <= session.closedMs ? 'window_closed' : 'taken';
};

const newestWithId = (window: readonly Request[]): Request[] => {
  const found: Request[] = [];
  for (let i = window.length - 1; i >= 0 && found.length < rememberedIds; i--) {
    const request = window[i] as Request;
    if (request.eventId !== null) found.push(request);
  }
  return found;
};

/** Backwards from the newest request until its ten newest runs are whole. */
const sequenceAtEnd = ({ zoneId, source, sessionId }: Who, window: readonly Request[]): ExpectedSequence => {
  const { timeMs } = window.at(-1) as Request;
  const runs: { operation: number; length: number; ageMs: number }[] = [];
  for (let i = window.length - 1; i >= 0; i--) {
    const request = window[i] as Request;
    const oldest = runs[0];
    if (oldest?.operation === request.operation) oldest.length++;
    else if (runs.length === shownRuns) break;
    else runs.unshift({ operation: request.operation, length: 1, ageMs: timeMs - request.timeMs });
  }
  return {
    zone: zoneId,
    source,
    session: sessionId,
    timeMs,
    operations: runs.map((run) => run.operation),
    runLengths: runs.map((run) => run.length),
    ageMs: runs.map((run) => run.ageMs),
  };
};
