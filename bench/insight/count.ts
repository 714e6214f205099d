/**
 * Sessions through the real windows, then counted exactly and independently of the scorer's counter: every collapsed
 * sequence of 1 to 9 operations with its occurrences and distinct sessions. Input is out of order by up to two seconds,
 * as from several gateways.
 */
import { LIVE, type SequenceObserved, type SessionId, type ShortId, type ZoneId } from '@precede/contracts';
import {
  createOutputs,
  createWindows,
  MAX_LENGTH,
  type SequenceCount,
  step,
  type WindowInput,
} from '@precede/sequence';
import { seeded } from '@precede/testkit/seeded';
import type { SimulatedSession } from './traffic.ts';

const zoneId = 'a'.repeat(32) as ZoneId;
const zones = { settingsOf: () => ({ inactivityGapMs: 600_000, graceMs: 5_000 }) };
const disorderMs = 2_000;

interface Arrival {
  readonly session: number;
  readonly operation: number;
  readonly timeMs: number;
  readonly arrivalMs: number;
}

const arrivalsOf = (sessions: readonly SimulatedSession[]): Arrival[] => {
  const draw = seeded(sessions.length);
  return sessions
    .flatMap(({ requests }, session) =>
      requests.map((each) => ({ ...each, session, arrivalMs: each.timeMs + draw() * disorderMs })),
    )
    .sort((a, b) => a.arrivalMs - b.arrivalMs);
};

const inputOf = ({ session, operation, timeMs }: Arrival, offset: number): WindowInput => ({
  kind: 'record',
  offset,
  receivedMs: timeMs,
  event: {
    kind: 'request',
    zoneId,
    sessionId: session.toString(16).padStart(16, '0').padEnd(32, '0') as SessionId,
    operation: operation as ShortId,
    timeMs,
    source: LIVE,
    status: null,
    durationMs: null,
    bytes: null,
    eventId: null,
  },
});

/** Counts what the windows emit; throws where a request is refused or kept. */
export const countThroughWindows = (sessions: readonly SimulatedSession[]): SequenceCount[] => {
  const arrivals = arrivalsOf(sessions);
  const state = createWindows();
  const counter = new ExactCounter();
  const out = createOutputs();
  let emitted = 0;
  const drain = (): void => {
    for (const event of out.sequences.splice(0)) {
      emitted += 1;
      addObserved(counter, event);
    }
    out.closed.length = 0;
  };
  arrivals.forEach((arrival, offset) => {
    const verdict = step(state, inputOf(arrival, offset), zones, out);
    if (verdict !== 'taken') throw new Error(`request ${offset} is ${verdict}`);
    drain();
  });
  const end = { kind: 'source_ended', zoneId, source: LIVE } as const;
  step(state, { kind: 'record', event: end, offset: arrivals.length, receivedMs: 0 }, zones, out);
  drain();
  if (emitted !== arrivals.length) throw new Error(`${emitted} of ${arrivals.length} requests emitted`);
  return counter.counts();
};

/** A repeat completes no new collapsed occurrence. */
const addObserved = (counter: ExactCounter, event: SequenceObserved): void => {
  if (event.runLengths.at(-1) === 1) counter.add(event.operations, Number.parseInt(event.pseudonym, 16));
};

/** The same without windows, from what each session did: for what is too much for them, and to check them. */
export const countDirectly = (sessions: readonly SimulatedSession[]): SequenceCount[] =>
  countOperations(sessions.map(({ requests }) => requests.map((each) => each.operation)));

/** By the operations of each session. */
export const countOperations = (sessions: readonly (readonly number[])[]): SequenceCount[] => {
  const counter = new ExactCounter();
  sessions.forEach((each, session) => {
    const operations = collapsed(each);
    for (let end = 1; end <= operations.length; end += 1)
      counter.add(operations.slice(Math.max(0, end - MAX_LENGTH), end), session);
  });
  return counter.counts();
};

export const collapsed = (operations: readonly number[]): number[] =>
  operations.filter((each, i) => each !== operations[i - 1]);

interface Entry {
  readonly operations: readonly number[];
  /** The only session while there is one: most sequences never get a second. */
  sessions: number | Set<number>;
  occurrences: number;
}

class ExactCounter {
  readonly #entries = new Map<string, Entry>();

  /** Every ending of these operations, oldest first, has occurred once more. */
  add(operations: readonly number[], session: number): void {
    for (let from = Math.max(0, operations.length - MAX_LENGTH); from < operations.length; from += 1) {
      const sequence = operations.slice(from);
      const key = sequence.join(',');
      let entry = this.#entries.get(key);
      if (entry === undefined) {
        entry = { operations: sequence, sessions: session, occurrences: 0 };
        this.#entries.set(key, entry);
      }
      entry.occurrences += 1;
      if (typeof entry.sessions !== 'number') entry.sessions.add(session);
      else if (entry.sessions !== session) entry.sessions = new Set([entry.sessions, session]);
    }
  }

  counts(): SequenceCount[] {
    return [...this.#entries.values()].map(({ operations, occurrences, sessions }) => ({
      operations,
      occurrences,
      sessions: typeof sessions === 'number' ? 1 : sessions.size,
    }));
  }
}
