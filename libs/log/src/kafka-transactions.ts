/**
 * A transactional producer of one id: all of a call's records, and an offset if given, or nothing. Calls are serial.
 * Every step is tried again over new connections as long as the transaction lives: each means the same when it is
 * repeated.
 */
import { FencedError } from '@precede/contracts';
import { Brokers } from './kafka-brokers.ts';
import { isBusy, isFencing } from './kafka-errors.ts';
import { type Outgoing, toRequests } from './kafka-messages.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { type Identity, initProducerId, type TopicPartition } from './kafka-wire.ts';
import { type IsOver, insist, Numbering, sendSets } from './kafka-writer.ts';

export interface Offset extends TopicPartition {
  readonly groupId: string;
  readonly offset: number;
}

// The coordinator aborts by itself what is still open after it.
const transactionTimeoutMs = 60_000;
const stepsWithinMs = 25_000;
const endWithinMs = 25_000;
const openWithinMs = 60_000;
const resetWithinMs = 1_000;

type State = 'ready' | 'dirty' | 'unknown';

export class Transactions {
  readonly #brokers: Brokers;
  readonly #prefix: string;
  readonly #id: string;
  readonly #signal: AbortSignal | undefined;
  #numbering: Numbering;
  #state: State = 'ready';

  private constructor(
    brokers: Brokers,
    prefix: string,
    id: string,
    numbering: Numbering,
    signal: AbortSignal | undefined,
  ) {
    this.#brokers = brokers;
    this.#prefix = prefix;
    this.#id = id;
    this.#numbering = numbering;
    this.#signal = signal;
  }

  /**
   * Fences every earlier producer of the id and ends what it left open. `id` and topics get the prefix. Once `signal`
   * is aborted, each step gets one attempt, so that a broker that is away holds nobody up.
   */
  static async open(options: KafkaAccess, id: string, signal?: AbortSignal): Promise<Transactions> {
    const prefix = options.topicPrefix;
    const brokers = new Brokers(options);
    const transactionalId = prefix + id;
    const deadlineMs = performance.now() + openWithinMs;
    const isOver = (): boolean => signal?.aborted === true || performance.now() > deadlineMs;
    try {
      const numbering = await identify(brokers, { transactionalId }, isOver);
      return new Transactions(brokers, prefix, transactionalId, numbering, signal);
    } catch (error) {
      await brokers.drop();
      throw error;
    }
  }

  /**
   * A rejection before the commit was sent has written nothing; after it (`isUnknown`), either all or nothing. Once
   * `untilMs` (of performance.now) is over no step before the commit is tried again; the commit itself has its own time.
   */
  async run(
    records: readonly Outgoing[],
    offset?: Offset,
    untilMs = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    if (records.length === 0 && offset === undefined) return;
    const steps = this.#deadline(Math.min(stepsWithinMs, untilMs - performance.now()));
    if (this.#state !== 'ready') await this.#reset(steps);
    try {
      await this.#write(records, offset, steps);
    } catch (error) {
      this.#state = 'dirty';
      const isOwner = !isFencing(error) && this.#signal?.aborted !== true;
      if (isOwner) await this.#reset(this.#deadline(resetWithinMs)).catch(() => {});
      throw error;
    }
    this.#state = 'unknown';
    await this.#commit();
    this.#state = 'ready';
  }

  /**
   * Ends once more what an earlier producer of the id has left open although the coordinator counts it as ended: with an
   * empty transaction over the same partitions, since a marker ends all that its producer id has open. It is a commit:
   * the offset is written last, so where it waits for its marker the transaction is whole.
   */
  async settle(partitions: readonly TopicPartition[], groupId: string): Promise<void> {
    const steps = this.#deadline(stepsWithinMs);
    const prefix = this.#prefix;
    const named = partitions.map(({ topic, partition }) => ({ topic: prefix + topic, partition }));
    if (named.length > 0) await insist(this.#brokers, () => this.#addPartitions(named), steps);
    await insist(this.#brokers, () => this.#addOffset({ groupId }), steps);
    await this.#commit();
  }

  /** Whether the last call's commit was sent and not answered. */
  get isUnknown(): boolean {
    return this.#state === 'unknown';
  }

  async close(): Promise<void> {
    await this.#brokers.drop();
  }

  async #write(records: readonly Outgoing[], offset: Offset | undefined, isOver: IsOver): Promise<void> {
    const requests = toRequests(records, this.#prefix);
    if (requests.length > 0) await insist(this.#brokers, () => this.#addPartitions(requests.flat()), isOver);
    if (offset !== undefined) await insist(this.#brokers, () => this.#addOffset(offset), isOver);
    for (const request of requests) {
      const waiting = new Set(this.#numbering.take(request));
      await insist(this.#brokers, () => sendSets(this.#brokers, this.#id, waiting), isOver);
    }
    if (offset !== undefined) await insist(this.#brokers, () => this.#commitOffset(offset), isOver);
  }

  get #named(): { transactionalId: string; producerId: string; producerEpoch: number } {
    const { producerId, producerEpoch } = this.#numbering.identity;
    return { transactionalId: this.#id, producerId: String(producerId), producerEpoch };
  }

  async #addPartitions(sets: readonly TopicPartition[]): Promise<void> {
    const coordinator = await this.#brokers.coordinator('transaction', this.#id);
    const byTopic = Map.groupBy(sets, ({ topic }) => topic);
    const topics = [...byTopic].map(([topic, own]) => ({
      topic,
      partitions: [...new Set(own.map(({ partition }) => partition))],
    }));
    await coordinator.addPartitionsToTxn({ ...this.#named, topics });
  }

  async #addOffset({ groupId }: Pick<Offset, 'groupId'>): Promise<void> {
    const coordinator = await this.#brokers.coordinator('transaction', this.#id);
    await coordinator.addOffsetsToTxn({ ...this.#named, groupId });
  }

  async #commitOffset({ groupId, topic, partition, offset }: Offset): Promise<void> {
    const coordinator = await this.#brokers.coordinator('group', groupId);
    const topics = [{ topic, partitions: [{ partition, offset: String(offset) }] }];
    await coordinator.txnOffsetCommit({ ...this.#named, groupId, topics });
  }

  #commit(): Promise<void> {
    const end = async (): Promise<void> => {
      const coordinator = await this.#brokers.coordinator('transaction', this.#id);
      await coordinator.endTxn({ ...this.#named, transactionResult: true });
    };
    return insist(this.#brokers, end, this.#deadline(endWithinMs));
  }

  /** Ends what is open and begins the numbers anew under the next epoch, unless somebody else has the id by now. */
  async #reset(isOver: IsOver): Promise<void> {
    if (this.#state === 'unknown') throw new FencedError('The end of the last transaction is not known.');
    const current = this.#numbering.identity;
    this.#numbering = await identify(this.#brokers, { transactionalId: this.#id, current }, isOver);
    this.#state = 'ready';
  }

  #deadline(withinMs: number): IsOver {
    const atMs = performance.now() + withinMs;
    return (error) => performance.now() > atMs || (this.#signal?.aborted === true && !isBusy(error));
  }
}

/** Under a new identity, or, where the current one is given, under its next epoch. */
const identify = (
  brokers: Brokers,
  of: { readonly transactionalId: string; readonly current?: Identity },
  isOver: IsOver,
): Promise<Numbering> => {
  const init = async (): Promise<Numbering> => {
    const coordinator = await brokers.coordinator('transaction', of.transactionalId);
    return new Numbering(await initProducerId(coordinator, { ...of, timeoutMs: transactionTimeoutMs }));
  };
  return insist(brokers, init, isOver);
};
