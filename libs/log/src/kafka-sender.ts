/**
 * An idempotent producer: each record is written once, in order, whatever fails meanwhile. A record batch is numbered
 * when it is first sent, and sent again under its number until the broker has acknowledged it, over as many
 * connections as that takes; the broker drops what it has already. kafkajs's own producer gives up its numbers with
 * its connection, and what was written without an answer is then written again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, TopicMessages } from 'kafkajs';
import { type Broker, type Cluster, createCluster, type ProduceBatch } from './kafka-client.ts';
import { isDuplicate, isNumberingLost, toLogError } from './kafka-errors.ts';
import type { KafkaAccess } from './kafka-options.ts';

interface Batch extends ProduceBatch {
  readonly topic: string;
}

/** What the broker knows a producer by. */
interface Identity {
  readonly producerId: string;
  readonly producerEpoch: number;
}

const acksOfAll = -1;
const writeTimeoutMs = 10_000;
const firstPauseMs = 50;
const longestPauseMs = 1_000;
// Sequence numbers are 31 bits and begin again.
const sequenceSpan = 2 ** 31;

export class IdempotentSender {
  readonly #options: KafkaAccess;
  readonly #next = new Map<string, number>();
  #cluster: Cluster | undefined;
  #identity: Identity | undefined;

  constructor(options: KafkaAccess) {
    this.#options = options;
  }

  /**
   * Calls must not overlap. Tries until everything is acknowledged or `isWanted` is false; every message names its
   * partition. After a rejection some of the messages may have been written.
   */
  async send(topicMessages: readonly TopicMessages[], isWanted: () => boolean): Promise<void> {
    let waiting: readonly Batch[] | undefined;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
      try {
        const cluster = await this.#connected(topicMessages);
        await this.#identified(cluster);
        waiting ??= this.#numbered(topicMessages.flatMap(batchesOf));
        return await this.#sendAll(cluster, waiting);
      } catch (error) {
        waiting = await this.#failed(error, waiting, isWanted);
        await sleep(pauseMs);
      }
  }

  close(): Promise<void> {
    return this.#disconnect();
  }

  async #connected(topicMessages: readonly TopicMessages[]): Promise<Cluster> {
    if (this.#cluster === undefined) {
      const cluster = createCluster(this.#options);
      this.#cluster = cluster;
      await cluster.connect();
    }
    await this.#cluster.addMultipleTargetTopics(topicMessages.map(({ topic }) => topic));
    await this.#cluster.refreshMetadataIfNecessary();
    return this.#cluster;
  }

  async #identified(cluster: Cluster): Promise<Identity> {
    this.#identity ??= await (await cluster.findControllerBroker()).initProducerId({
      transactionalId: undefined,
      transactionTimeout: 0,
    });
    return this.#identity;
  }

  #numbered(batches: readonly Omit<Batch, 'firstSequence'>[]): Batch[] {
    return batches.map(({ topic, partition, messages }) => {
      const key = `${topic}/${partition}`;
      const firstSequence = this.#next.get(key) ?? 0;
      this.#next.set(key, (firstSequence + messages.length) % sequenceSpan);
      return { topic, partition, messages, firstSequence };
    });
  }

  /** Rejects with PartFailed. */
  async #sendAll(cluster: Cluster, batches: readonly Batch[]): Promise<void> {
    const byLeader = Map.groupBy(batches, (batch) => leaderOf(cluster, batch));
    const left = new Set(batches);
    const sent = await Promise.allSettled(
      [...byLeader].map(async ([nodeId, led]) => {
        await this.#sendTo(await cluster.findBroker({ nodeId }), led);
        for (const batch of led) left.delete(batch);
      }),
    );
    const failure = sent.find((s) => s.status === 'rejected');
    if (failure !== undefined) throw new PartFailed(failure.reason, [...left]);
  }

  async #sendTo(broker: Broker, batches: readonly Batch[]): Promise<void> {
    const identity = this.#identity as Identity;
    const topics = Map.groupBy(batches, ({ topic }) => topic);
    const topicData = [...topics].map(([topic, partitions]) => ({ topic, partitions }));
    try {
      await broker.produce({ ...identity, acks: acksOfAll, timeout: writeTimeoutMs, topicData });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      // Written long ago. kafkajs tells of the first fault only, so that each must be asked for alone.
      if (batches.length > 1) for (const batch of batches) await this.#sendTo(broker, [batch]);
    }
  }

  /** What is still to be sent, or a rejection. */
  async #failed(
    error: unknown,
    waiting: readonly Batch[] | undefined,
    isWanted: () => boolean,
  ): Promise<readonly Batch[] | undefined> {
    const [cause, left] = error instanceof PartFailed ? [error.cause, error.left] : [error, waiting];
    await this.#disconnect();
    const isLost = isNumberingLost(cause);
    const known = toLogError(cause, 'send');
    const isOver = !isWanted() || (!known.retryable && !isLost);
    // Numbers of what may or may not have been written must not be used for anything else.
    if (isOver || isLost) this.#forget();
    if (isOver) throw known;
    if (!isLost || left === undefined) return left;
    return this.#numbered(left);
  }

  #forget(): void {
    this.#identity = undefined;
    this.#next.clear();
  }

  async #disconnect(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.disconnect().catch(() => {});
  }
}

/** Some brokers have acknowledged their part, others have not. */
class PartFailed extends Error {
  readonly left: readonly Batch[];

  constructor(cause: unknown, left: readonly Batch[]) {
    super('Some batches were not acknowledged.', { cause });
    this.left = left;
  }
}

const batchesOf = ({ topic, messages }: TopicMessages): Omit<Batch, 'firstSequence'>[] =>
  [...Map.groupBy(messages, (message: Message) => message.partition ?? 0)].map(([partition, own]) => ({
    topic,
    partition,
    messages: own,
  }));

const leaderOf = (cluster: Cluster, { topic, partition }: Batch): number => {
  const found = cluster.findTopicPartitionMetadata(topic).find((p) => p.partitionId === partition);
  if (found === undefined || found.leader < 0)
    throw new Error(`partition ${partition} of ${topic} has no leader`);
  return found.leader;
};
