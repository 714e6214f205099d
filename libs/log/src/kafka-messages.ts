/** From outgoing records to requests: partitions named, sizes bounded. A request makes one record batch a partition. */
import { ErrorCode, InputError, type TopicName } from '@precede/contracts';
import type { Message, TopicMessages } from 'kafkajs';
import { maxRecordBytes, type PartitionCounts } from './kafka-topics.ts';
import { partitionOf } from './partition.ts';
import type { OutgoingRecord } from './port.ts';

export interface Outgoing {
  readonly topic: TopicName;
  readonly partition: number;
  readonly bytes: number;
  readonly message: Message;
}

// Room for headers' framing and the varints of a record.
const recordOverhead = 64;
const maxBatchBytes = 1024 * 1024;
const maxRequestBytes = 8 * 1024 * 1024;

const sizeOf = (record: OutgoingRecord): number => {
  let bytes = record.key.length + (record.value?.length ?? 0) + recordOverhead;
  for (const [name, value] of Object.entries(record.headers ?? {}))
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
  // kafkajs would leave out, silently, what belongs to a partition that is not there.
  if (partition < 0 || partition >= count)
    throw new InputError(
      '/partition',
      `${record.topic} has ${count} partitions, ${partition} is none of them.`,
    );
  const { key, value, headers } = record;
  const message = { key, value, partition, ...(headers === undefined ? {} : { headers: { ...headers } }) };
  return { topic: record.topic, partition, bytes, message };
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

/** One request: as many of the records, in order, as a record batch of each partition and the request may hold. */
export class RequestBuilder {
  readonly #prefix: string;
  readonly #topics = new Map<TopicName, Message[]>();
  readonly #batchBytes = new Map<string, number>();
  #bytes = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Whether the record was taken. An empty request takes any. */
  add({ topic, partition, bytes, message }: Outgoing): boolean {
    const batch = `${topic}/${partition}`;
    const batchBytes = (this.#batchBytes.get(batch) ?? 0) + bytes;
    const isFull = batchBytes > maxBatchBytes && batchBytes > bytes;
    if (isFull || (this.#bytes > 0 && this.#bytes + bytes > maxRequestBytes)) return false;
    this.#batchBytes.set(batch, batchBytes);
    this.#bytes += bytes;
    const messages = this.#topics.get(topic);
    if (messages === undefined) this.#topics.set(topic, [message]);
    else messages.push(message);
    return true;
  }

  build(): TopicMessages[] {
    return [...this.#topics].map(([topic, messages]) => ({ topic: this.#prefix + topic, messages }));
  }
}

/** The requests that carry the records, in order. */
export const toRequests = (records: readonly Outgoing[], prefix: string): TopicMessages[][] => {
  const requests: TopicMessages[][] = [];
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
