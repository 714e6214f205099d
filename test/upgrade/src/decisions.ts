/**
 * Asks the enforcer all the time, as gateways do: a request that a rule denies and one that passes, in turn. Keeps what
 * was answered, and each spell without an answer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { host } from './traffic.ts';

const pauseMs = 25;

export interface Spell {
  readonly fromMs: number;
  readonly toMs: number;
  /** What was said in place of a decision, the first time. */
  readonly why: string;
}

export class Decisions {
  /** Ids of the denials that were answered. */
  readonly denied: string[] = [];
  allowed = 0;
  /** Answers other than the rules say. */
  readonly wrong: string[] = [];
  /** Asked and not answered with a decision. */
  failed = 0;
  /** From the first failure to the first answer behind it. */
  readonly spells: Spell[] = [];
  #failing: Omit<Spell, 'toMs'> | undefined;
  #isOver = false;
  #isStopped = false;
  #asked = 0;
  readonly #zoneId: string;
  readonly #enforcerUrl: () => string;
  readonly #running: Promise<void>;

  constructor(zoneId: string, enforcerUrl: () => string) {
    this.#zoneId = zoneId;
    this.#enforcerUrl = enforcerUrl;
    this.#running = this.#run();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** Also where nobody answers any more. */
  stop(): void {
    this.#isOver = true;
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && (!this.#isOver || this.#failing !== undefined)) {
      const isDenied = this.#asked++ % 2 === 0;
      const answer = await this.#ask(isDenied ? '/pay' : '/search');
      if (typeof answer === 'string') this.#fail(answer);
      else this.#note(answer, isDenied);
      await sleep(pauseMs);
    }
  }

  /** The answer, or why there is none. */
  async #ask(path: string): Promise<Answer | string> {
    try {
      const response = await fetch(`${this.#enforcerUrl()}/v1/decide`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          zone_id: this.#zoneId,
          method: 'GET',
          host,
          path,
          session: `asker-${this.#asked}`,
        }),
        signal: AbortSignal.timeout(2_000),
      });
      const text = await response.text();
      return response.ok ? (JSON.parse(text) as Answer) : `${response.status} ${text}`;
    } catch (error) {
      return String((error as Error).cause ?? error);
    }
  }

  #fail(why: string): void {
    this.failed += 1;
    this.#failing ??= { fromMs: Date.now(), why };
  }

  #note(answer: Answer, isDenied: boolean): void {
    if (this.#failing !== undefined) this.spells.push({ ...this.#failing, toMs: Date.now() });
    this.#failing = undefined;
    if (answer.failed !== undefined || answer.decision !== (isDenied ? 'deny' : 'allow'))
      this.wrong.push(JSON.stringify(answer));
    if (answer.decision === 'deny') this.denied.push(answer.decision_id);
    else this.allowed += 1;
  }
}

interface Answer {
  readonly decision: 'allow' | 'deny';
  readonly decision_id: string;
  readonly failed?: string;
}
