/**
 * Requests that kafkajs has not, or not in the version that is needed, sent over its connections: what was written by
 * each partition's own error, producer ids that know their epoch (KIP-360), committed offsets that are stable
 * (KIP-447), and fetches that leave their record sets as they are. Source: the Kafka protocol guide. The versions are
 * those of Kafka 2.5 and later.
 */
import { type Broker, createDecoder, createEncoder, type Decoder, type Encoder } from './kafka-client.ts';
import { BrokerError, brokerFault } from './kafka-errors.ts';
import type { FetchedPartition } from './kafka-fetched.ts';
import type { RecordSet } from './kafka-messages.ts';
import { encodeRecordBatch } from './kafka-record-batch.ts';

/** What the broker knows a producer by. */
export interface Identity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Consecutive records of one partition under their sequence number: sent again, they are the same to the broker. */
export interface NumberedSet extends RecordSet {
  readonly identity: Identity;
  readonly firstSequence: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** As a key of maps. */
export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

interface Call<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly body: Encoder;
  read(decoder: Decoder): T;
}

const call = <T>(broker: Broker, { apiKey, apiVersion, apiName, body, read }: Call<T>): Promise<T> =>
  broker.connectionPool.send({
    request: { apiKey, apiVersion, apiName, encode: async () => body },
    response: { decode: async (raw) => read(createDecoder(raw)), parse: async (data) => data },
  }) as Promise<T>;

/** Throws BrokerError unless the code is 0. */
const check = (code: number): void => {
  if (code !== 0) throw new BrokerError(code);
};

const noIdentity: Identity = { producerId: -1n, producerEpoch: -1 };

export interface InitProducerId {
  readonly transactionalId: string | null;
  readonly timeoutMs: number;
  /** Given, the broker raises the epoch only if nobody else has taken the id over meanwhile. */
  readonly current?: Identity;
}

export const initProducerId = (broker: Broker, request: InitProducerId): Promise<Identity> => {
  const { producerId, producerEpoch } = request.current ?? noIdentity;
  const body = createEncoder()
    .writeUVarInt(0)
    .writeUVarIntString(request.transactionalId)
    .writeInt32(request.timeoutMs)
    .writeInt64(String(producerId))
    .writeInt16(producerEpoch)
    .writeUVarInt(0);
  return call(broker, {
    apiKey: 22,
    apiVersion: 3,
    apiName: 'InitProducerId',
    body,
    read: (decoder) => {
      decoder.readTaggedFields();
      decoder.readInt32();
      check(decoder.readInt16());
      return { producerId: BigInt(decoder.readInt64().toString()), producerEpoch: decoder.readInt16() };
    },
  });
};

/** The committed offset, -1 where none is. Rejects with UNSTABLE_OFFSET_COMMIT while a transaction holds another. */
export const fetchCommitted = (
  broker: Broker,
  groupId: string,
  { topic, partition }: TopicPartition,
): Promise<number> => {
  const body = createEncoder()
    .writeUVarInt(0)
    .writeUVarIntString(groupId)
    .writeUVarInt(2)
    .writeUVarIntString(topic)
    .writeUVarInt(2)
    .writeInt32(partition)
    .writeUVarInt(0)
    .writeBoolean(true)
    .writeUVarInt(0);
  return call(broker, {
    apiKey: 9,
    apiVersion: 7,
    apiName: 'OffsetFetch',
    body,
    read: (decoder) => {
      decoder.readTaggedFields();
      decoder.readInt32();
      const topics = decoder.readUVarIntArray(readOffsetsOfTopic) ?? [];
      check(decoder.readInt16());
      const found = topics[0]?.find((p) => p.partition === partition);
      // An answer that leaves the partition out does not say that nothing was committed.
      if (found === undefined) throw new BrokerError(brokerFault.unknownTopicOrPartition);
      check(found.code);
      return found.offset;
    },
  });
};

const readOffsetsOfTopic = (decoder: Decoder) => {
  decoder.readUVarIntString();
  const partitions = decoder.readUVarIntArray((d) => {
    const partition = d.readInt32();
    const offset = Number(d.readInt64().toString());
    d.readInt32();
    d.readUVarIntString();
    const code = d.readInt16();
    d.readTaggedFields();
    return { partition, offset, code };
  });
  decoder.readTaggedFields();
  return partitions ?? [];
};

export interface Produce {
  readonly transactionalId: string | null;
  /** Each partition at most once. */
  readonly sets: readonly NumberedSet[];
}

