/**
 * From a record set as the broker sent it to the records a reader of committed data may see, and the position after
 * it. Aborted transactions are left out by the rule of Kafka's protocol: an aborted producer's records count as
 * aborted from the transaction's first offset to its abort marker, and transactions may overlap. Pure.
 */
import type { TopicName } from '@precede/contracts';
import { type BatchHead, batchesOf, isAbortMarker, readRecords } from './kafka-record-set.ts';
import type { LogRecord } from './port.ts';

/** A record set as the broker sent it; control records and aborted ones are still in. */
export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: number;
  /** Before it no transaction is open; committed readers get nothing from it on. */
  readonly lastStableOffset: number;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
  readonly recordSet: Buffer;
}

export interface Fetched {
  /** How many records the batches had when they were written: at least as many as `read` gives. */
  readonly count: number;
  /** Makes the records, each time anew. Left to whoever takes them: until then they are a few large buffers. */
  read(): readonly LogRecord[];
  /** Everything before it has been seen, markers, aborted and compacted records included. */
  readonly position: number;
  /** The offset after the last record of the partition, committed or not. */
  readonly end: number;
  /** Of what `read` reads, as it came. */
  readonly bytes: number;
}

/** Says of each batch in turn whether an aborted transaction wrote it. */
const abortedFilter = (
  set: Buffer,
  transactions: FetchedPartition['aborted'],
): ((batch: BatchHead) => boolean) => {
  // The broker lists them by their end; what counts is where each begins.
  const begins = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<bigint>();
  let next = 0;
  return (batch) => {
    for (
      let begin = begins[next];
      begin !== undefined && begin.firstOffset < batch.endOffset;
      begin = begins[next]
    ) {
      open.add(begin.producerId);
      next += 1;
    }
    if (batch.isControl && isAbortMarker(set, batch)) open.delete(batch.producerId);
    return batch.isTransactional && open.has(batch.producerId);
  };
};

/**
 * What was fetched from `offset` on. O(bytes), for their checksums; `read` makes the records. Both throw
 * PRECEDE_RECORD_UNREADABLE: the one for what may have been damaged on its way, the other for what was written so.
 */
export const readFetched = (topic: TopicName, offset: number, fetched: FetchedPartition): Fetched => {
  const { recordSet, partition } = fetched;
  const isAborted = abortedFilter(recordSet, fetched.aborted);
  const visible: BatchHead[] = [];
  let position = offset;
  let count = 0;
  let bytes = 0;
  for (const batch of batchesOf(recordSet)) {
    const isHidden = isAborted(batch) || batch.isControl;
    position = Math.max(position, batch.endOffset);
    if (isHidden) continue;
    visible.push(batch);
    count += batch.count;
    bytes += batch.end - batch.start;
  }
  const read = (): LogRecord[] => {
    const records: LogRecord[] = [];
    // A broker sends whole batches: records before the offset asked for may lead.
    for (const batch of visible) readRecords(recordSet, batch, offset, topic, partition, records);
    return records;
  };
  return { count, read, position, end: fetched.highWatermark, bytes };
};
