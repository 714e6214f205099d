/**
 * Follows config.v1 into complete zone snapshots. Everything control shows or plans upon was read back from the log
 * by this, its own changes too: what the log has is what is true.
 */
import {
  type ConfigRecord,
  ErrorCode,
  Topic,
  UnavailableError,
  ZoneConfigs,
  type ZoneId,
} from '@precede/contracts';
import { type EventLog, type LogRecord, type Tail, tailConfig } from '@precede/log';
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
    follower.#tail = await tailConfig(deps.log, {
      onChanges: (changes) => follower.#apply(changes),
      onUnreadable: (err, record) => follower.#pass(record, 'unreadable configuration record', { err }),
      onUnknown: (record) => follower.#pass(record, 'not a configuration record'),
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

  #apply(changes: readonly ConfigRecord[]): void {
    for (const change of changes) {
      this.#deps.metrics.configRecords.inc({ outcome: 'applied' });
      const completed = this.zones.apply(change);
      if (completed !== undefined) this.#complete(completed, change.revision);
    }
    this.#deps.metrics.zones.set([...this.zones.all()].length);
  }

  #pass({ topic, partition, offset }: LogRecord, message: string, cause: { err?: unknown } = {}): void {
    this.#deps.metrics.configRecords.inc({ outcome: 'unreadable' });
    this.#deps.logger.error({ topic, partition, offset, ...cause }, message);
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
