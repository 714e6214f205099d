/**
 * The data path of one partition of sequences.v1, top to bottom: decode → count → write → commit.
 * 1. A record of a later epoch closes the open one: its rows, then its marker are stored, then the offset may move to it.
 *    Failing in between, the epoch is replayed and writes the same rows.
 * 2. Every record is counted in the hour of its own time. Too old or unreadable: counted as such and passed.
 * 3. Grown counts are written at an interval as absolute counts of the open epoch, then the progress.
 *    Failing in between, the next flush or the replay writes them again; the maximum makes that one.
 */
import {
  type CountedSequence,
  CountedSequenceReader,
  DropReason,
  sequenceFromAvro,
  Topic,
  type ZoneId,
} from '@precede/contracts';
import {
  type AvroCodec,
  type Batch,
  deadLetterOf,
  type LogRecord,
  type OutgoingRecord,
  type PartitionTask,
  type StepResult,
} from '@precede/log';
import { hourOf, SequenceCounter, sketchValueOf } from '@precede/sequence';
import { type Clock, type Logger, RecordTraces, type Tracing } from '@precede/service';
import type { ScorerConfig } from './config.ts';
import { storeClosedEpoch, storeCounts, takeGrown } from './count-store.ts';
import { Epochs } from './epoch.ts';
import type { ScorerMetrics } from './metrics.ts';
import type { Storage } from './storage.ts';

export interface PipelineDeps {
  readonly config: ScorerConfig;
  readonly codec: AvroCodec;
  readonly storage: Storage;
  readonly metrics: ScorerMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

type Outcomes = Record<'counted' | 'too_old' | 'unreadable', number>;

interface OpenEpoch {
  readonly epoch: number;
  readonly firstOffset: number;
  readonly counter: SequenceCounter;
}

/** A flush is followed by a rest of so many times its length: writing takes a twentieth of a partition's time at most. */
const restFactor = 20;
const maxRestMs = 60_000;

export class SequencesPartition implements PartitionTask {
  readonly #deps: PipelineDeps;
  readonly #partition: number;
  readonly #epochs = new Epochs();
  readonly #reader = new CountedSequenceReader();
  /** Null: nothing is traced. */
  readonly #traces: RecordTraces | null;
  #open: OpenEpoch | undefined;
  #position: number;
  #storedPosition = -1;
  readonly #zones = new Set<ZoneId>();
  #flushedAt = 0;
  #flushMs = 0;
  /** Counts were taken to be stored, and are not known to be: only a replay can tell them again. */
  #isInDoubt = false;

  constructor(deps: PipelineDeps, assignment: { readonly partition: number; readonly position: number }) {
    this.#deps = deps;
    this.#traces = deps.tracing?.isOn ? new RecordTraces(deps.tracing) : null;
    this.#partition = assignment.partition;
    this.#position = assignment.position;
  }

