/**
 * The event log port: what the services ask of Kafka, and of the embedded log on a laptop.
 * Three things only: produce; process a partition with state, outputs and offset committed together;
 * tail a compacted topic. Both adapters pass the contract suite in testkit (event-log-contract.ts).
 */
import type { TopicName, TopicSpec } from '@precede/contracts';

/** A record as read. Offsets are safe integers; `appendTimeMs` never falls within a partition. */
export interface LogRecord {
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: number;
  readonly appendTimeMs: number;
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record to write. The partition is `partition`, else that of `partitionBy`, else that of `key` (murmur2, as Kafka's own clients). */
export interface OutgoingRecord {
  readonly topic: TopicName;
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: number;
  readonly partitionBy?: Buffer;
}

/** Avro with the writer's schema named in each value: Confluent framing on Kafka, single-object encoding embedded. */
export interface AvroCodec {
  /** Throws InputError where the value does not fit the topic's schema. */
  encode(topic: TopicName, value: unknown): Buffer;
  /** Loads the writer schemas that `decode` will need for these values; cheap where all are known. */
  prepare(topic: TopicName, values: readonly (Buffer | null)[]): Promise<void>;
  /** Throws PrecedeError PRECEDE_RECORD_UNREADABLE for anything that is no record of the topic. */
  decode(topic: TopicName, value: Buffer): unknown;
  /** Where the Avro binary form begins in a value that was written with this version's schema; −1 in any other. */
  bodyOf(topic: TopicName, value: Buffer): number;
}

export interface LogProducer {
  /**
   * Resolves when every record is acknowledged (and durable as the adapter defines it). Records of one call to one partition
   * keep their order, also against earlier calls that resolved. Rejects with UnavailableError when the log is away for longer
   * than the send timeout or the bounded buffer is full (PRECEDE_LOG_FULL); then any part may have been written.
   * With a `transactionalId` a call is all or nothing, and FencedError says that a newer producer of that id exists.
   */
  send(records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

export interface ProducerOptions {
  /** Makes every send one transaction of the single writer of that name. */
  readonly transactionalId?: string;
  /** Bytes of keys and values in flight at once; more is refused with PRECEDE_LOG_FULL. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long a send may try through an outage before it rejects. Default 30 s. */
  readonly sendTimeoutMs?: number;
}

export interface Batch {
  /** In offset order, perhaps none (a tick: at least every `tickMs` while nothing comes). */
  readonly records: readonly LogRecord[];
  /** The offset after this batch: everything before it has been seen. */
  readonly position: number;
  /** Whether the partition had been read to its end when the batch was made. */
  readonly isAtEnd: boolean;
  /** Wall clock, ms. */
  readonly nowMs: number;
}

export interface StepResult {
  readonly outputs: readonly OutgoingRecord[];
  /** The offset to commit (records before it are done), or null to commit none now. */
  readonly commit: number | null;
}

/** The life of one input partition with one owner. Calls are serial. */
export interface PartitionTask {
  /** Outputs and commit take effect together or not at all. A throw drops the task: it is opened anew and the records come again. */
  step(batch: Batch): Promise<StepResult>;
  /** The result of the last step is committed. Not called after a failed one. */
  committed?(): void;
  /** The partition goes (rebalance, failure, shutdown); no step is running. Must not throw. */
  close(): Promise<void>;
}

export interface Assignment {
  readonly partition: number;
  /** Where reading starts: the committed offset, or the oldest kept. */
  readonly position: number;
  /** Feeds the newest record of each key of this partition of the changelog topic, in log order, up to its end. Older ones may come too. */
  restore(onRecords: (records: readonly LogRecord[]) => void): Promise<void>;
  /** Aborted when the partition goes while it is still being opened. */
  readonly signal: AbortSignal;
}

export interface ProcessOptions {
  readonly group: string;
  readonly topic: TopicName;
  /** Compacted topic with the same partition count that `restore` reads. */
  readonly changelog?: TopicName;
  /** Exactly once: outputs and offset in one transaction, fenced per input partition. Otherwise the offset is committed after the outputs. */
  readonly isTransactional: boolean;
  /** The topics that steps write to, where that is exactly once: what a broker forgot to end there is ended at the next opening. */
  readonly outputs?: readonly TopicName[];
  /** Default 5000. */
  readonly maxBatchRecords?: number;
  /** Default 250 ms. */
  readonly tickMs?: number;
  open(assignment: Assignment): Promise<PartitionTask>;
  /** Told of each failed step or opening; the partition is tried again with back-off. */
  onError?(error: unknown, partition: number): void;
  /** Told each time the group has said which partitions are this member's, changed or not. */
  onRebalance?(): void;
  /** Told when the set of open partitions changes. */
  onPartitions?(open: readonly number[]): void;
}

/** How far the owner of a partition has come, as it stands now. */
export interface PartitionProgress {
  readonly partition: number;
  /** Everything before it is done and, where steps asked for that, committed; null: where it begins is not known yet. */
  readonly position: number | null;
  /** Since the last step that ended well, or since the partition came. */
  readonly stepAgeMs: number;
  /** Everything appended before it is done; null: nothing is known yet. */
  readonly doneUpToMs: number | null;
  /** False while it is being opened, for the first time or anew. */
  readonly isOpen: boolean;
}

export interface Processing {
  /** Resolves when the group has given this member its partitions and all of them are open for the first time. */
  readonly ready: Promise<void>;
  /** Partitions with an open task now. */
  partitions(): readonly number[];
  /** Of every partition that is this member's, open or not. */
  progress(): readonly PartitionProgress[];
  /** Where these partitions end now, asked of the log: the offset after the last record of each. */
  ends(partitions: readonly number[]): Promise<ReadonlyMap<number, number>>;
  /** Ends the running steps, commits them, closes the tasks, leaves the group. */
  close(): Promise<void>;
}

export interface TailOptions {
  readonly topic: TopicName;
  /** Every record from the beginning of the topic on, in order per partition, tombstones too. Serial. */
  onRecords(records: readonly LogRecord[]): void | Promise<void>;
  onError?(error: unknown): void;
}

export interface Tail {
  /** Resolves when everything that was in the topic at the start has been given to onRecords. */
  readonly caughtUp: Promise<void>;
  progress(): TailProgress;
  close(): Promise<void>;
}

export interface TailProgress {
  /** The offsets after the last record of each partition that onRecords has taken, added up. */
  readonly offset: number;
  /** Since the log last answered. */
  readonly contactAgeMs: number;
}

export interface EventLog {
  readonly codec: AvroCodec;
  /** Creates what is missing; refuses (ConfigError) a fixed partition count that differs. Loads the schemas. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  partitionCount(topic: TopicName): Promise<number>;
  /** Acknowledged already: a transactional producer has fenced its predecessor when this resolves. */
  producer(options?: ProducerOptions): Promise<LogProducer>;
  process(options: ProcessOptions): Promise<Processing>;
  tail(options: TailOptions): Promise<Tail>;
  /** Per partition, the offset the next record will get at least. */
  endOffsets(topic: TopicName): Promise<readonly number[]>;
  /** Per partition, the group's committed offset; null where it has none. */
  committedOffsets(group: string, topic: TopicName): Promise<readonly (number | null)[]>;
  /** Rejects with UnavailableError where the log cannot be reached within the timeout. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
