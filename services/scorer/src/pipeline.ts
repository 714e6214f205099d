/**
 * The data path of one partition of sequences.v1, top to bottom: decode → count → write → commit.
 * 1. A record of a later epoch closes the open one: its rows, then its marker are stored, then the offset may move to it.
 *    Failing in between, the epoch is replayed and writes the same rows.
 * 2. Every record is counted in the hour of its own time. Too old or unreadable: counted as such and passed.
 * 3. Grown counts are written at an interval as absolute counts of the open epoch, then the progress.
 *    Failing in between, the next flush or the replay writes them again; the maximum makes that one.
 */
import { DropReason, type SequenceObserved, sequenceFromAvro, Topic, type ZoneId } from '@precede/contracts';
import {
  type AvroCodec,
  type Batch,
  deadLetterOf,
  type LogRecord,
  type OutgoingRecord,
  type PartitionTask,
  type StepResult,
} from '@precede/log';
import { hourOf, SequenceCounter } from '@precede/sequence';
import type { Clock, Logger } from '@precede/service';
import type { ScorerConfig } from './config.ts';
import { storeClosedEpoch, storeCounts } from './count-store.ts';
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
}

interface OpenEpoch {
  readonly epoch: number;
  readonly firstOffset: number;
  readonly counter: SequenceCounter;
}

export class SequencesPartition implements PartitionTask {
  readonly #deps: PipelineDeps;
  readonly #partition: number;
  readonly #epochs = new Epochs();
  #open: OpenEpoch | undefined;
  #position: number;
  #storedPosition = -1;
  readonly #zones = new Set<ZoneId>();
  #flushedAt = 0;

  constructor(deps: PipelineDeps, assignment: { readonly partition: number; readonly position: number }) {
    this.#deps = deps;
    this.#partition = assignment.partition;
    this.#position = assignment.position;
  }

  async step(batch: Batch): Promise<StepResult> {
    const { codec, config } = this.#deps;
    const outputs: OutgoingRecord[] = [];
    let commit: number | null = null;
    await codec.prepare(
      Topic.sequences,
      batch.records.map((record) => record.value),
    );
    for (const record of batch.records) {
      commit = (await this.#turnTo(record)) ?? commit;
      this.#count(record, outputs);
      this.#position = record.offset + 1;
      if (this.#dirtyCount() >= config.PRECEDE_SCORER_FLUSH_ROWS) await this.#flush();
    }
    this.#position = Math.max(this.#position, batch.position);
    if (performance.now() - this.#flushedAt >= config.PRECEDE_SCORER_FLUSH_INTERVAL) await this.#flush();
    return { outputs, commit };
  }

  /** Not needed for safety: the replay would write the same. It keeps scores fresh over a restart. */
  async close(): Promise<void> {
    try {
      await this.#flush();
    } catch (error) {
      this.#deps.logger.warn({ err: error, partition: this.#partition }, 'last counts left to the replay');
    }
    this.#deps.metrics.held.remove({ partition: this.#partition });
  }

  /** Opens the record's epoch; where that ends another one, the offset that may now be committed. */
  async #turnTo(record: LogRecord): Promise<number | null> {
    const epoch = this.#epochs.of(record);
    const last = this.#open;
    if (last?.epoch === epoch) return null;
    if (last !== undefined) await this.#closeEpoch(last, record.offset);
    this.#open = { epoch, firstOffset: record.offset, counter: new SequenceCounter() };
    return last === undefined ? null : record.offset;
  }

  async #closeEpoch({ epoch, firstOffset }: OpenEpoch, endOffset: number): Promise<void> {
    await this.#flush();
    await storeClosedEpoch(this.#deps.storage, { partition: this.#partition, epoch, firstOffset, endOffset });
    this.#deps.metrics.epochs.inc();
  }

  #count(record: LogRecord, outputs: OutgoingRecord[]): void {
    const { metrics, clock, config } = this.#deps;
    const event = this.#decode(record, outputs);
    if (event === undefined) {
      metrics.sequences.inc({ outcome: 'unreadable' });
      return;
    }
    // Judged by whole hours of event time, so that a later replay leaves out whole hours: it never writes less of one,
    // and what an earlier run stored of it stays by the maximum.
    const oldestMs = hourOf(clock.now()) - config.PRECEDE_SCORER_WINDOW_HOURS * 3_600_000;
    this.#zones.add(event.zoneId);
    const isTooOld = hourOf(event.timeMs) < oldestMs;
    if (!isTooOld) this.#open?.counter.add(event);
    metrics.sequences.inc({ outcome: isTooOld ? 'too_old' : 'counted' });
  }

  #decode(record: LogRecord, outputs: OutgoingRecord[]): SequenceObserved | undefined {
    const { codec, logger } = this.#deps;
    try {
      if (record.value === null) throw new Error('a tombstone has no meaning here');
      const event = sequenceFromAvro(codec.decode(Topic.sequences, record.value));
      if (event.operations.length === 0) throw new Error('a sequence of no operations');
      return event;
    } catch (error) {
      const { topic, partition, offset } = record;
      logger.warn({ err: error, topic, partition, offset }, 'unreadable record passed');
      outputs.push(deadLetterOf(codec, record, DropReason.unreadable, (error as Error).message));
      return undefined;
    }
  }

  #dirtyCount(): number {
    return this.#open?.counter.dirtyCount ?? 0;
  }

  async #flush(): Promise<void> {
    const rows = this.#open?.counter.takeDirty() ?? [];
    if (rows.length === 0 && this.#position === this.#storedPosition) return;
    const { storage, metrics } = this.#deps;
    const partition = this.#partition;
    const position = this.#position;
    const end = metrics.flushSeconds.startTimer();
    await storeCounts(storage, {
      partition,
      epoch: this.#open?.epoch,
      rows,
      zones: [...this.#zones],
      position,
    });
    end();
    this.#zones.clear();
    this.#storedPosition = position;
    this.#flushedAt = performance.now();
    metrics.held.set({ partition }, this.#open?.counter.size ?? 0);
  }
}
