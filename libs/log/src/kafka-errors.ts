/** Errors of kafkajs in our words: what the caller does next. The outermost cause that says something decides. */
import { ErrorCode, FencedError, InputError, PrecedeError, UnavailableError } from '@precede/contracts';
import { protocolErrors } from './kafka-client.ts';

/** Codes of the Kafka protocol that are acted on. */
export const brokerFault = {
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  duplicateSequenceNumber: 46,
  // kafkajs does not know it.
  producerFenced: 90,
} as const;

/** An error code that a broker answered with, under its name in the protocol. */
export class BrokerError extends Error {
  readonly code: number;
  readonly type: string;
  readonly retriable: boolean;

  constructor(code: number) {
    const known =
      code === brokerFault.producerFenced
        ? { type: 'PRODUCER_FENCED', message: 'A newer producer has the same id', retriable: false }
        : protocolErrors().find((e) => e.code === code);
    super(known?.message ?? `The broker answers with error ${code}.`);
    this.code = code;
    this.type = known?.type ?? 'UNKNOWN';
    this.retriable = known?.retriable ?? false;
  }
}

interface Foreign {
  readonly name?: string;
  readonly type?: string;
  readonly code?: number | string;
  readonly message?: string;
  readonly cause?: unknown;
  /** Of what kafkajs did to several topics at once. */
  readonly errors?: readonly unknown[];
  readonly retriable?: boolean;
}

const fencedTypes = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']);
const unknownTopicTypes = new Set(['UNKNOWN_TOPIC_OR_PARTITION']);
const refusedTypes = new Set(['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED']);
const tooLargeTypes = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** The error and what lies under it, outermost first. */
export function* causes(error: unknown): Generator<Foreign> {
  let next = error;
  for (let depth = 0; depth < 8 && typeof next === 'object' && next !== null; depth += 1) {
    yield next as Foreign;
    next = (next as Foreign).cause ?? (next as Foreign).errors?.[0];
  }
}

const hasType = (error: unknown, types: ReadonlySet<string>): boolean =>
  [...causes(error)].some(({ type }) => types.has(type ?? ''));

/** The error of a failed call to the log. `action` says what was tried: `send`, `commit`. */
export const toLogError = (error: unknown, action: string): PrecedeError => {
  if (error instanceof PrecedeError) return error;
  const chain = [...causes(error)];
  const why = chain[0]?.message ?? String(error);
  if (isFencing(error)) return new FencedError(`Another process has taken over (${action}: ${why})`, error);
  if (hasType(error, tooLargeTypes))
    return new InputError('', `A record is larger than the topic takes (${why}).`, ErrorCode.inputTooLarge);
  return new UnavailableError(ErrorCode.logUnavailable, `Kafka is unavailable (${action}: ${why}).`, error);
};

/** Whether a broker said so; anything else is trouble on the way to it. */
export const isAnswer = (error: unknown): boolean =>
  [...causes(error)].some(({ type }) => type !== undefined);

/** Whether the broker has no such topic (any more). */
export const isUnknownTopic = (error: unknown): boolean => hasType(error, unknownTopicTypes);

/** Whether the broker knows who asks and does not let them. */
export const isRefused = (error: unknown): boolean => hasType(error, refusedTypes);

/** Whether the broker knows a newer producer of the transactional id. */
export const isFencing = (error: unknown): boolean => hasType(error, fencedTypes);

const busyTypes = new Set(['CONCURRENT_TRANSACTIONS', 'UNSTABLE_OFFSET_COMMIT']);

/** Whether the broker is still at the end of the transaction before. */
export const isBusy = (error: unknown): boolean => hasType(error, busyTypes);

const lostTypes = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_PRODUCER_EPOCH',
]);

/** Whether the broker does not know the numbers of a plain producer (any more): it lost what it had acknowledged. */
export const isNumberingLost = (error: unknown): boolean => hasType(error, lostTypes);

/** Whether the same request may succeed later: broker or connection were away, or not yet what they are to be. */
export const isTransient = (error: unknown): boolean => {
  if (isBusy(error)) return true;
  // An answer of a broker says so itself; whatever else fails is trouble on the way.
  for (const { type, retriable } of causes(error)) if (type !== undefined) return retriable === true;
  return toLogError(error, '').retryable;
};