const acksOfAll = -1;
const writeTimeoutMs = 10_000;

/** The broker's error code of each set, 0 where it was written. */
export const produce = async (broker: Broker, request: Produce): Promise<Map<NumberedSet, number>> => {
  const codes = await call(broker, {
    apiKey: 0,
    apiVersion: 3,
    apiName: 'Produce',
    body: produceBody(request),
    read: readProduced,
  });
  const codeOf = (set: NumberedSet): number => codes.get(nameOf(set)) ?? brokerFault.unknownTopicOrPartition;
  return new Map(request.sets.map((set) => [set, codeOf(set)]));
};

const produceBody = ({ transactionalId, sets }: Produce): Encoder => {
  const byTopic = Map.groupBy(sets, ({ topic }) => topic);
  const body = createEncoder()
    .writeString(transactionalId)
    .writeInt16(acksOfAll)
    .writeInt32(writeTimeoutMs)
    .writeInt32(byTopic.size);
  const nowMs = Date.now();
  const isTransactional = transactionalId !== null;
  for (const [topic, own] of byTopic) {
    body.writeString(topic).writeInt32(own.length);
    for (const { partition, records, identity, firstSequence } of own) {
      const batch = encodeRecordBatch(records, { ...identity, firstSequence, isTransactional }, nowMs);
      body.writeInt32(partition).writeInt32(batch.length).writeBuffer(batch);
    }
  }
  return body;
};

const readProduced = (decoder: Decoder): Map<string, number> => {
  const codes = new Map<string, number>();
  for (let topics = decoder.readInt32(); topics > 0; topics -= 1) {
    const topic = decoder.readString();
    for (let partitions = decoder.readInt32(); partitions > 0; partitions -= 1) {
      const partition = decoder.readInt32();
      codes.set(nameOf({ topic, partition }), decoder.readInt16());
      decoder.readInt64();
      decoder.readInt64();
    }
  }
  return codes;
};

export interface Fetch {
  readonly topic: string;
  readonly from: readonly { readonly partition: number; readonly offset: number }[];
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

const noReplica = -1;
const readCommitted = 1;

/** What the broker says of one partition. */
export interface FetchAnswer extends FetchedPartition {
  /** 0, or why the rest is empty. */
  readonly code: number;
}

/** Committed data of partitions that the broker leads. One that it refuses does not take the others with it. */
export const fetchRecords = (broker: Broker, request: Fetch): Promise<FetchAnswer[]> => {
  const body = createEncoder()
    .writeInt32(noReplica)
    .writeInt32(request.maxWaitMs)
    .writeInt32(1)
    .writeInt32(request.maxBytes)
    .writeInt8(readCommitted)
    .writeInt32(1)
    .writeString(request.topic)
    .writeInt32(request.from.length);
  for (const { partition, offset } of request.from)
    body.writeInt32(partition).writeInt64(String(offset)).writeInt32(request.maxPartitionBytes);
  return call(broker, { apiKey: 1, apiVersion: 4, apiName: 'Fetch', body, read: readFetchAnswer });
};

const readFetchAnswer = (decoder: Decoder): FetchAnswer[] => {
  const fetched: FetchAnswer[] = [];
  decoder.readInt32();
  for (let topics = decoder.readInt32(); topics > 0; topics -= 1) {
    decoder.readString();
    for (let partitions = decoder.readInt32(); partitions > 0; partitions -= 1)
      fetched.push(readFetchedPartition(decoder));
  }
  return fetched;
};

const readFetchedPartition = (decoder: Decoder): FetchAnswer => {
  const readLong = (): number => Number(decoder.readInt64().toString());
  const partition = decoder.readInt32();
  const code = decoder.readInt16();
  const highWatermark = readLong();
  const lastStableOffset = readLong();
  const aborted: FetchedPartition['aborted'][number][] = [];
  // A null list has the length -1.
  for (let left = decoder.readInt32(); left > 0; left -= 1) {
    const producerId = BigInt(decoder.readInt64().toString());
    aborted.push({ producerId, firstOffset: readLong() });
  }
  const length = decoder.readInt32();
  // Copied: else what one partition keeps would keep the answer to all of them.
  const recordSet = Buffer.from(length <= 0 ? [] : (decoder.readBytes(length) ?? []));
  return { partition, code, highWatermark, lastStableOffset, aborted, recordSet };
};
