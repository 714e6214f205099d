/** Errors of kafkajs in our words: what the caller does next. The outermost cause that says something decides. */
import {
  ConfigError,
  ErrorCode,
  FencedError,
  InputError,
  PrecedeError,
  UnavailableError,
} from '@precede/contracts';

interface Foreign {
  readonly name?: string;
  readonly type?: string;
  readonly code?: number | string;
  readonly message?: string;
  readonly cause?: unknown;
}

// kafkajs does not know code 90 (PRODUCER_FENCED) by name.
const producerFenced = 90;
const fencedTypes = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']);
const tooLargeTypes = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

function* causes(error: unknown): Generator<Foreign> {
  let next = error;
  for (let depth = 0; depth < 8 && typeof next === 'object' && next !== null; depth += 1) {
    yield next as Foreign;
    next = (next as Foreign).cause;
  }
}

const isFenced = ({ type, code }: Foreign): boolean => fencedTypes.has(type ?? '') || code === producerFenced;

/** The error of a failed call to the log. `action` says what was tried: `send`, `commit`. */
export const toLogError = (error: unknown, action: string): PrecedeError => {
  if (error instanceof PrecedeError) return error;
  const chain = [...causes(error)];
  const why = chain[0]?.message ?? String(error);
  if (chain.some(isFenced))
    return new FencedError(`Another process has taken over (${action}: ${why})`, error);
  if (chain.some(({ type }) => tooLargeTypes.has(type ?? '')))
    return new InputError('', `A record is larger than the topic takes (${why}).`, ErrorCode.inputTooLarge);
  if (chain.some(({ name }) => name === 'KafkaJSSASLAuthenticationError'))
    return new ConfigError([`Kafka refuses the credentials: ${why}`]);
  return new UnavailableError(ErrorCode.logUnavailable, `Kafka is unavailable (${action}: ${why}).`, error);
};

/** Whether the broker says that the offset to read from is not kept (any more). */
export const isOutOfRange = (error: unknown): boolean =>
  [...causes(error)].some(({ type }) => type === 'OFFSET_OUT_OF_RANGE');

/** Whether the broker has written the batch before, longer ago than it keeps the place of. */
export const isDuplicate = (error: unknown): boolean =>
  [...causes(error)].some(({ type }) => type === 'DUPLICATE_SEQUENCE_NUMBER');

const lostTypes = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_PRODUCER_EPOCH',
]);

/** Whether the broker does not know the numbers of a producer (any more): it lost what it had acknowledged. */
export const isNumberingLost = (error: unknown): boolean =>
  [...causes(error)].some(({ type }) => lostTypes.has(type ?? ''));
