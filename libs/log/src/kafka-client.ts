/**
 * The only door to kafkajs. It is mended as it is loaded (kafka-mends.ts), and its Cluster is handed out for reading
 * partitions without a group, which its consumer cannot do, and for writing under numbers that outlive a connection,
 * which its producer cannot do. kafkajs is pinned to 2.2.4, its last release: what is reached into here does not move.
 */
import { createRequire } from 'node:module';
import type { Kafka, KafkaConfig, logCreator } from 'kafkajs';
import { mendKafkajs } from './kafka-mends.ts';
import { type KafkaAccess, type KafkaLogger, type KafkaObserver, silent } from './kafka-options.ts';
import { endedByUs } from './kafka-sockets.ts';

const load = createRequire(import.meta.url);

mendKafkajs(load);

const kafkajs = load('kafkajs') as typeof import('kafkajs');

// Joining waits for fetches in flight, and heartbeats go out between them.
export const maxWaitMs = 100;

const quietMs = 5_000;

/**
 * kafkajs reports as errors what it goes on to retry, many times a second in an outage, and what fails for good comes
 * to us as a rejection anyway. So only trouble with connections is passed on, once in a while.
 */
const logTo = (logger: KafkaLogger): logCreator => {
  let quietUntilMs = 0;
  return () =>
    ({ namespace, log: { message, broker } }) => {
      const isConnection = namespace === 'BrokerPool' || namespace === 'Connection';
      if (!isConnection || message.startsWith('Response ') || message.endsWith(endedByUs)) return;
      if (Date.now() < quietUntilMs) return;
      quietUntilMs = Date.now() + quietMs;
      logger.warn({ broker, reason: message }, 'kafka connection trouble');
    };
};

const configOf = (options: KafkaAccess): KafkaConfig => ({
  brokers: [...options.brokers],
  clientId: options.clientId,
  ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
  ...(options.sasl === undefined ? {} : { sasl: options.sasl as NonNullable<KafkaConfig['sasl']> }),
  socketFactory: options.sockets.open,
  connectionTimeout: 5_000,
  requestTimeout: 15_000,
  retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8 },
  logLevel: kafkajs.logLevel.ERROR,
  logCreator: logTo(options.logger ?? silent),
});

const loadEncoder = (): (new () => Encoder) => load('kafkajs/src/protocol/encoder') as new () => Encoder;
const loadDecoder = (): (new (raw: Buffer) => Decoder) =>
  load('kafkajs/src/protocol/decoder') as new (
    raw: Buffer,
  ) => Decoder;

export const createEncoder = (): Encoder => new (loadEncoder())();

export const createDecoder = (raw: Buffer): Decoder => new (loadDecoder())(raw);

/** How kafkajs writes what members of a group tell each other. */
export const assignerProtocol = (): typeof import('kafkajs').AssignerProtocol => kafkajs.AssignerProtocol;

interface ProtocolError {
  readonly code: number;
  readonly type: string;
  readonly message: string;
  readonly retriable: boolean;
}

/** The error codes that kafkajs knows. */
export const protocolErrors = (): readonly ProtocolError[] =>
  (load('kafkajs/src/protocol/error') as { errorCodes: readonly ProtocolError[] }).errorCodes;

export const createClient = (options: KafkaAccess): Kafka => new kafkajs.Kafka(configOf(options));

interface TopicPartitions<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

/** kafkajs's writer and reader of the protocol's types; U stands for the compact ones, T for tagged fields. */
export interface Encoder {
  writeInt8(value: number): this;
  writeInt16(value: number): this;
  writeInt32(value: number): this;
  writeInt64(value: string): this;
  writeBoolean(value: boolean): this;
  writeString(value: string | null): this;
  writeUVarInt(value: number): this;
  writeUVarIntString(value: string | null): this;
  writeBuffer(value: Buffer): this;
  readonly buffer: Buffer;
}

export interface Decoder {
  readBytes(length: number): Buffer | null;
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null;
  readTaggedFields(): unknown;
}

interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<Encoder>;
  };
  readonly response: { decode(raw: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
}

interface InTransaction {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

export interface Broker {
  readonly connectionPool: {
    readonly host: string;
    readonly port: number;
    send(request: ProtocolRequest): Promise<unknown>;
  };
  /** Waits for answers to come or to be overdue. */
  disconnect(): Promise<void>;
  addPartitionsToTxn(
    request: InTransaction & { topics: readonly { topic: string; partitions: readonly number[] }[] },
  ): Promise<unknown>;
  addOffsetsToTxn(request: InTransaction & { groupId: string }): Promise<unknown>;
  txnOffsetCommit(
    request: InTransaction & {
      groupId: string;
      topics: readonly TopicPartitions<{ partition: number; offset: string }>[];
    },
  ): Promise<unknown>;
  endTxn(request: InTransaction & { transactionResult: boolean }): Promise<unknown>;
  listOffsets(request: {
    isolationLevel: number;
    topics: readonly TopicPartitions<{ partition: number; timestamp: string }>[];
  }): Promise<{ responses: readonly TopicPartitions<{ partition: number; offset: string }>[] }>;
}

export interface Cluster {
  readonly brokerPool: {
    readonly brokers: Readonly<Record<number, Broker | undefined>>;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  /** Throws where there is no metadata at all. */
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[];
  findBroker(node: { nodeId: number }): Promise<Broker>;
  /** The node gets a new broker, over new connections, with the next metadata. */
  removeBroker(at: { host: string; port: number }): void;
  /** With KRaft any broker that lives. */
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<Broker>;
}

/** Connections of their own to all brokers; topic metadata comes with `addTargetTopic`. */
export const createCluster = (options: KafkaAccess): Cluster => {
  const config = configOf(options);
  const { createLogger } = load('kafkajs/src/loggers') as { createLogger(o: object): unknown };
  const Constructor = load('kafkajs/src/cluster') as new (options: object) => Cluster;
  return new Constructor({
    ...config,
    logger: createLogger({ level: config.logLevel, logCreator: config.logCreator }),
    // A failed call is repeated with a new cluster by its caller.
    retry: { initialRetryTime: 50, maxRetryTime: 200, retries: 2 },
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    instrumentationEmitter: emitterTo(options.observer),
  });
};

/** What kafkajs tells of its requests that were answered. */
const emitterTo = (observer: KafkaObserver | undefined) => ({
  emit: (event: string, { apiName, duration }: { apiName?: string; duration?: number }): void => {
    if (event === 'network.request' && apiName !== undefined && duration !== undefined)
      observer?.requested(apiName, duration / 1000);
  },
});
