/**
 * Live traffic for ingest while things happen to it: clients that walk through a shop, one request after the other, sent
 * in order and again until they are acknowledged. What was sent is kept, for a recount.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from './seeded.ts';

export interface LiveRequest {
  readonly timeMs: number;
  /** Order of sending: the order of requests with one time. */
  readonly position: number;
  readonly session: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

export interface LiveEventsOptions {
  readonly url: string;
  readonly zoneId: string;
  readonly perSecond: number;
}

export const shopHost = 'shop.example.com';
export const shopOperations = [
  { method: 'GET', host: shopHost, endpoint: '/' },
  { method: 'POST', host: shopHost, endpoint: '/login' },
  { method: 'GET', host: shopHost, endpoint: '/items/{id}' },
  { method: 'POST', host: shopHost, endpoint: '/cart/{id}' },
  { method: 'POST', host: shopHost, endpoint: '/checkout' },
] as const;

/** By the place of an operation in `shopOperations`. */
const journeys: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4],
  [0, 2, 2, 3, 1, 4],
  [0, 2, 0, 2],
  [1, 3, 4, 0],
];
const tickMs = 100;

interface Client {
  readonly session: string;
  readonly left: number[];
}

export class LiveEvents {
  readonly sent: LiveRequest[] = [];
  /** Bodies sent again, after an answer other than 2xx or none. */
  repeated = 0;
  /** Longest time that ingest acknowledged nothing. */
  longestGapMs = 0;
  readonly #options: LiveEventsOptions;
  readonly #random = seeded(7);
  readonly #clients: Client[] = [];
  #count = 0;
  #stopped = false;
  #acknowledgedMs = Date.now();
  readonly #done: Promise<void>;

  constructor(options: LiveEventsOptions) {
    this.#options = options;
    this.#done = this.#run();
    this.#done.catch(() => {});
  }

  /** Ends when all that was begun is acknowledged; throws what no repeat could mend. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let nextMs = Date.now(); !this.#stopped; nextMs += tickMs) {
      await sleep(Math.max(0, nextMs - Date.now()));
      // After an outage traffic goes on at its rate; what was not made is not made up for.
      if (Date.now() - nextMs > 1_000) nextMs = Date.now();
      await this.#send(this.#batch());
    }
  }

  #batch(): LiveRequest[] {
    const size = Math.max(1, Math.round((this.#options.perSecond * tickMs) / 1_000));
    return Array.from({ length: size }, () => this.#request());
  }

  #request(): LiveRequest {
    const at = Math.floor(this.#random() * 200);
    const client = this.#clients[at] ?? this.#arrive(at);
    const operation = shopOperations[client.left.shift() ?? 0] ?? shopOperations[0];
    if (client.left.length === 0) delete this.#clients[at];
    const path = operation.endpoint.replace('{id}', String(Math.floor(this.#random() * 1_000)));
    return {
      timeMs: Date.now(),
      position: this.#count++,
      session: client.session,
      method: operation.method,
      host: shopHost,
      path,
    };
  }

  #arrive(at: number): Client {
    const journey = journeys[Math.floor(this.#random() * journeys.length)] ?? [0];
    const client = { session: `client-${this.#count}`, left: [...journey] };
    this.#clients[at] = client;
    return client;
  }

  async #send(batch: readonly LiveRequest[]): Promise<void> {
    const body = batch
      .map(({ timeMs, position, ...request }) =>
        JSON.stringify({ time: timeMs, id: String(position), ...request }),
      )
      .join('\n');
    while (!(await this.#post(body))) {
      this.repeated++;
      await sleep(50);
    }
    this.longestGapMs = Math.max(this.longestGapMs, Date.now() - this.#acknowledgedMs);
    this.#acknowledgedMs = Date.now();
    this.sent.push(...batch);
  }

  async #post(body: string): Promise<boolean> {
    const { url, zoneId } = this.#options;
    const headers = {
      'content-type': 'application/x-ndjson',
    };
    let response: Response;
    try {
      response = await fetch(`${url}/v1/zones/${zoneId}/events`, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      return false;
    }
    const text = await response.text();
    if (response.status === 429 || response.status >= 500) return false;
    const refused = response.ok ? (JSON.parse(text) as { refused_total: number }).refused_total : -1;
    if (refused !== 0) throw new Error(`ingest answers ${response.status}: ${text}`);
    return true;
  }
}
