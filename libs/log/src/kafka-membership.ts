/**
 * Membership of a consumer group: which partitions are ours, and whether that still holds. kafkajs's consumer is kept
 * for this alone, with everything paused, so heartbeats go out steadily whatever a step or a restore takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import type { Consumer, Kafka } from 'kafkajs';
import { stickyAssigner } from './kafka-assignor.ts';
import { maxWaitMs } from './kafka-client.ts';
import { toLogError } from './kafka-errors.ts';

export interface MembershipOptions {
  readonly client: Kafka;
  /** Both with prefix. */
  readonly groupId: string;
  readonly topic: string;
  /** Ours from now on, until called again. */
  onAssigned(partitions: readonly number[]): void;
  onError(error: unknown): void;
}

// A killed member blocks its group for the session timeout.
const sessionTimeoutMs = 10_000;
const heartbeatMs = 500;
const longestPauseMs = 5_000;
const leaveWithinMs = 5_000;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #closing = new AbortController();
  #consumer: Consumer | undefined;
  #restart: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  #owned: readonly number[] = [];
  /** Offsets that the broker has taken, by partition; kafkajs resolves a commit also where it made none. */
  readonly #committed = new Map<number, string>();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Rejects where the brokers are away. */
  async start(): Promise<void> {
    try {
      await this.#join();
    } catch (error) {
      throw toLogError(error, `join ${this.#options.groupId}`);
    }
  }

  /** Resolves when the group has confirmed us after this call: a fenced owner that was replaced must not come back. */
  confirmed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Commits with our generation: rejected where the group has moved on. */
  async commit(partition: number, offset: number): Promise<void> {
    const { topic } = this.#options;
    this.#committed.delete(partition);
    await this.#consumer?.commitOffsets([{ topic, partition, offset: String(offset) }]);
    if (this.#committed.get(partition) !== String(offset))
      throw new UnavailableError(
        ErrorCode.logUnavailable,
        `The offset of ${topic}/${partition} was not committed.`,
      );
  }

  /** Leaves the group, so that it need not wait for us to expire. A broker that is away is not waited for. */
  async close(): Promise<void> {
    this.#closing.abort();
    const leave = async (): Promise<void> => {
      await this.#restart;
      await this.#consumer?.disconnect().catch(() => {});
    };
    await Promise.race([leave(), sleep(leaveWithinMs, undefined, { ref: false })]);
  }

  async #join(): Promise<void> {
    const { client, groupId, topic } = this.#options;
    const consumer = client.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: 30_000,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: maxWaitMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [stickyAssigner(topic, () => this.#owned)],
      // A member that comes back within its session takes up its place at once; a new one waits for the old to expire.
      // After that there is one way back from all crashes: a new consumer, by us.
      retry: {
        initialRetryTime: 200,
        multiplier: 1.5,
        maxRetryTime: 1_000,
        retries: 10,
        restartOnFailure: async () => false,
      },
    });
    this.#consumer = consumer;
    this.#listen(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: async () => {} });
    } catch (error) {
      await consumer.disconnect().catch(() => {});
      throw error;
    }
  }

  #listen(consumer: Consumer): void {
    const { topic, onAssigned } = this.#options;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      consumer.pause([{ topic }]);
      if (consumer === this.#consumer) {
        this.#owned = payload.memberAssignment[topic] ?? [];
        onAssigned(this.#owned);
      }
      this.#confirm();
    });
    consumer.on(consumer.events.HEARTBEAT, () => this.#confirm());
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      for (const { partitions } of payload.topics)
        for (const { partition, offset } of partitions)
          this.#committed.set(Number(partition), String(offset));
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#crashed(consumer, payload.error));
  }

  #confirm(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #crashed(consumer: Consumer, error: unknown): void {
    if (consumer !== this.#consumer || this.#closing.signal.aborted) return;
    // Partitions stay open until the group says otherwise: whoever gets one meanwhile fences us.
    this.#options.onError(toLogError(error, 'consume'));
    this.#restart = this.#rejoin();
  }

  async #rejoin(): Promise<void> {
    const { signal } = this.#closing;
    for (let pauseMs = 100; !signal.aborted; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
      try {
        await sleep(pauseMs, undefined, { signal });
        return await this.#join();
      } catch (error) {
        if (!signal.aborted) this.#options.onError(toLogError(error, 'consume'));
      }
  }
}
