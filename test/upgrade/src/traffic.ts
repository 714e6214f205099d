/**
 * Requests of made-up clients, sent to ingest one body after the other for as long as the run goes, and kept for the
 * recount. A body that was not answered is sent again with the same ids until it is: what a sender does. Event time goes
 * faster than the clock, so that windows close by their gap, and ends long enough ago for all of them to be closed at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sent {
  readonly timeMs: number;
  readonly session: string;
  /** Index in `endpoints`. */
  readonly operation: number;
}

export const host = 'shop.example.com';
export const endpoints = [
  '/',
  '/search',
  '/items/{id}',
  '/cart',
  '/cart/{id}',
  '/pay',
  '/orders',
  '/orders/{id}',
];
/** What mostly follows each. */
const next = [1, 2, 2, 5, 3, 6, 7, 0];

const clients = 60;
const bodySize = 40;
/** Between requests. */
const stepMs = 25;
const pauseMs = 100;
const gapMs = 600_000;
const startMs = 110 * 60_000;
/** No event is younger than this at the end. */
const pastMs = gapMs + 60_000;

interface Client {
  session: number;
  requests: number;
  at: number;
  awayUntilMs: number;
}

export interface TrafficOptions {
  readonly zoneId: string;
  readonly random: () => number;
  /** Asked for each body: ingest may be elsewhere by then. */
  readonly ingestUrl: () => string;
}

export class Traffic {
  readonly sent: Sent[] = [];
  /** Bodies that had to be sent again. */
  repeated = 0;
  #timeMs = Date.now() - startMs;
  #isOver = false;
  readonly #latestMs = Date.now() - pastMs;
  readonly #clients: Client[] = Array.from({ length: clients }, newClient);
  readonly #options: TrafficOptions;
  readonly #running: Promise<void>;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#running = this.#run();
    // Told by `end`; a failure before that is no unhandled one.
    this.#running.catch(() => {});
  }

  /** Resolves when everything sent is acknowledged. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver && this.#timeMs < this.#latestMs) {
      const body = Array.from({ length: bodySize }, () => this.#request());
      await this.#deliver(body);
      this.sent.push(...body);
      await sleep(pauseMs);
    }
  }

  #request(): Sent {
    this.#timeMs += stepMs;
    const { random } = this.#options;
    const client = this.#present();
    const chance = random();
    if (chance < 0.6) client.at = next[client.at] ?? 0;
    else if (chance < 0.8) client.at = Math.floor(random() * endpoints.length);
    const sent = { timeMs: this.#timeMs, session: sessionOf(client, this.#clients), operation: client.at };
    client.requests += 1;
    if (random() < 0.04) client.awayUntilMs = this.#timeMs + gapMs * (0.5 + random());
    if (random() < 0.05) Object.assign(client, { session: client.session + 1, requests: 0 });
    return sent;
  }

  /** Anybody who is not away; if all are, the first comes back. */
  #present(): Client {
    const at = Math.floor(this.#options.random() * clients);
    for (let i = 0; i < clients; i += 1) {
      const client = this.#clients[(at + i) % clients] as Client;
      if (client.awayUntilMs <= this.#timeMs) return client;
    }
    return this.#clients[0] as Client;
  }

  async #deliver(body: readonly Sent[]): Promise<void> {
    const from = this.sent.length;
    const text = JSON.stringify(body.map((sent, i) => eventOf(sent, `event-${from + i}`)));
    for (let attempt = 0; ; attempt += 1) {
      if (await this.#post(text, body.length)) return;
      this.repeated += 1;
      if (attempt > 2_000) throw new Error('ingest does not take a body');
      await sleep(50);
    }
  }

  /** False: nobody there, or not now. */
  async #post(text: string, count: number): Promise<boolean> {
    const { ingestUrl, zoneId } = this.#options;
    let response: Response;
    let answer: string;
    try {
      response = await fetch(`${ingestUrl()}/v1/zones/${zoneId}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
        signal: AbortSignal.timeout(40_000),
      });
      answer = await response.text();
    } catch {
      return false;
    }
    if (response.status === 503 || response.status === 429) return false;
    if (!response.ok) throw new Error(`ingest answers ${response.status}: ${answer}`);
    const { sequenced } = JSON.parse(answer) as { sequenced: number };
    if (sequenced !== count) throw new Error(`ingest took ${sequenced} of ${count} events: ${answer}`);
    return true;
  }
}

const newClient = (): Client => ({ session: 0, requests: 0, at: 0, awayUntilMs: 0 });

const sessionOf = (client: Client, all: readonly Client[]): string =>
  `client-${all.indexOf(client)}-${client.session}`;

/** As ingest takes it. */
export const eventOf = ({ timeMs, session, operation }: Sent, id: string) => ({
  time: timeMs,
  method: 'GET',
  host,
  path: (endpoints[operation] ?? '').replace('{id}', '7'),
  session,
  id,
});