  async step(batch: Batch): Promise<StepResult> {
    const { codec, metrics } = this.#deps;
    const outputs: OutgoingRecord[] = [];
    let commit: number | null = null;
    await codec.prepare(
      Topic.sequences,
      batch.records.map((record) => record.value),
    );
    const outcomes: Outcomes = { counted: 0, too_old: 0, unreadable: 0 };
    for (const record of batch.records) {
      const epoch = this.#epochs.of(record);
      if (epoch !== this.#open?.epoch) commit = (await this.#turnTo(epoch, record)) ?? commit;
      outcomes[this.#count(record, outputs)] += 1;
      this.#traces?.take(record);
      this.#position = record.offset + 1;
    }
    for (const [outcome, count] of Object.entries(outcomes)) metrics.sequences.inc({ outcome }, count);
    this.#position = Math.max(this.#position, batch.position);
    if (this.#isFlushDue(batch.records.length === 0)) await this.#flush();
    return { outputs, commit };
  }

  /** Writing costs as much as counting, so under load it rests; who waits for the last of an import need not. */
  #isFlushDue(isIdle: boolean): boolean {
    const waited = performance.now() - this.#flushedAt;
    if (waited < this.#deps.config.PRECEDE_SCORER_FLUSH_INTERVAL) return false;
    return isIdle || waited >= Math.min(maxRestMs, restFactor * this.#flushMs);
  }

  /**
   * Not needed for safety: the replay would write the same. It keeps scores fresh over a restart. After a write that failed
   * there is nothing to tell: its counts are no longer dirty, and progress without them would not be true.
   */
  async close(): Promise<void> {
    try {
      if (!this.#isInDoubt) await this.#flush();
    } catch (error) {
      this.#deps.logger.warn({ err: error, partition: this.#partition }, 'last counts left to the replay');
    }
    this.#traces?.close();
    this.#deps.metrics.held.remove({ partition: this.#partition });
    this.#deps.metrics.heldBytes.remove({ partition: this.#partition });
    this.#deps.metrics.openBytes.delete(this.#partition);
  }

  /** Opens the record's epoch; where that ends another one, the offset that may now be committed. */
  async #turnTo(epoch: number, record: LogRecord): Promise<number | null> {
    const last = this.#open;
    if (last !== undefined) await this.#closeEpoch(last, record.offset);
    const { PRECEDE_SCORER_ZONE_MEMORY: maxZoneBytes, PRECEDE_SCORER_MEMORY: maxBytes } = this.#deps.config;
    const counter = new SequenceCounter({ maxZoneBytes, maxBytes });
    this.#open = { epoch, firstOffset: record.offset, counter };
    return last === undefined ? null : record.offset;
  }

  async #closeEpoch({ epoch, firstOffset }: OpenEpoch, endOffset: number): Promise<void> {
    await this.#flush();
    await storeClosedEpoch(this.#deps.storage, { partition: this.#partition, epoch, firstOffset, endOffset });
    this.#deps.metrics.epochs.inc();
  }

  #count(record: LogRecord, outputs: OutgoingRecord[]): keyof Outcomes {
    const { clock, config } = this.#deps;
    const event = this.#decode(record, outputs);
    if (event === undefined) return 'unreadable';
    // Judged by whole hours of event time, so that a later replay leaves out whole hours: it never writes less of one,
    // and what an earlier run stored of it stays by the maximum.
    const oldestMs = hourOf(clock.now()) - config.PRECEDE_SCORER_WINDOW_HOURS * 3_600_000;
    this.#zones.add(event.zoneId);
    // Whole hours on the other side: the same as comparing the hours.
    if (event.timeMs < oldestMs) return 'too_old';
    this.#open?.counter.count(event, event.session);
    return 'counted';
  }

  #decode(record: LogRecord, outputs: OutgoingRecord[]): CountedSequence | undefined {
    try {
      if (record.value === null) throw new Error('a tombstone has no meaning here');
      const event = this.#read(record.value);
      if (event.operations.length === 0) throw new Error('a sequence of no operations');
      return event;
    } catch (error) {
      const { codec, logger } = this.#deps;
      const { topic, partition, offset } = record;
      logger.warn({ err: error, topic, partition, offset }, 'unreadable record passed');
      outputs.push(deadLetterOf(codec, record, DropReason.unreadable, (error as Error).message));
      return undefined;
    }
  }

  /** The short way for what this version's sessionizer has written, which is nearly all. */
  #read(value: Buffer): CountedSequence {
    const { codec } = this.#deps;
    const body = codec.bodyOf(Topic.sequences, value);
    if (body >= 0) return this.#reader.read(value, body);
    const event = sequenceFromAvro(codec.decode(Topic.sequences, value));
    return { ...event, session: sketchValueOf(event.pseudonym) };
  }

  async #flush(): Promise<void> {
    const open = this.#open;
    const hasNew = this.#zones.size > 0;
    if (!hasNew && this.#position === this.#storedPosition) return;
    const { storage, metrics } = this.#deps;
    const partition = this.#partition;
    const position = this.#position;
    const end = metrics.flushSeconds.startTimer();
    this.#isInDoubt = true;
    const counts = open === undefined ? undefined : takeGrown(open.counter, partition, open.epoch);
    const flush = { partition, epoch: open?.epoch, counts, zones: [...this.#zones], position };
    const store = (): Promise<void> => storeCounts(storage, flush);
    await (this.#traces === null ? store() : this.#traces.stored('store counts', { partition }, store));
    this.#isInDoubt = false;
    this.#flushMs = end() * 1000;
    this.#zones.clear();
    this.#storedPosition = position;
    this.#flushedAt = performance.now();
    this.#tell();
  }

  #tell(): void {
    const labels = { partition: this.#partition };
    const counter = this.#open?.counter;
    this.#deps.metrics.held.set(labels, counter?.size ?? 0);
    this.#deps.metrics.heldBytes.set(labels, counter?.bytes ?? 0);
    this.#deps.metrics.openBytes.set(this.#partition, counter?.bytes ?? 0);
  }
}
