/**
 * The single writer of config.v1. Changes are planned and written one after the other; each is one revision of one
 * zone, all its records in one transaction with what audit.v1 says of it, the zone record last. A write answers when it is in the log AND read
 * back. When the outcome of a write is unknown, the next one first makes it certain: a new producer of the same name
 * ends whatever the old one had begun, then the log is read to its end.
 */
import {
  type ConfigBody,
  type ConfigRecord,
  FencedError,
  UnavailableError,
  type ZoneConfigs,
} from '@precede/contracts';
import { configRecordOf, type EventLog, type LogProducer, type OutgoingRecord } from '@precede/log';
import { asSpan, type Logger, noTracing, type Tracing } from '@precede/service';
import { auditRecordOf, changesOf } from './audit.ts';
import { ConfigFollower } from './config-follower.ts';
import { ApiError, apiError } from './errors.ts';
import type { ControlMetrics } from './metrics.ts';
import type { Author, Change, Plan } from './plan.ts';

export interface ConfigStoreOptions {
  readonly log: EventLog;
  readonly logger: Logger;
  readonly metrics: ControlMetrics;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
  /** Changes that may wait at once; more are refused. */
  readonly maxWaiting: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** Another control has taken over: this process has to end. */
  readonly onFenced: (error: FencedError) => void;
}

const transactionalId = 'precede.control';

export class ConfigStore {
  readonly #options: ConfigStoreOptions;
  #producer: LogProducer | undefined;
  #follower: ConfigFollower;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isCertain = true;
  #fenced: FencedError | undefined;

  private constructor(options: ConfigStoreOptions, producer: LogProducer, follower: ConfigFollower) {
    this.#options = options;
    this.#producer = producer;
    this.#follower = follower;
  }

  /** Fences the control before us first, so that nothing is written behind what we then read. */
  static async open(options: ConfigStoreOptions): Promise<ConfigStore> {
    const producer = await openProducer(options);
    try {
      return new ConfigStore(options, producer, await ConfigFollower.open(options, options.readTimeoutMs));
    } catch (error) {
      await producer.close();
      throw error;
    }
  }

  get zones(): ZoneConfigs {
    return this.#follower.zones;
  }

  /** Rejects with ApiError: what the plan refuses, or that the log is away, busy or taken over. */
  async write<R>(plan: Plan<R>, author: Author): Promise<R> {
    if (this.#waiting >= this.#options.maxWaiting) {
      this.#options.metrics.writes.inc({ outcome: 'busy' });
      throw apiError('busy', `${this.#waiting} changes are waiting already`);
    }
    this.#count(1);
    const done = this.#last.then(() => this.#writeNow(plan, author));
    this.#last = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      this.#count(-1);
    }
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#last;
    await this.#producer?.close();
    await this.#follower.close();
  }

  #count(step: number): void {
    this.#waiting += step;
    this.#options.metrics.waitingWrites.set(this.#waiting);
  }

  async #writeNow<R>(plan: Plan<R>, author: Author): Promise<R> {
    try {
      if (this.#fenced !== undefined) throw this.#fenced;
      if (!this.#isCertain) await this.#makeCertain();
      const change = plan(this.zones);
      if ('keep' in change) return change.keep;
      const revision = this.#follower.revision(change.zoneId) + 1;
      if (author.isDryRun) return change.result(revision);
      const { tracing = noTracing } = this.#options;
      const attributes = { 'precede.zone.id': change.zoneId, 'precede.revision': revision };
      const span = tracing.child('write config.v1', { kind: 'producer', attributes });
      await asSpan(tracing, span, () => this.#append(change, revision, author));
      this.#options.metrics.writes.inc({ outcome: 'written' });
      return change.result(revision);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async #append(change: Change<unknown>, revision: number, author: Author): Promise<void> {
    const stop = this.#options.metrics.writeSeconds.startTimer();
    const records = this.#encoded(change, revision, author);
    this.#isCertain = false;
    await this.#producer?.send(records);
    await this.#follower.applied(change.zoneId, revision, this.#options.readTimeoutMs);
    this.#isCertain = true;
    stop();
  }

  #encoded(change: Change<unknown>, revision: number, author: Author): readonly OutgoingRecord[] {
    const { codec } = this.#options.log;
    const told = changesOf(this.zones.get(change.zoneId), change, revision, author);
    return [
      ...told.map((changed) => auditRecordOf(codec, changed)),
      ...toRecords(change, revision).map((record) => configRecordOf(codec, record)),
    ];
  }

  async #makeCertain(): Promise<void> {
    const { metrics, logger, readTimeoutMs } = this.#options;
    metrics.recoveries.inc();
    const old = this.#producer;
    this.#producer = undefined;
    await old?.close().catch((err: unknown) => logger.warn({ err }, 'closing the old producer failed'));
    this.#producer = await openProducer(this.#options);
    const before = this.#follower;
    this.#follower = await ConfigFollower.open(this.#options, readTimeoutMs);
    this.#isCertain = true;
    await before.close();
    logger.info('the configuration was read again after a write of unknown outcome');
  }

  #translate(error: unknown): unknown {
    const { metrics } = this.#options;
    if (error instanceof ApiError) {
      metrics.writes.inc({ outcome: 'refused' });
      return error;
    }
    if (error instanceof FencedError) return this.#takenOver(error);
    if (!(error instanceof UnavailableError)) return error;
    metrics.writes.inc({ outcome: 'unavailable' });
    this.#options.logger.warn({ err: error }, 'a change could not be written');
    return apiError(
      'logUnavailable',
      'the event log is away; look whether the change shows before trying again',
    );
  }

  #takenOver(error: FencedError): ApiError {
    this.#options.metrics.writes.inc({ outcome: 'fenced' });
    if (this.#fenced === undefined) {
      this.#fenced = error;
      this.#options.logger.fatal({ err: error }, 'another control has taken over');
      this.#options.onFenced(error);
    }
    return apiError('takenOver', 'another control process has taken over; ask again');
  }
}

const openProducer = ({ log, sendTimeoutMs }: ConfigStoreOptions): Promise<LogProducer> =>
  log.producer({ transactionalId, sendTimeoutMs });

const toRecords = (change: Change<unknown>, revision: number): readonly ConfigRecord[] => {
  const { zoneId, bodies, settings } = change;
  const head = { zoneId, revision, records: bodies.length + 1 };
  const last: ConfigBody = { kind: 'zone', id: zoneId, settings };
  return [...bodies, last].map((body) => ({ ...head, ...body }));
};
