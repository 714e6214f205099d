/**
 * A day of traffic to the simulated API. The noise level is the chance that a person's request is disturbed: by a stray
 * call before it, by a retry or two, by a parallel call recorded within a second of it, or by being recorded before the
 * request that it followed. It is also the chance that a journey is entered in its middle or a page polls; a third of it
 * is the share of sessions that only poll, a tenth that of scanners.
 */
import { ApiSession, browsing, drawsOf, habit, type Journey, journeys, operationCount, poll } from './api.ts';

export interface SimulatedRequest {
  readonly operation: number;
  readonly timeMs: number;
}
export const SessionKind = { person: 'person', poller: 'poller', scanner: 'scanner' } as const;
export type SessionKind = (typeof SessionKind)[keyof typeof SessionKind];

/** Requests as recorded, in the order of their times, which are all different. */
export interface SimulatedSession {
  readonly kind: SessionKind;
  readonly requests: readonly SimulatedRequest[];
  readonly refused: number;
}

const Disturbance = { stray: 0, retry: 1, parallel: 2, reordered: 3 } as const;

const dayMs = 20 * 3_600_000;
/** Any day will do; hours and windows only look at differences. */
const dayStartMs = 1_800_000_000_000;
/** A checkout of five steps loses half of those who begin it: people do worse in shops. */
const abandonedAtStep = 0.15;

/** Draws one session; sessions of different numbers are independent of each other. */
export const sessionOf = (seed: number, session: number, noise: number): SimulatedSession => {
  const draw = drawsOf(seed, session);
  const kind = draw();
  if (kind < noise / 10) return new Client(draw, noise).scan();
  if (kind < noise / 10 + noise / 3) return new Client(draw, noise).pollOnly();
  return new Client(draw, noise).visit();
};

const picker = <T>(
  list: readonly T[],
  weightOf: (each: T, rank: number) => number,
): ((draw: () => number) => T) => {
  const upTo: number[] = [];
  let sum = 0;
  for (const [rank, each] of list.entries()) {
    sum += weightOf(each, rank);
    upTo.push(sum);
  }
  return (draw) => {
    const at = draw() * sum;
    return list[upTo.findIndex((bound) => at < bound)] as T;
  };
};
export const pickJourney = picker(journeys, (each) => each.weight);
/** By falling weights 1, 1/2, 1/3 …: some operations are rare, as in life. */
const pickBrowsing = picker(browsing, (_, rank) => 1 / (rank + 1));

/** A client at work: it keeps the time, calls the API and writes down what the gateway records. */
export class Client {
  readonly #draw: () => number;
  readonly #noise: number;
  readonly #api = new ApiSession();
  readonly #records: { operation: number; timeMs: number }[] = [];
  #nowMs: number;
  #refused = 0;

  constructor(draw: () => number, noise: number) {
    this.#draw = draw;
    this.#noise = noise;
    this.#nowMs = dayStartMs + Math.floor(draw() * dayMs);
  }

  /** A person: opens the app, looks around, makes one to three journeys. */
  visit(
    journey: (client: Client) => void = (client) => client.travel(pickJourney(this.#draw)),
  ): SimulatedSession {
    const startMs = this.#nowMs;
    if (this.#draw() < 0.6) for (const each of habit) this.request(each);
    const count = 1 + Number(this.#draw() < 0.4) + Number(this.#draw() < 0.15);
    for (let i = 0; i < count; i += 1) {
      this.browse(4);
      // What is out of the ordinary, if anything, happens in the first journey.
      if (i === 0) journey(this);
      else this.travel(pickJourney(this.#draw));
    }
    this.browse(2);
    // Who gave up before the first step has at least looked.
    if (this.#records.length === 0) this.request(pickBrowsing(this.#draw));
    if (this.#draw() < this.#noise) this.#keepPolling(startMs);
    return this.#recorded(SessionKind.person);
  }

  /** Step after step; a refusal is not followed up, and some give up before. */
  travel(journey: Journey): void {
    const isDeepLink = this.#draw() < this.#noise;
    const from = isDeepLink ? Math.floor(this.#draw() * journey.steps.length) : 0;
    for (const step of journey.steps.slice(from)) {
      if (this.#draw() < abandonedAtStep) return;
      const choice = step.length > 1 && this.#draw() < 0.35 ? step[1] : step[0];
      if (!this.request(choice as number)) return;
    }
  }

  browse(most: number): void {
    for (let left = Math.floor(this.#draw() * (most + 1)); left > 0; left -= 1)
      this.request(pickBrowsing(this.#draw));
  }

  /** One wanted request with what disturbs it, if anything. False: the API has refused it. */
  request(operation: number): boolean {
    const disturbance = this.#draw() < this.#noise ? Math.floor(this.#draw() * 4) : null;
    if (disturbance === Disturbance.stray) this.#record(this.#anyOperation());
    const isAccepted = this.#record(operation);
    if (disturbance === Disturbance.retry)
      for (let left = 1 + Number(this.#draw() < 0.3); left > 0; left -= 1) this.#record(operation);
    if (disturbance === Disturbance.parallel) this.#recordBeside(pickBrowsing(this.#draw));
    if (disturbance === Disturbance.reordered) this.#swapNewest();
    return isAccepted;
  }

  pollOnly(): SimulatedSession {
    for (let left = 20 + Math.floor(this.#draw() * 60); left > 0; left -= 1) this.#record(poll);
    return this.#recorded(SessionKind.poller);
  }

  /** All operations at random, refused or not. */
  scan(): SimulatedSession {
    for (let left = 20 + Math.floor(this.#draw() * 100); left > 0; left -= 1)
      this.#record(this.#anyOperation());
    return this.#recorded(SessionKind.scanner);
  }

  /** These one after the other, refused or not, by no person's ways. */
  script(operations: readonly number[]): SimulatedSession {
    for (const each of operations) this.#record(each);
    return this.#recorded(SessionKind.scanner);
  }

  #anyOperation(): number {
    return Math.floor(this.#draw() * operationCount);
  }

  #record(operation: number): boolean {
    this.#nowMs += 1_001 + Math.floor(-Math.log(1 - this.#draw()) * 7_000);
    this.#records.push({ operation, timeMs: this.#nowMs });
    const isAccepted = this.#api.call(operation);
    if (!isAccepted) this.#refused += 1;
    return isAccepted;
  }

  /** Sent together with the newest: recorded within a second of it, on either side. */
  #recordBeside(operation: number): void {
    const offsetMs = Math.floor((this.#draw() - 0.5) * 2_000);
    this.#records.push({ operation, timeMs: this.#nowMs + offsetMs });
    this.#api.call(operation);
  }

  /** Gateways stamp a request when it ends, by their own clocks: the API saw the order that was, the log another. */
  #swapNewest(): void {
    const newest = this.#records.at(-1);
    const before = this.#records.at(-2);
    if (newest === undefined || before === undefined) return;
    newest.timeMs = before.timeMs - 1 - Math.floor(this.#draw() * 900);
  }

  #keepPolling(startMs: number): void {
    for (let atMs = startMs + 2_000; atMs < this.#nowMs; atMs += 15_000)
      this.#records.push({ operation: poll, timeMs: atMs });
  }

  #recorded(kind: SessionKind): SimulatedSession {
    const requests = this.#records.toSorted((a, b) => a.timeMs - b.timeMs);
    requests.forEach((each, i) => {
      const previousMs = requests[i - 1]?.timeMs ?? 0;
      if (each.timeMs <= previousMs) each.timeMs = previousMs + 1;
    });
    return { kind, requests, refused: this.#refused };
  }
}
