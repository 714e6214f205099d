/**
 * The connection to valkey, shared by sessions and rate limits. Nothing waits for a server that is away: a call fails at
 * once, or after the command timeout, and the connection comes back by itself. Errors are told by their message alone:
 * the client's own objects hold the arguments of the command, passwords among them.
 */
import { createHash } from 'node:crypto';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import type { Logger } from '@precede/service';
import { Redis } from 'ioredis';
import type { EnforcerMetrics } from '../metrics.ts';
import { addressOf, type ValkeyConfig } from './valkey-config.ts';

export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** A script of one key, so that it runs on any cluster. */
export const scriptOf = (text: string): Script => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});

const longestWaitMs = 2_000;
const shortestWaitMs = 50;

/** Doubles with each attempt; half of it by chance, so that enforcers do not come back all at once. */
const waitMs = (attempts: number): number => {
  const most = Math.min(longestWaitMs, shortestWaitMs * 2 ** Math.min(attempts, 10));
  return Math.round(most / 2 + (Math.random() * most) / 2);
};

export interface ValkeyDeps {
  readonly config: ValkeyConfig;
  readonly metrics: EnforcerMetrics;
  readonly logger: Logger;
}

type Call = 'read' | 'admit' | 'hit';

export class ValkeyClient {
  readonly prefix: string;
  readonly #redis: Redis;
  readonly #metrics: EnforcerMetrics;
  readonly #logger: Logger;
  #isAway = false;
  #isClosing = false;

  constructor({ config, metrics, logger }: ValkeyDeps) {
    this.prefix = config.PRECEDE_ENFORCER_VALKEY_PREFIX;
    this.#metrics = metrics;
    this.#logger = logger;
    const commandTimeout = config.PRECEDE_ENFORCER_VALKEY_TIMEOUT;
    this.#redis = new Redis({
      ...addressOf(config),
      connectTimeout: config.PRECEDE_ENFORCER_VALKEY_CONNECT_TIMEOUT,
      commandTimeout,
      // A server that takes commands and says nothing: the connection goes, and with it what waits for answers.
      socketTimeout: Math.max(500, commandTimeout * 4),
      enableOfflineQueue: false,
      // An admission whose answer was lost must not be made twice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: waitMs,
      // A replica that was the primary: connect anew, the name may lead elsewhere by now.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    this.#redis.on('ready', () => this.#came());
    this.#redis.on('close', () => this.#went('the connection is closed'));
    this.#redis.on('error', (error: Error) => this.#went(error.message));
  }

  /** The value of a key; null: none. Rejects with UnavailableError. */
  get(call: Call, key: string): Promise<Buffer | null> {
    return this.#timed(call, () => this.#redis.getBuffer(this.prefix + key));
  }

  /** By its hash; with its text where the server does not know it. Rejects with UnavailableError. */
  run(call: Call, script: Script, key: string, args: readonly (Buffer | number)[]): Promise<unknown> {
    const named = this.prefix + key;
    return this.#timed(call, () =>
      this.#redis.evalsha(script.sha, 1, named, ...args).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error;
        return this.#redis.eval(script.text, 1, named, ...args);
      }),
    );
  }

  /** Waits for what is under way, at most for the command timeout. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#redis.quit().catch(() => {});
    // Ends the attempts to connect, where there is no connection.
    this.#redis.disconnect();
    this.#metrics.valkeyConnected.set(0);
  }

  async #timed<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const done = this.#metrics.valkeySeconds.startTimer({ call });
    try {
      return await work();
    } catch (error) {
      throw this.#unavailable(error as Error);
    } finally {
      done();
    }
  }

  #unavailable({ name, message }: Error): UnavailableError {
    const reason = name === 'ReplyError' ? 'refused' : message === 'Command timed out' ? 'timeout' : 'away';
    this.#metrics.valkeyFailures.inc({ reason });
    const said = reason === 'refused' ? `: ${message}` : '';
    return new UnavailableError(ErrorCode.storeUnavailable, `valkey gave no answer (${reason})${said}`);
  }

  #came(): void {
    this.#metrics.valkeyConnected.set(1);
    if (this.#isAway) this.#logger.info('valkey is back');
    this.#isAway = false;
  }

  /** Said once for each time that it is away, not for each attempt. */
  #went(reason: string): void {
    if (this.#isClosing) return;
    this.#metrics.valkeyConnected.set(0);
    if (!this.#isAway) this.#logger.warn({ reason }, 'valkey is away');
    this.#isAway = true;
  }
}
