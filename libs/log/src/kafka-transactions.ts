/** A transactional producer of one id: all of a call's records, and an offset if given, or nothing. Calls are serial. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer, Transaction } from 'kafkajs';
import { type Outgoing, toRequests } from './kafka-messages.ts';

export interface Offset {
  readonly groupId: string;
  /** With prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

// kafkajs's own pace (300 ms, doubling) waits out the end of the last transaction at 338 ms a piece; this one at 3 ms.
const fastRetry = { initialRetryTime: 5, factor: 0.1, multiplier: 1.2, maxRetryTime: 100, retries: 200 };
const transactionTimeoutMs = 30_000;
const mostOffsetAttempts = 100;

export class Transactions {
  readonly #producer: Producer;
  readonly #prefix: string;
  #isBroken = false;

  private constructor(producer: Producer, prefix: string) {
    this.#producer = producer;
    this.#prefix = prefix;
  }

  /** Fences every earlier producer of the id and aborts what it left open. `id` and topics get the prefix. */
  static async open(client: Kafka, prefix: string, id: string): Promise<Transactions> {
    const producer = client.producer({
      transactionalId: prefix + id,
      transactionTimeout: transactionTimeoutMs,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => named,
      retry: fastRetry,
    });
    try {
      await producer.connect();
      // kafkajs takes its producer id, and so fences, when the first transaction begins.
      await (await producer.transaction()).abort();
      return new Transactions(producer, prefix);
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw error;
    }
  }

  /** A rejection before the commit was sent has written nothing; after it, either all or nothing. */
  async run(records: readonly Outgoing[], offset?: Offset): Promise<void> {
    if (records.length === 0 && offset === undefined) return;
    const transaction = await this.#producer.transaction();
    try {
      // Offsets second: while the coordinator is still ending the last transaction kafkajs repeats sends only.
      for (const topicMessages of toRequests(records, this.#prefix))
        await transaction.sendBatch({ topicMessages });
      if (offset !== undefined) await sendOffset(transaction, offset);
    } catch (error) {
      await this.#end(() => transaction.abort()).catch(() => {});
      throw error;
    }
    await this.#end(() => transaction.commit());
  }

  /** Whether a transaction could not be ended: only a new producer of the id can go on. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  async #end(end: () => Promise<void>): Promise<void> {
    this.#isBroken = true;
    await end();
    this.#isBroken = false;
  }

  close(): Promise<void> {
    return this.#producer.disconnect().catch(() => {});
  }
}

const sendOffset = async (
  transaction: Transaction,
  { groupId, topic, partition, offset }: Offset,
): Promise<void> => {
  const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }];
  for (let attempt = 1; ; attempt += 1)
    try {
      return await transaction.sendOffsets({ consumerGroupId: groupId, topics });
    } catch (error) {
      const isBusy = (error as { type?: string }).type === 'CONCURRENT_TRANSACTIONS';
      if (!isBusy || attempt > mostOffsetAttempts) throw error;
      await sleep(Math.min(5 * attempt, 100));
    }
};

/** Every message names its partition. */
const named = ({ message }: { message: { partition?: number } }): number => message.partition ?? 0;
