/**
 * Processes a topic as one member of a consumer group. An assignment closes the partitions that go and opens those
 * that come; what stays goes on through the rebalance. It is safe to go on: an owner that opens a partition fences the
 * one before, so a partition that was somebody else's in between fails here at its next commit and is opened anew.
 */
import type { Kafka } from 'kafkajs';
import { Brokers } from './kafka-brokers.ts';
import { committedOffset } from './kafka-committed.ts';
import { toLogError } from './kafka-errors.ts';
import { Membership } from './kafka-membership.ts';
import { toAllOutgoing } from './kafka-messages.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { BatchingProducer } from './kafka-producer.ts';
import { KafkaReader, type ReaderReport } from './kafka-reader.ts';
import { restorePartition } from './kafka-restore.ts';
import { type Committer, Slot, type SlotDeps } from './kafka-slot.ts';
import { Slots } from './kafka-slots.ts';
import type { PartitionCounts } from './kafka-topics.ts';
import { Transactions } from './kafka-transactions.ts';
import { fetchCommitted, type TopicPartition } from './kafka-wire.ts';
import type { LogRecord, PartitionProgress, Processing, ProcessOptions } from './port.ts';

export interface ProcessDeps {
  readonly kafka: KafkaAccess;
  readonly client: Kafka;
  readonly counts: PartitionCounts;
}

export class KafkaProcessing implements Processing {
  readonly ready: Promise<void>;
  readonly #deps: ProcessDeps;
  readonly #options: ProcessOptions;
  readonly #reader: KafkaReader;
  readonly #producer: BatchingProducer;
  readonly #membership: Membership;
  readonly #brokers: Brokers;
  readonly #slots = new Slots((partition) => new Slot(this.#slotDeps(), partition));
  readonly #open = new Set<number>();
  #setReady: () => void = () => {};
  #assigned: readonly number[] | undefined;
  #isClosing = false;

