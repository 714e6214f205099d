/**
 * Follows config.v1 into complete zone snapshots. Everything control shows or plans upon was read back from the log
 * by this, its own changes too: what the log has is what is true.
 */
import {
  type ConfigRecord,
  configFromAvro,
  ErrorCode,
  Topic,
  UnavailableError,
  ZoneConfigs,
  type ZoneId,
} from '@precede/contracts';
import type { EventLog, LogRecord, Tail } from '@precede/log';
import type { Logger } from '@precede/service';
import type { ControlMetrics } from './metrics.ts';

interface Waiter {
  readonly zoneId: ZoneId;
  readonly revision: number;
  readonly resolve: () => void;
}

export interface FollowerDeps {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly metrics: ControlMetrics;
}

export class ConfigFollower {
  readonly zones = new ZoneConfigs();
  readonly #deps: FollowerDeps;
  /** Newest revision of each zone, deleted ones included: a zone made anew goes on counting. */
  readonly #revisions = new Map<ZoneId, number>();
  readonly #waiters = new Set<Waiter>();
  #tail: Tail | undefined;

  private constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /** Resolves when all that was in the log at the call has been applied; rejects with UnavailableError after the timeout. */
  static async open(deps: FollowerDeps, timeoutMs: number): Promise<ConfigFollower> {
    const follower = new ConfigFollower(deps);
    follower.#tail = await deps.log.tail({
      topic: Topic.config,
      onRecords: (records) => follower.#apply(records),
      onError: (err) => deps.logger.warn({ err, topic: Topic.config }, 'following the configuration failed'),
    });
    try {
      await within(follower.#tail.caughtUp, timeoutMs, 'the configuration could not be read to its end');
    } catch (error) {
      await follower.close();
      throw error;
    }
    return follower;
  }

  revision(zoneId: ZoneId): number {
    return this.#revisions.get(zoneId) ?? 0;
  }

  /** Resolves when the revision of the zone has been read back. */
  async applied(zoneId: ZoneId, revision: number, timeoutMs: number): Promise<void> {
    if (this.revision(zoneId) >= revision) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { zoneId, revision, resolve };
    this.#waiters.add(waiter);
    try {
      await within(promise, timeoutMs, 'the change is written but was not read back in time');
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  async close(): Promise<void> {
    await this.#tail?.close();
  }

  async #apply(records: readonly LogRecord[]): Promise<void> {
    await this.#deps.log.codec.prepare(
      Topic.config,
      records.map((record) => record.value),
    );
    for (const record of records) this.#applyOne(record);
    this.#deps.metrics.zones.set([...this.zones.all()].length);
  }

  /** A record that cannot be read is passed: stopping here would stop every later change of every zone. */
  #applyOne(record: LogRecord): void {
    const read = this.#read(record);
    this.#deps.metrics.configRecords.inc({ outcome: read === undefined ? 'unreadable' : 'applied' });
    if (read === undefined) return;
    const completed = this.zones.apply(read);
    if (completed !== undefined) this.#complete(completed, read.revision);
  }

  #read(record: LogRecord): ConfigRecord | undefined {
    const { topic, partition, offset } = record;
    try {
      const value = record.value === null ? null : this.#deps.log.codec.decode(Topic.config, record.value);
      const read = configFromAvro(value, record.headers);
      if (read === undefined)
        this.#deps.logger.error({ topic, partition, offset }, 'not a configuration record');
      return read;
    } catch (err) {
      this.#deps.logger.error({ topic, partition, offset, err }, 'unreadable configuration record');
      return undefined;
    }
  }

  #complete(zoneId: ZoneId, revision: number): void {
    this.#revisions.set(zoneId, revision);
    for (const waiter of this.#waiters)
      if (waiter.zoneId === zoneId && revision >= waiter.revision) waiter.resolve();
  }
}

const within = async (promise: Promise<void>, timeoutMs: number, message: string): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new UnavailableError(ErrorCode.logUnavailable, `${message} (${timeoutMs} ms)`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
};
