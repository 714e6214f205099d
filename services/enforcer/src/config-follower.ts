/**
 * Follows config.v1 and brings complete zone snapshots into force. Nothing is installed until the topic has been read to
 * its end once: until then older revisions come by, and those on disk are newer. From then on the log is the truth.
 */
import { type ConfigRecord, ZoneConfigs, type ZoneId } from '@precede/contracts';
import { type EventLog, type LogRecord, type Tail, tailConfig } from '@precede/log';
import type { Logger } from '@precede/service';
import type { EnforcerMetrics } from './metrics.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { ZoneTables } from './zone-tables.ts';

export interface FollowerDeps {
  readonly log: EventLog;
  readonly tables: ZoneTables;
  readonly files: SnapshotFiles;
  readonly logger: Logger;
  readonly metrics: EnforcerMetrics;
  /** The log has been read to its end, or goes on after an error. */
  readonly onFollowing: () => void;
  readonly onError: (error: unknown) => void;
}

export class ConfigFollower {
  readonly #deps: FollowerDeps;
  readonly #zones = new ZoneConfigs();
  #isCaughtUp = false;
  #tail: Tail | undefined;

  private constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /** Resolves once following has begun, which is before the end is reached. */
  static async open(deps: FollowerDeps): Promise<ConfigFollower> {
    const follower = new ConfigFollower(deps);
    const tail = await tailConfig(deps.log, {
      onChanges: (changes) => follower.#apply(changes),
      onUnreadable: (err, record) => follower.#pass(record, 'unreadable configuration record', { err }),
      onUnknown: (record) => follower.#pass(record, 'not a configuration record'),
      onError: (err) => deps.onError(err),
    });
    follower.#tail = tail;
    tail.caughtUp.then(
      () => follower.#catchUp(),
      (error: unknown) => deps.onError(error),
    );
    return follower;
  }

  async close(): Promise<void> {
    await this.#tail?.close();
  }

  #apply(changes: readonly ConfigRecord[]): void {
    const completed = new Set<ZoneId>();
    for (const change of changes) {
      this.#deps.metrics.configRecords.inc({ outcome: 'applied' });
      const zoneId = this.#zones.apply(change);
      if (zoneId !== undefined) completed.add(zoneId);
    }
    if (!this.#isCaughtUp) return;
    for (const zoneId of completed) this.#bring(zoneId);
    this.#deps.onFollowing();
  }

  #pass({ topic, partition, offset }: LogRecord, message: string, cause: { err?: unknown } = {}): void {
    this.#deps.metrics.configRecords.inc({ outcome: 'unreadable' });
    this.#deps.logger.error({ topic, partition, offset, ...cause }, message);
  }

  #catchUp(): void {
    this.#isCaughtUp = true;
    const inLog = new Set<ZoneId>();
    for (const snapshot of this.#zones.all()) {
      inLog.add(snapshot.zoneId);
      this.#bring(snapshot.zoneId);
    }
    this.#forgetMissing(inLog);
    this.#deps.metrics.configFollowing.set(1);
    this.#deps.onFollowing();
  }

  /** Zones deleted while we were away go. An empty log is taken for a lost one: enforcement does not end with it. */
  #forgetMissing(inLog: ReadonlySet<ZoneId>): void {
    const { tables, files, logger } = this.#deps;
    const missing = tables.zoneIds().filter((zoneId) => !inLog.has(zoneId));
    if (missing.length > 0 && inLog.size === 0) {
      logger.warn(
        { zones: missing.length },
        'the log has no zone at all, the snapshots on disk stay in force',
      );
      return;
    }
    for (const zoneId of missing) {
      tables.remove(zoneId);
      files.remove(zoneId);
    }
  }

  #bring(zoneId: ZoneId): void {
    const { tables, files } = this.#deps;
    const snapshot = this.#zones.get(zoneId);
    if (snapshot === undefined) {
      tables.remove(zoneId);
      files.remove(zoneId);
    } else if (tables.install(snapshot)) files.save(snapshot);
  }
}