  private constructor(deps: ProcessDeps, options: ProcessOptions, reader: KafkaReader) {
    this.#deps = deps;
    this.#options = options;
    this.#reader = reader;
    this.#producer = new BatchingProducer(deps);
    this.#brokers = new Brokers(deps.kafka);
    this.ready = new Promise((resolve) => {
      this.#setReady = resolve;
    });
    this.#membership = new Membership({
      client: deps.client,
      groupId: this.#groupId,
      topic: this.#topic,
      onAssigned: (partitions) => this.#assign(partitions),
      onError: (error) => this.#report(error),
    });
  }

  static async start(deps: ProcessDeps, options: ProcessOptions): Promise<KafkaProcessing> {
    const report: ReaderReport = (error, partitions) => {
      for (const partition of partitions) options.onError?.(error, partition);
    };
    const reader = await KafkaReader.open(deps.kafka, options.topic, report).catch((error) => {
      throw toLogError(error, `process ${options.topic}`);
    });
    const processing = new KafkaProcessing(deps, options, reader);
    try {
      await processing.#membership.start();
      return processing;
    } catch (error) {
      await processing.close();
      throw error;
    }
  }

  partitions(): readonly number[] {
    return [...this.#open].sort((a, b) => a - b);
  }

  progress(): readonly PartitionProgress[] {
    return Array.from(this.#slots.all(), (slot) => slot.progress.look());
  }

  ends(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.#reader.link.offsets(partitions, 'end');
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#assigned = [];
    // Steps end and commit while we are still a member.
    await this.#slots.assign([]);
    await this.#membership.close();
    await this.#reader.close();
    await this.#producer.close();
    await this.#brokers.drop();
  }

  get #groupId(): string {
    return this.#deps.kafka.topicPrefix + this.#options.group;
  }

  get #topic(): string {
    return this.#deps.kafka.topicPrefix + this.#options.topic;
  }

  #report(error: unknown): void {
    // A failure of the whole member: its partitions are told one by one.
    for (const partition of this.#assigned?.length ? this.#assigned : [-1])
      this.#options.onError?.(error, partition);
  }

  #assign(partitions: readonly number[]): void {
    if (this.#isClosing) return;
    this.#options.onRebalance?.();
    this.#assigned = partitions;
    void this.#slots.assign(partitions).then(() => this.#checkReady());
  }

  #slotDeps(): SlotDeps {
    return {
      options: this.#options,
      reader: this.#reader,
      openCommitter: (partition, signal) => this.#openCommitter(partition, signal),
      startOf: (partition, committer, signal) => this.#startOf(partition, committer, signal),
      restore: (partition, onRecords, signal) => this.#restore(partition, onRecords, signal),
      confirmed: (signal) => this.#membership.confirmed(signal),
      onOpen: (partition, isOpen) => this.#onOpen(partition, isOpen),
    };
  }

  #onOpen(partition: number, isOpen: boolean): void {
    if (isOpen) this.#open.add(partition);
    else this.#open.delete(partition);
    this.#options.onPartitions?.(this.partitions());
    this.#checkReady();
  }

  #checkReady(): void {
    if (this.#assigned?.every((partition) => this.#open.has(partition))) this.#setReady();
  }

  #openCommitter(partition: number, signal: AbortSignal): Promise<Committer> {
    if (this.#options.isTransactional) return this.#openTransactions(partition, signal);
    return Promise.resolve({
      commit: async ({ outputs, commit }) => {
        await this.#producer.send(outputs);
        if (commit !== null) await this.#membership.commit(partition, commit);
      },
      // Nobody holds an offset that is committed without a transaction.
      settle: async () => {},
      close: async () => {},
    });
  }

  async #openTransactions(partition: number, signal: AbortSignal): Promise<Committer> {
    const { kafka, counts } = this.#deps;
    const { group, topic } = this.#options;
    const transactions = await Transactions.open(kafka, `${group}-${topic}-${partition}`, signal);
    const at = { groupId: this.#groupId, topic: this.#topic, partition };
    return {
      commit: async ({ outputs, commit }) => {
        const outgoing = await toAllOutgoing(outputs, counts);
        await transactions.run(outgoing, commit === null ? undefined : { ...at, offset: commit });
      },
      settle: async () => transactions.settle(await this.#written(partition), this.#groupId),
      close: () => transactions.close(),
    };
  }

  /** Every partition that the owner of this one may have written to. */
  async #written(partition: number): Promise<TopicPartition[]> {
    const { changelog, outputs = [] } = this.#options;
    const written = changelog === undefined ? [] : [{ topic: changelog, partition }];
    for (const topic of outputs) {
      const count = await this.#deps.counts.of(topic);
      written.push(...Array.from({ length: count }, (_, i) => ({ topic, partition: i })));
    }
    return written;
  }

  /** Where what the transaction before wrote is visible already, its offset is too. */
  async #startOf(partition: number, committer: Committer, signal: AbortSignal): Promise<number> {
    const at = { topic: this.#topic, partition };
    const committed = await committedOffset({
      brokers: this.#brokers,
      name: `${this.#options.topic}/${partition}`,
      signal,
      ask: async () =>
        fetchCommitted(await this.#brokers.coordinator('group', this.#groupId), this.#groupId, at),
      settle: () => committer.settle(),
      report: (error) => this.#options.onError?.(error, partition),
    });
    if (committed >= 0) return committed;
    return (await this.#reader.link.offsets([partition], 'earliest', signal)).get(partition) ?? 0;
  }

  async #restore(
    partition: number,
    onRecords: (records: readonly LogRecord[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { changelog } = this.#options;
    if (changelog === undefined) return;
    const onError = (error: unknown): void => this.#options.onError?.(error, partition);
    await restorePartition(this.#deps.kafka, { topic: changelog, partition, onRecords, signal, onError });
  }
}
