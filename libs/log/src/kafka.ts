/**
 * The event log on Kafka: the port's five verbs over kafkajs and a schema registry. Opening it asks nobody;
 * `ensureTopics` is the first call that needs brokers and registry, and waits for them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, type TopicName, type TopicSpec, UnavailableError } from '@precede/contracts';
import type { Admin, Kafka } from 'kafkajs';
import { toAccessError } from './kafka-access-faults.ts';
import { createClient } from './kafka-client.ts';
import { RegistryCodec } from './kafka-codec.ts';
import { toLogError } from './kafka-errors.ts';
import { KafkaLink } from './kafka-link.ts';
import { type KafkaAccess, type KafkaLogOptions, silent } from './kafka-options.ts';
import { KafkaProcessing } from './kafka-process.ts';
import { BatchingProducer } from './kafka-producer.ts';
import { notSetUp, type SetUpFinding, SetUpState } from './kafka-set-up.ts';
import { SingleWriter } from './kafka-single-writer.ts';
import { Sockets } from './kafka-sockets.ts';
import { KafkaTail } from './kafka-tail.ts';
import { PartitionCounts, setUpTopics } from './kafka-topics.ts';
import type {
  EventLog,
  LogProducer,
  Processing,
  ProcessOptions,
  ProducerOptions,
  Tail,
  TailOptions,
} from './port.ts';

const defaultStartTimeoutMs = 60_000;
const longestPauseMs = 5_000;

/** Reads the schema files; connects to nothing yet. */
export const openKafkaLog = async (options: KafkaLogOptions): Promise<EventLog> =>
  new KafkaLog(options, await RegistryCodec.open(options));

/**
 * One attempt to make topics and schemas, or with `createTopics: false` to look at them; what was found of each. Throws
 * UnavailableError where Kafka or the registry does not answer.
 */
export const setUpKafka = async (
  options: KafkaLogOptions,
  specs: readonly TopicSpec[],
): Promise<SetUpFinding[]> => {
  const log = new KafkaLog(options, await RegistryCodec.open(options));
  try {
    return await log.setUp(specs);
  } catch (error) {
    throw toLogError(error, 'set up');
  } finally {
    await log.close();
  }
};

class KafkaLog implements EventLog {
  readonly codec: RegistryCodec;
  readonly #options: KafkaAccess;
  readonly #client: Kafka;
  readonly #admin: Admin;
  readonly #counts: PartitionCounts;
  readonly #closers = new Set<{ close(): Promise<void> }>();

  constructor(options: KafkaLogOptions, codec: RegistryCodec) {
    this.#options = { ...options, sockets: new Sockets() };
    this.codec = codec;
    this.#client = createClient(this.#options);
    this.#admin = this.#client.admin();
    this.#counts = new PartitionCounts(this.#admin, options.topicPrefix);
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    await this.#patiently(async () => {
      const missing = (await this.setUp(specs)).filter((finding) => finding.state === SetUpState.missing);
      if (missing.length > 0) throw notSetUp(missing);
    });
  }

  async setUp(specs: readonly TopicSpec[]): Promise<SetUpFinding[]> {
    const mayCreate = this.#options.createTopics ?? true;
    const topics = await this.#setUpTopics(specs, mayCreate);
    const schemas = await this.codec.setUp(
      specs.map((s) => s.topic),
      mayCreate,
    );
    return [...topics, ...schemas];
  }

  async #setUpTopics(specs: readonly TopicSpec[], mayCreate: boolean): Promise<SetUpFinding[]> {
    try {
      await this.#admin.connect();
      return await setUpTopics(this.#admin, specs, this.#options, mayCreate);
    } catch (error) {
      throw toAccessError(error, this.#options);
    }
  }

  partitionCount(topic: TopicName): Promise<number> {
    return this.#asked('partition count', () => this.#counts.of(topic));
  }

  async producer(options: ProducerOptions = {}): Promise<LogProducer> {
    const deps = { kafka: this.#options, counts: this.#counts };
    const { transactionalId } = options;
    if (transactionalId === undefined) return this.#own(new BatchingProducer(deps, options));
    return this.#own(await SingleWriter.open(deps, transactionalId, options));
  }

  async process(options: ProcessOptions): Promise<Processing> {
    const deps = { kafka: this.#options, client: this.#client, counts: this.#counts };
    return this.#own(await KafkaProcessing.start(deps, options));
  }

  async tail(options: TailOptions): Promise<Tail> {
    return this.#own(await KafkaTail.open(this.#options, options));
  }

  async endOffsets(topic: TopicName): Promise<readonly number[]> {
    return this.#asked('end offsets', async () => {
      const link = await KafkaLink.open(this.#options, topic);
      try {
        const ends = await link.offsets(link.partitions(), 'end');
        return [...ends].sort(([a], [b]) => a - b).map(([, end]) => end);
      } finally {
        await link.close();
      }
    });
  }

  async committedOffsets(group: string, topic: TopicName): Promise<readonly (number | null)[]> {
    return this.#asked('committed offsets', async () => {
      const { topicPrefix } = this.#options;
      const count = await this.#counts.of(topic);
      const request = { groupId: topicPrefix + group, topics: [topicPrefix + topic] };
      const [found] = await this.#admin.fetchOffsets(request);
      const offsets = new Map(found?.partitions.map((p) => [p.partition, Number(p.offset)]));
      return Array.from({ length: count }, (_, p) => toCommitted(offsets.get(p)));
    });
  }

  async ping(timeoutMs: number): Promise<void> {
    const timeout = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: timeout.signal }).then(() => {
      throw new UnavailableError(ErrorCode.logUnavailable, `Kafka has not answered within ${timeoutMs} ms.`);
    });
    try {
      await Promise.race([late, this.#asked('ping', () => this.#admin.describeCluster())]);
    } finally {
      timeout.abort();
      late.catch(() => {});
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closers].map((closer) => closer.close()));
    await this.#admin.disconnect().catch(() => {});
    this.#options.sockets.close();
  }

  /** Closed with the log, unless it was before. */
  #own<T extends { close(): Promise<void> }>(opened: T): T {
    const close = opened.close.bind(opened);
    opened.close = () => close().finally(() => this.#closers.delete(opened));
    this.#closers.add(opened);
    return opened;
  }

  async #asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      await this.#admin.connect();
      return await ask();
    } catch (error) {
      throw toLogError(error, what);
    }
  }

  /** Brokers and registry often start with us. */
  async #patiently(attempt: () => Promise<void>): Promise<void> {
    const deadlineMs = Date.now() + (this.#options.startTimeoutMs ?? defaultStartTimeoutMs);
    for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs))
      try {
        return await attempt();
      } catch (error) {
        const known = toLogError(error, 'ensure topics');
        if (!known.retryable || Date.now() + pauseMs > deadlineMs) throw known;
        (this.#options.logger ?? silent).warn({ err: known }, 'waiting for kafka and the schema registry');
        await sleep(pauseMs);
      }
  }
}

const toCommitted = (offset: number | undefined): number | null =>
  offset === undefined || offset < 0 ? null : offset;
