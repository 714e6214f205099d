/**
 * From a record set as the broker sent it to the records a reader of committed data may see, and the position after
 * it. Aborted transactions are left out by the rule of Kafka's protocol: an aborted producer's records count as
 * aborted from the transaction's first offset to its abort marker, and transactions may overlap. Pure.
 */
import type { TopicName } from '@precede/contracts';
import type { FetchedMessage, FetchedPartition } from './kafka-client.ts';
import type { LogRecord } from './port.ts';

export interface Fetched {
  readonly records: readonly LogRecord[];
  /** Everything before it has been seen, markers, aborted and compacted records included. */
  readonly position: number;
  /** The offset after the last record of the partition, committed or not. */
  readonly end: number;
  readonly bytes: number;
}

// The key of an end-of-transaction marker: version (int16), then 0 for abort and 1 for commit (int16).
const isAbortMarker = ({ isControlRecord, key }: FetchedMessage): boolean =>
  isControlRecord && key !== null && key.length >= 4 && key.readInt16BE(2) === 0;

type Aborted = NonNullable<FetchedPartition['abortedTransactions']>[number];

/** Says of each message in turn whether an aborted transaction wrote it. */
const abortedFilter = (transactions: readonly Aborted[]): ((message: FetchedMessage) => boolean) => {
  // The broker lists them by their end; what counts is where each begins.
  const begins = transactions
    .map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) }))
    .sort((a, b) => a.first - b.first);
  const open = new Set<string>();
  let next = 0;
  return (message) => {
    const offset = Number(message.offset);
    for (let begin = begins[next]; begin !== undefined && begin.first <= offset; begin = begins[next]) {
      open.add(begin.producerId);
      next += 1;
    }
    const { producerId, inTransaction } = message.batchContext;
    if (isAbortMarker(message)) open.delete(producerId);
    return inTransaction && open.has(producerId);
  };
};

const textOf = (value: Buffer | readonly Buffer[]): string =>
  (Buffer.isBuffer(value) ? value : value[value.length - 1])?.toString('utf8') ?? '';

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

const headersOf = (headers: FetchedMessage['headers']): Readonly<Record<string, string>> => {
  const names = Object.keys(headers);
  if (names.length === 0) return noHeaders;
  return Object.fromEntries(names.map((name) => [name, textOf(headers[name] ?? [])]));
};

const sizeOf = ({ key, value }: FetchedMessage): number => (key?.length ?? 0) + (value?.length ?? 0);

/** What was fetched from `offset` on. O(messages). */
export const readFetched = (topic: TopicName, offset: number, fetched: FetchedPartition): Fetched => {
  const isAborted = abortedFilter(fetched.abortedTransactions ?? []);
  const records: LogRecord[] = [];
  let position = offset;
  let bytes = 0;
  for (const message of fetched.messages) {
    const isHidden = isAborted(message) || message.isControlRecord;
    const at = Number(message.offset);
    // A broker sends whole batches: records before the offset asked for may lead.
    if (at < offset) continue;
    position = at + 1;
    if (isHidden) continue;
    bytes += sizeOf(message);
    records.push(recordOf(topic, fetched.partition, at, message));
  }
  return {
    records,
    position: Math.max(position, endOfBatches(fetched)),
    end: Number(fetched.highWatermark),
    bytes,
  };
};

/** Compaction may have taken the last records of a batch; its header still says where it ends. */
const endOfBatches = ({ messages }: FetchedPartition): number => {
  const context = messages[messages.length - 1]?.batchContext;
  return context === undefined ? 0 : Number(context.firstOffset) + context.lastOffsetDelta + 1;
};

const recordOf = (
  topic: TopicName,
  partition: number,
  offset: number,
  message: FetchedMessage,
): LogRecord => ({
  topic,
  partition,
  offset,
  appendTimeMs: Number(message.timestamp),
  key: message.key,
  value: message.value,
  headers: headersOf(message.headers),
});
