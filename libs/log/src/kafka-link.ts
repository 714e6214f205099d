/** One Cluster of kafkajs for reading: where partitions lie, their offsets, and their records. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, type TopicName, UnavailableError } from '@precede/contracts';
import { type Broker, type Cluster, createCluster, maxWaitMs } from './kafka-client.ts';
import type { FetchedPartition } from './kafka-fetched.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { fetchRecords } from './kafka-wire.ts';

/** `stable` is the end without what open transactions wrote. */
export type Bound = 'earliest' | 'stable' | 'end';

export interface FetchFrom {
  readonly partition: number;
  readonly offset: number;
}

const readCommitted = 1;
const readUncommitted = 0;
const timestamps = { earliest: '-2', stable: '-1', end: '-1' } as const;

const leaderPauseMs = 100;
const leaderWithinMs = 10_000;

// A partition may hand out its largest record batch whole (see kafka-topics.ts), and others beside it.
const maxPartitionBytes = 1024 * 1024;
const maxFetchBytes = 4 * 1024 * 1024;

export class KafkaLink {
  readonly #cluster: Cluster;
  readonly #topic: TopicName;
  readonly #name: string;

  private constructor(cluster: Cluster, topic: TopicName, name: string) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#name = name;
  }

  static async open(options: KafkaAccess, topic: TopicName): Promise<KafkaLink> {
    const cluster = createCluster(options);
    try {
      await cluster.connect();
      await cluster.addTargetTopic(options.topicPrefix + topic);
      return new KafkaLink(cluster, topic, options.topicPrefix + topic);
    } catch (error) {
      await cluster.disconnect().catch(() => {});
      throw error;
    }
  }

  /** Brokers of the partitions asked for, by node id. */
  leaders(partitions: Iterable<number>): Map<number, number[]> {
    const metadata = this.#cluster.findTopicPartitionMetadata(this.#name);
    const byLeader = new Map<number, number[]>();
    for (const partition of partitions) {
      const leader = metadata.find((m) => m.partitionId === partition)?.leader ?? -1;
      if (leader < 0) throw this.#unavailable(`partition ${partition} of ${this.#name} has no leader`);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    return byLeader;
  }

  partitions(): number[] {
    return this.#cluster.findTopicPartitionMetadata(this.#name).map((m) => m.partitionId);
  }

  /** Waits a while for leaders: those of a new topic, or of a broker that has just started, come late. */
  async offsets(partitions: readonly number[], bound: Bound): Promise<Map<number, number>> {
    const deadlineMs = performance.now() + leaderWithinMs;
    for (;;)
      try {
        return await this.#offsets(partitions, bound);
      } catch (error) {
        const { retriable } = error as { retriable?: boolean };
        if (retriable !== true || performance.now() > deadlineMs) throw error;
        await sleep(leaderPauseMs);
        await this.#cluster.refreshMetadata();
      }
  }

  async #offsets(partitions: readonly number[], bound: Bound): Promise<Map<number, number>> {
    const isolationLevel = bound === 'stable' ? readCommitted : readUncommitted;
    const found = new Map<number, number>();
    for (const [nodeId, led] of this.leaders(partitions)) {
      const broker = await this.#cluster.findBroker({ nodeId });
      const asked = led.map((partition) => ({ partition, timestamp: timestamps[bound] }));
      const topics = [{ topic: this.#name, partitions: asked }];
      const { responses } = await broker.listOffsets({ isolationLevel, topics });
      for (const { partition, offset } of responses[0]?.partitions ?? [])
        found.set(partition, Number(offset));
    }
    return found;
  }

  /** Waits up to maxWaitMs where nothing is there. All partitions must be led by the node. */
  async fetch(nodeId: number, from: readonly FetchFrom[]): Promise<readonly FetchedPartition[]> {
    await this.#cluster.refreshMetadataIfNecessary();
    const broker: Broker = await this.#cluster.findBroker({ nodeId });
    return fetchRecords(broker, {
      topic: this.#name,
      from,
      maxWaitMs,
      maxBytes: maxFetchBytes,
      maxPartitionBytes,
    });
  }

  close(): Promise<void> {
    return this.#cluster.disconnect().catch(() => {});
  }

  #unavailable(why: string): UnavailableError {
    return new UnavailableError(ErrorCode.logUnavailable, `Kafka is unavailable (${this.#topic}: ${why}).`);
  }
}
