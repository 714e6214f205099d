/**
 * Clients that ask the enforcer for decisions while things happen to it: half of them fill the cart before they check
 * out, which must be allowed, half do not, which must be denied. Every answer is held against that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { shopHost } from './live-events.ts';

export interface LiveDecisionsOptions {
  readonly url: string;
  readonly zoneId: string;
  readonly perSecond: number;
}

export class LiveDecisions {
  answered = 0;
  denied = 0;
  /** Requests without an answer or with another than 200; each was asked again. */
  failed = 0;
  /** Answers other than they must be, the first ones. */
  readonly wrong: string[] = [];
  /** Longest time without any answer. */
  longestGapMs = 0;
  /** Why requests failed, by text. */
  readonly faults = new Map<string, number>();
  readonly #options: LiveDecisionsOptions;
  readonly #name = `decider-${Date.now().toString(36)}`;
  #clients = 0;
  #stopped = false;
  #answeredMs = Date.now();
  readonly #done: Promise<void>;

  constructor(options: LiveDecisionsOptions) {
    this.#options = options;
    this.#done = this.#run();
    this.#done.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    const pauseMs = 1_500 / this.#options.perSecond;
    const open = new Set<Promise<void>>();
    while (!this.#stopped) {
      const visit = this.#visit(this.#clients++).finally(() => open.delete(visit));
      open.add(visit);
      // As many as can be under way at once, as at a gateway: a slow answer does not slow the others.
      if (open.size >= 50) await Promise.race(open);
      await sleep(pauseMs);
    }
    await Promise.all(open);
  }

  async #visit(client: number): Promise<void> {
    const session = `${this.#name}-${client}`;
    const hasCart = client % 2 === 0;
    if (hasCart) await this.#expect(session, '/cart/7', 'allow');
    await this.#expect(session, '/checkout', hasCart ? 'allow' : 'deny');
  }

  async #expect(session: string, path: string, decision: string): Promise<void> {
    for (;;) {
      const answer = await this.#ask(session, path);
      if (answer === undefined) {
        this.failed++;
        await sleep(20);
        continue;
      }
      this.answered++;
      if (answer === 'deny') this.denied++;
      this.longestGapMs = Math.max(this.longestGapMs, Date.now() - this.#answeredMs);
      this.#answeredMs = Date.now();
      if (answer !== decision && this.wrong.length < 20)
        this.wrong.push(`${new Date().toISOString()} ${session} ${path}: ${answer} instead of ${decision}`);
      return;
    }
  }

  async #ask(session: string, path: string): Promise<string | undefined> {
    const { url, zoneId } = this.#options;
    try {
      const response = await fetch(`${url}/v1/decide`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          zone_id: zoneId,
          method: 'POST',
          scheme: 'https',
          host: shopHost,
          path,
          session,
        }),
        signal: AbortSignal.timeout(5_000),
      });
      const text = await response.text();
      if (response.status === 200) return (JSON.parse(text) as { decision: string }).decision;
      this.#blame(`${response.status} ${text.slice(0, 120)}`);
    } catch (error) {
      const { cause, message } = error as Error;
      this.#blame((cause as NodeJS.ErrnoException | undefined)?.code ?? message);
    }
    return undefined;
  }

  #blame(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }
}
