/**
 * What plain and transactional producers share: an identity and the sequence numbers of each partition under it; and
 * for transactions, sets of records that keep their number until the broker has acknowledged them, over as many
 * connections as that takes. The broker drops what it has already. kafkajs's own producer gives up its numbers with its
 * connection, and what was written without an answer is then written again, or, at the same number, not at all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Brokers } from './kafka-brokers.ts';
import type { Broker } from './kafka-client.ts';
import { BrokerError, brokerFault, isBusy, isTransient } from './kafka-errors.ts';
import type { RecordSet } from './kafka-messages.ts';
import { type Identity, type NumberedSet, nameOf, produce } from './kafka-wire.ts';

// Sequence numbers are 31 bits and begin again.
const sequenceSpan = 2 ** 31;

export class Numbering {
  readonly identity: Identity;
  readonly #next = new Map<string, number>();

  constructor(identity: Identity) {
    this.identity = identity;
  }

  take(sets: readonly RecordSet[]): NumberedSet[] {
    return sets.map((set) => {
      const key = nameOf(set);
      const firstSequence = this.#next.get(key) ?? 0;
      this.#next.set(key, (firstSequence + set.records.length) % sequenceSpan);
      return { ...set, identity: this.identity, firstSequence };
    });
  }
}

/** Sends the sets at once, each to its leader. Acknowledged ones leave `waiting`; rejects while some are left. */
export const sendSets = async (
  brokers: Brokers,
  transactionalId: string,
  waiting: Set<NumberedSet>,
): Promise<void> => {
  const byLeader = await brokers.byLeader([...waiting]);
  const send = async (broker: Broker, sets: readonly NumberedSet[]): Promise<void> => {
    const codes = await produce(broker, { transactionalId, sets });
    const faults = [...codes].filter(([, code]) => !isWritten(code));
    for (const [set, code] of codes) if (isWritten(code)) waiting.delete(set);
    const [worst] = faults.map(([, code]) => new BrokerError(code)).sort(byGravity);
    if (worst !== undefined) throw worst;
  };
  const sent = await Promise.allSettled([...byLeader].map(([broker, sets]) => send(broker, sets)));
  const failures = sent.filter((s) => s.status === 'rejected').map((s) => s.reason as unknown);
  if (failures.length > 0) throw failures.find((f) => !isTransient(f)) ?? failures[0];
};

/** Whether the broker's code says that it has the records: also where it was written so long ago that the broker no longer knows its place. */
export const isWritten = (code: number): boolean =>
  code === 0 || code === brokerFault.duplicateSequenceNumber;

const byGravity = (a: BrokerError, b: BrokerError): number => Number(isTransient(a)) - Number(isTransient(b));

const firstPauseMs = 50;
const longestPauseMs = 1_000;
const busyPauseMs = 3;
const longestBusyPauseMs = 100;

/** Whether to give up after a failure that may pass. */
export type IsOver = (error: unknown) => boolean;

/**
 * Tries again, over new connections, what fails for a while only, until `isOver`. A coordinator that is busy with the
 * transaction before is asked again at a quick pace.
 */
export const insist = async <T>(
  brokers: Pick<Brokers, 'drop'>,
  attempt: () => Promise<T>,
  isOver: IsOver,
): Promise<T> => {
  let pauseMs = firstPauseMs;
  for (let busy = 1; ; )
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || isOver(error)) throw error;
      if (isBusy(error)) {
        await sleep(Math.min(busyPauseMs * busy, longestBusyPauseMs));
        busy += 1;
        continue;
      }
      await brokers.drop();
      await sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
};
