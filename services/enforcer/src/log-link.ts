/** What the enforcer does with the log, opened behind the answering engine: follows the configuration, writes decisions. */
import { Topic, topicSpecs } from '@precede/contracts';
import { type EventLog, measuredLog } from '@precede/log';
import type { Health, Logger } from '@precede/service';
import { ConfigFollower } from './config-follower.ts';
import type { EnforcerMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import { isDoneWithin, untilDone } from './retry.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { ZoneTables } from './zone-tables.ts';

/** An open log, which stays the caller's; or how to open one, which is tried until it works and is closed at the end. */
export type LogSource = EventLog | (() => Promise<EventLog>);

/** A send gives up after this and is tried again by the publisher, which can be stopped. */
const sendTimeoutMs = 5_000;
/** A client of a log that is away may not close for long; an enforcer does not wait for it. */
const closeTimeoutMs = 3_000;

export interface LinkDeps {
  readonly log: LogSource;
  readonly logger: Logger;
  readonly health: Health;
  readonly tables: ZoneTables;
  readonly files: SnapshotFiles;
  readonly publishers: readonly Publisher[];
  readonly metrics: EnforcerMetrics;
}

export class LogLink {
  readonly #deps: LinkDeps;
  readonly #stop = new AbortController();
  readonly #opening: Promise<void>;
  /** Closed in reverse order. */
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    // Until the log is open nobody has heard of it.
    const startedMs = performance.now();
    deps.metrics.log.follows(Topic.config, () => ({
      offset: 0,
      contactAgeSeconds: (performance.now() - startedMs) / 1000,
    }));
    this.#opening = this.#open();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#opening;
    for (let last = this.#closing.pop(); last !== undefined; last = this.#closing.pop())
      if (!(await isDoneWithin(last(), closeTimeoutMs)))
        this.#deps.logger.warn({ closeTimeoutMs }, 'the log did not close in time');
  }

  async #open(): Promise<void> {
    const log = await this.#openLog();
    if (log === undefined) return;
    await Promise.all([this.#follow(log), this.#publish(log)]);
  }

  async #openLog(): Promise<EventLog | undefined> {
    const { log, metrics } = this.#deps;
    if (typeof log !== 'function') return measuredLog(log, metrics.log);
    const opened = await this.#try(log, 'the log cannot be opened', close);
    if (opened === undefined) return undefined;
    this.#closing.push(() => opened.close());
    // Also loads the schemas, without which nothing can be read or written.
    await this.#try(() => this.#ensureTopics(opened), 'the topics cannot be checked');
    return measuredLog(opened, metrics.log);
  }

  async #ensureTopics(log: EventLog): Promise<void> {
    try {
      await log.ensureTopics(topicSpecs);
    } catch (error) {
      this.#deps.health.set('config', false, (error as Error).message, false);
      throw error;
    }
  }

  async #follow(log: EventLog): Promise<void> {
    const { tables, files, logger, metrics, health } = this.#deps;
    const onFollowing = (): void => {
      health.set('snapshot', true, `${tables.size} zones from the log`);
      health.set('config', true, 'config.v1 is followed', false);
    };
    const onError = (err: unknown): void => {
      health.set('config', false, 'config.v1 cannot be read, the last good snapshots stay', false);
      logger.warn({ err }, 'following the configuration failed');
    };
    const follower = await this.#try(
      () => ConfigFollower.open({ log, tables, files, logger, metrics, onFollowing, onError }),
      'the configuration cannot be followed',
      close,
    );
    if (follower !== undefined) this.#closing.push(() => follower.close());
  }

  async #publish(log: EventLog): Promise<void> {
    const producer = await this.#try(
      () => log.producer({ sendTimeoutMs }),
      'decisions cannot be written',
      close,
    );
    if (producer === undefined) return;
    this.#closing.push(() => producer.close());
    for (const publisher of this.#deps.publishers) publisher.start(log, producer);
  }

  #try<T>(action: () => Promise<T>, message: string, onLate?: (late: T) => void): Promise<T | undefined> {
    const { logger } = this.#deps;
    return untilDone(action, this.#stop.signal, (err) => logger.warn({ err }, message), onLate);
  }
}

/** What opens after the stop is closed behind it. */
const close = (late: { close(): Promise<void> }): void => {
  late.close().catch(() => {});
};
