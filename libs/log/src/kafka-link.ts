/**
 * One Cluster of kafkajs for reading: where partitions lie, their offsets, and their records. It lives through outages:
 * what fails on the way to one broker takes that broker's connections with it and no other's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicName } from '@precede/contracts';
import { type Broker, type Cluster, createCluster, maxWaitMs } from './kafka-client.ts';
import { BrokerError, brokerFault, isAnswer, toLogError } from './kafka-errors.ts';
import type { KafkaAccess } from './kafka-options.ts';
import type { Sockets } from './kafka-sockets.ts';
import { type FetchAnswer, fetchRecords } from './kafka-wire.ts';

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

// A leader that was cut off from the others does not know that it is none any more.
const maxAgeMs = 300_000;

// A partition may hand out its largest record batch whole (see kafka-topics.ts), and others beside it.
const maxPartitionBytes = 1024 * 1024;
const maxFetchBytes = 4 * 1024 * 1024;

export class KafkaLink {
  readonly #cluster: Cluster;
  readonly #sockets: Sockets;
  readonly #name: string;
  #isClosed = false;
  #askedAtMs = performance.now();
  #asked: Promise<void> = Promise.resolve();

  private constructor(cluster: Cluster, sockets: Sockets, name: string) {
    this.#cluster = cluster;
    this.#sockets = sockets;
    this.#name = name;
  }

  static async open(options: KafkaAccess, topic: TopicName): Promise<KafkaLink> {
    const sockets = options.sockets.branch();
    const cluster = createCluster({ ...options, sockets });
    const link = new KafkaLink(cluster, sockets, options.topicPrefix + topic);
    try {
      await cluster.connect();
      await cluster.addTargetTopic(link.#name);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** The node that leads each partition; one that has none now is not among them. */
  leaders(): Map<number, number> {
    const leaders = new Map<number, number>();
    for (const { partitionId, leader } of this.#cluster.findTopicPartitionMetadata(this.#name))
      if (leader >= 0) leaders.set(partitionId, leader);
    return leaders;
  }

  partitions(): number[] {
    return this.#cluster.findTopicPartitionMetadata(this.#name).map((m) => m.partitionId);
  }

  /** Asks where the partitions lie now, unless that was just done. */
  refresh(): Promise<void> {
    if (performance.now() - this.#askedAtMs > leaderPauseMs) {
      this.#askedAtMs = performance.now();
      this.#asked = this.#cluster.refreshMetadata();
    }
    return this.#asked;
  }

  /** Waits a while for leaders: those of a new topic, or of a broker that has just started, come late. */
  async offsets(
    partitions: readonly number[],
    bound: Bound,
    signal?: AbortSignal,
  ): Promise<Map<number, number>> {
    const deadlineMs = performance.now() + leaderWithinMs;
    for (;;)
      try {
        return await this.#offsets(partitions, bound);
      } catch (error) {
        const { retriable } = error as { retriable?: boolean };
        const isOver = this.#isClosed || signal?.aborted === true || performance.now() > deadlineMs;
        if (retriable !== true || isOver) throw toLogError(error, `offsets of ${this.#name}`);
        await sleep(leaderPauseMs);
        await this.refresh();
      }
  }

  async #offsets(partitions: readonly number[], bound: Bound): Promise<Map<number, number>> {
    const isolationLevel = bound === 'stable' ? readCommitted : readUncommitted;
    const found = new Map<number, number>();
    for (const [nodeId, led] of this.#byLeader(partitions)) {
      const asked = led.map((partition) => ({ partition, timestamp: timestamps[bound] }));
      const topics = [{ topic: this.#name, partitions: asked }];
      const { responses } = await this.#ask(nodeId, (b) => b.listOffsets({ isolationLevel, topics }));
      for (const { partition, offset } of responses[0]?.partitions ?? [])
        found.set(partition, Number(offset));
    }
    return found;
  }

  #byLeader(partitions: readonly number[]): Map<number, number[]> {
    const leaders = this.leaders();
    return Map.groupBy(partitions, (partition) => {
      const leader = leaders.get(partition);
      if (leader === undefined) throw new BrokerError(brokerFault.leaderNotAvailable);
      return leader;
    });
  }

  /** Waits up to maxWaitMs where nothing is there. All partitions should be led by the node. */
  fetch(nodeId: number, from: readonly FetchFrom[]): Promise<readonly FetchAnswer[]> {
    // Meanwhile the leaders known will do. Should it fail, so will something that is reported.
    if (performance.now() - this.#askedAtMs > maxAgeMs) this.refresh().catch(() => {});
    const bounds = { maxWaitMs, maxBytes: maxFetchBytes, maxPartitionBytes };
    return this.#ask(nodeId, (broker) => fetchRecords(broker, { topic: this.#name, from, ...bounds }));
  }

  /** What is on its way is given up. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sockets.close();
    await this.#cluster.disconnect().catch(() => {});
  }

  /** Connections that a call failed on are not used again: they may be dead without having said so. */
  async #ask<T>(nodeId: number, question: (broker: Broker) => Promise<T>): Promise<T> {
    const broker = await this.#cluster.findBroker({ nodeId });
    try {
      return await question(broker);
    } catch (error) {
      if (!isAnswer(error)) this.#forget(nodeId, broker);
      throw error;
    }
  }

  /** Calls still on their way over it end by themselves; one that failed before may have made a new one already. */
  #forget(nodeId: number, broker: Broker): void {
    if (this.#cluster.brokerPool.brokers[nodeId] === broker)
      this.#cluster.removeBroker(broker.connectionPool);
    broker.disconnect().catch(() => {});
  }
}
