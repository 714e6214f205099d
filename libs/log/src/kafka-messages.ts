/** From outgoing records to requests: partitions named, sizes bounded. A request makes one record batch a partition. */
import { ErrorCode, InputError, type TopicName } from '@precede/contracts';
import type { BatchRecord } from './kafka-record-batch.ts';
import { maxRecordBytes, type PartitionCounts } from './kafka-topics.ts';
import { partitionOf } from './partition.ts';
import type { OutgoingRecord } from './port.ts';

export interface Outgoing {
  readonly topic: TopicName;
  readonly partition: number;
  readonly bytes: number;
  readonly record: BatchRecord;
}

/** What goes into one record batch: consecutive records of one partition. The topic has the prefix. */
export interface RecordSet {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly BatchRecord[];
}

// Room for headers' framing and the varints of a record.
const recordOverhead = 64;
export const maxBatchBytes = 1024 * 1024;
export const maxRequestBytes = 8 * 1024 * 1024;

const sizeOf = (record: OutgoingRecord): number => {
  let bytes = record.key.length + (record.value?.length ?? 0) + recordOverhead;
  if (record.headers === undefined) return bytes;
  for (const [name, value] of Object.entries(record.headers))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 8;
  return bytes;
};

const toOutgoing = (record: OutgoingRecord, count: number): Outgoing => {
  const bytes = sizeOf(record);
  if (bytes > maxRecordBytes)
    throw new InputError(
      '',
      `A record of ${bytes} bytes is too large for ${record.topic}.`,
      ErrorCode.inputTooLarge,
    );
  const partition = record.partition ?? partitionOf(record.partitionBy ?? record.key, count);
  if (partition < 0 || partition >= count)
    throw new InputError(
      '/partition',
      `${record.topic} has ${count} partitions, ${partition} is none of them.`,
    );
  return { topic: record.topic, partition, bytes, record };
};

/** Throws InputError where a record is too large, UnavailableError where a topic is missing. */
export const toAllOutgoing = async (
  records: readonly OutgoingRecord[],
  counts: PartitionCounts,
): Promise<readonly Outgoing[]> => {
  const topics = [...new Set(records.map((r) => r.topic))];
  const found = await Promise.all(topics.map((topic) => counts.of(topic)));
  const countOf = new Map(topics.map((topic, i) => [topic, found[i] ?? 1]));
  return records.map((record) => toOutgoing(record, countOf.get(record.topic) ?? 1));
};

interface OpenSet {
  readonly topic: TopicName;
  readonly partition: number;
  readonly records: BatchRecord[];
  bytes: number;
}

/** One request: as many of the records, in order, as a record batch of each partition and the request may hold. */
class RequestBuilder {
  readonly #prefix: string;
  readonly #sets = new Map<TopicName, (OpenSet | undefined)[]>();
  #bytes = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Whether the record was taken. An empty request takes any. */
  add({ topic, partition, bytes, record }: Outgoing): boolean {
    const set = this.#setOf(topic, partition);
    const isFull = set.bytes > 0 && set.bytes + bytes > maxBatchBytes;
    if (isFull || (this.#bytes > 0 && this.#bytes + bytes > maxRequestBytes)) return false;
    set.bytes += bytes;
    set.records.push(record);
    this.#bytes += bytes;
    return true;
  }

  build(): RecordSet[] {
    const sets = [...this.#sets.values()].flat().filter((set) => set !== undefined && set.bytes > 0);
    return (sets as OpenSet[]).map(({ topic, partition, records }) => ({
      topic: this.#prefix + topic,
      partition,
      records,
    }));
  }

  #setOf(topic: TopicName, partition: number): OpenSet {
    let sets = this.#sets.get(topic);
    if (sets === undefined) {
      sets = [];
      this.#sets.set(topic, sets);
    }
    const known = sets[partition];
    if (known !== undefined) return known;
    const set: OpenSet = { topic, partition, records: [], bytes: 0 };
    sets[partition] = set;
    return set;
  }
}

/** The requests that carry the records, in order. */
export const toRequests = (records: readonly Outgoing[], prefix: string): RecordSet[][] => {
  const requests: RecordSet[][] = [];
  let builder = new RequestBuilder(prefix);
  for (const record of records) {
    if (builder.add(record)) continue;
    requests.push(builder.build());
    builder = new RequestBuilder(prefix);
    builder.add(record);
  }
  if (records.length > 0) requests.push(builder.build());
  return requests;
};
