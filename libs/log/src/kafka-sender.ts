/** An idempotent producer without transactions: each record is written once, in order, whatever fails meanwhile. */
import { Brokers } from './kafka-brokers.ts';
import { isNumberingLost } from './kafka-errors.ts';
import type { RecordSet } from './kafka-messages.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { initProducerId } from './kafka-wire.ts';
import { insist, Numbering, sendSets } from './kafka-writer.ts';

export class IdempotentSender {
  readonly #brokers: Brokers;
  #numbering: Numbering | undefined;

  constructor(options: KafkaAccess) {
    this.#brokers = new Brokers(options);
  }

  /**
   * Calls must not overlap. Tries until everything is acknowledged or `isWanted` is false. After a rejection some of
   * the records may have been written.
   */
  async send(sets: readonly RecordSet[], isWanted: () => boolean): Promise<void> {
    let left: readonly RecordSet[] = sets;
    while (left.length > 0) left = await this.#sendNumbered(left, isWanted);
  }

  close(): Promise<void> {
    return this.#brokers.drop();
  }

  /** Returns what is to be sent under new numbers: the broker has lost what it knew of the old ones. */
  async #sendNumbered(sets: readonly RecordSet[], isWanted: () => boolean): Promise<readonly RecordSet[]> {
    const isOver = (): boolean => !isWanted();
    this.#numbering ??= await this.#numbered(isOver);
    const { identity } = this.#numbering;
    const waiting = new Set(this.#numbering.take(sets));
    try {
      await insist(this.#brokers, () => sendSets(this.#brokers, identity, null, waiting), isOver);
    } catch (error) {
      // Numbers of what may or may not have been written must not be used for anything else.
      this.#numbering = undefined;
      if (!isNumberingLost(error) || isOver()) throw error;
    }
    return [...waiting];
  }

  #numbered(isOver: () => boolean): Promise<Numbering> {
    const init = async (): Promise<Numbering> => {
      const broker = await this.#brokers.any();
      return new Numbering(await initProducerId(broker, { transactionalId: null, timeoutMs: 0 }));
    };
    return insist(this.#brokers, init, isOver);
  }
}
