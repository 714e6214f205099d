/**
 * The committed offset that an owner begins at. A transaction that holds another one is waited for: earlier owners are
 * fenced, so it is about to end. One that still holds it after a while has ended without its partitions being told, and
 * nobody will tell them: Kafka 4.3 leaves out a partition that has no leader at that moment, as all of them on a single
 * broker that stops in order. Such a transaction is settled by us.
 */
import { ErrorCode, UnavailableError } from '@precede/contracts';
import type { Brokers } from './kafka-brokers.ts';
import { isBusy, toLogError } from './kafka-errors.ts';
import { insist } from './kafka-writer.ts';

export interface CommittedQuestion {
  readonly brokers: Pick<Brokers, 'drop'>;
  /** As messages name the partition. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Asks once. */
  ask(): Promise<number>;
  /** Ends once more what an earlier owner has left open. */
  settle(): Promise<void>;
  report(error: unknown): void;
}

// A coordinator that is away is asked again much more often than that.
const reportEveryMs = 5_000;
const settleAfterMs = 5_000;

/** Waits through an outage; rejects when aborted, or where the partition cannot be settled. */
export const committedOffset = async (
  question: CommittedQuestion,
  afterMs = settleAfterMs,
): Promise<number> => {
  for (;;)
    try {
      return await patiently(question, afterMs);
    } catch (error) {
      if (!isBusy(error) || question.signal.aborted) throw error;
      question.report(heldError(question.name, error));
      await question.settle();
    }
};

/** Rejects with what is busy once it has been so for `busyMs`. */
const patiently = ({ brokers, signal, ask, report }: CommittedQuestion, busyMs: number): Promise<number> => {
  let busyUntilMs: number | undefined;
  let quietUntilMs = 0;
  return insist(brokers, ask, (error) => {
    const nowMs = performance.now();
    if (signal.aborted) return true;
    if (isBusy(error)) {
      busyUntilMs ??= nowMs + busyMs;
      return nowMs >= busyUntilMs;
    }
    if (nowMs >= quietUntilMs) {
      quietUntilMs = nowMs + reportEveryMs;
      report(toLogError(error, 'committed offset'));
    }
    return false;
  });
};

const heldError = (name: string, cause: unknown): UnavailableError =>
  new UnavailableError(
    ErrorCode.logHeld,
    `Kafka has ended a transaction and not told ${name}: its offset is still held. It is ended once more.`,
    cause,
  );
