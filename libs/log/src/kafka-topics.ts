/** Creates topics as the contracts describe them and refuses those whose partition count has changed. */
import { ConfigError, ErrorCode, type TopicName, type TopicSpec, UnavailableError } from '@precede/contracts';
import type { Admin, IResourceConfigEntry, ITopicConfig } from 'kafkajs';
import { isRefused } from './kafka-errors.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import { type SetUpFinding, SetUpState } from './kafka-set-up.ts';

/** Larger records are refused before they are sent. A batch adds its own header to it. */
export const maxRecordBytes = 2 * 1024 * 1024;
const maxMessageBytes = maxRecordBytes + 64 * 1024;
const week = 7 * 24 * 3_600_000;

const entries = (spec: TopicSpec, options: KafkaLogOptions): IResourceConfigEntry[] => {
  const always: Record<string, string | number> = {
    // The times inside are the senders'; retention must not delete an old log that was just imported.
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': maxMessageBytes,
    'min.insync.replicas': options.replicationFactor >= 3 ? 2 : 1,
    'retention.ms': spec.retentionMs ?? -1,
  };
  // Small segments, since only closed ones are compacted; tombstones outlive any reader that is on its way.
  const compacted: Record<string, string | number> = {
    'cleanup.policy': 'compact',
    'segment.bytes': 64 * 1024 * 1024,
    'segment.ms': 6 * 3_600_000,
    'min.cleanable.dirty.ratio': 0.2,
    'delete.retention.ms': week,
  };
  const all = { ...always, ...(spec.isCompacted ? compacted : { 'cleanup.policy': 'delete' }) };
  return Object.entries(all).map(([name, value]) => ({ name, value: String(value) }));
};

const wanted = (spec: TopicSpec, options: KafkaLogOptions): number =>
  spec.partitions === 'single' ? 1 : options.partitions;

const topicOf = (spec: TopicSpec, options: KafkaLogOptions): ITopicConfig => ({
  topic: options.topicPrefix + spec.topic,
  numPartitions: wanted(spec, options),
  replicationFactor: options.replicationFactor,
  configEntries: entries(spec, options),
});

const countsOf = async (admin: Admin, names: readonly string[]): Promise<Map<string, number>> => {
  const existing = new Set(await admin.listTopics());
  const topics = names.filter((name) => existing.has(name));
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics });
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]));
};

/**
 * Creates what is missing where that is wanted, and says of each topic what it found. Idempotent, also against another
 * process that does the same. Throws ConfigError naming both counts where a fixed partition count differs.
 */
export const setUpTopics = async (
  admin: Admin,
  specs: readonly TopicSpec[],
  options: KafkaLogOptions,
  mayCreate: boolean,
): Promise<SetUpFinding[]> => {
  const nameOf = (spec: TopicSpec): string => options.topicPrefix + spec.topic;
  const before = await countsOf(admin, specs.map(nameOf));
  const missing = specs.filter((spec) => !before.has(nameOf(spec)));
  const counts = mayCreate && missing.length > 0 ? await create(admin, specs, missing, options) : before;
  const faults = specs.flatMap((spec) => faultOf(spec, counts.get(nameOf(spec)), options));
  if (faults.length > 0) throw new ConfigError(faults);
  return specs.map((spec) => findingOf(nameOf(spec), before.get(nameOf(spec)), counts.get(nameOf(spec))));
};

const create = async (
  admin: Admin,
  specs: readonly TopicSpec[],
  missing: readonly TopicSpec[],
  options: KafkaLogOptions,
): Promise<Map<string, number>> => {
  const names = specs.map((spec) => options.topicPrefix + spec.topic);
  try {
    // Resolves to false where another process was quicker.
    await admin.createTopics({ topics: missing.map((s) => topicOf(s, options)), waitForLeaders: true });
  } catch (error) {
    throw isRefused(error) ? mayNotCreate(missing, options) : error;
  }
  const counts = await countsOf(admin, names);
  const late = names.find((name) => !counts.has(name));
  if (late !== undefined)
    throw new UnavailableError(ErrorCode.logUnavailable, `Topic ${late} was created and is not listed yet.`);
  return counts;
};

const mayNotCreate = (missing: readonly TopicSpec[], { topicPrefix, sasl }: KafkaLogOptions): ConfigError => {
  const names = missing.map((spec) => topicPrefix + spec.topic).join(', ');
  return new ConfigError([
    `Kafka does not let ${sasl === undefined ? 'this client' : `the user ${sasl.username}`} create the topics ${names}. Run "precede topics" as one that may, and set PRECEDE_KAFKA_CREATE_TOPICS=false for the services.`,
  ]);
};

const findingOf = (name: string, before: number | undefined, now: number | undefined): SetUpFinding => {
  if (now === undefined) return { kind: 'topic', name, state: SetUpState.missing };
  const state = before === undefined ? SetUpState.made : SetUpState.present;
  return { kind: 'topic', name, state, partitions: now };
};

const faultOf = (spec: TopicSpec, count: number | undefined, options: KafkaLogOptions): string[] => {
  if (count === undefined || !spec.isPartitionCountFixed || count === wanted(spec, options)) return [];
  const name = options.topicPrefix + spec.topic;
  return [
    `Topic ${name} has ${count} partitions and ${wanted(spec, options)} are configured; its count is fixed.`,
  ];
};

/** The partition counts of topics as they are, asked once each. */
export class PartitionCounts {
  readonly #admin: Admin;
  readonly #prefix: string;
  readonly #known = new Map<TopicName, Promise<number>>();

  constructor(admin: Admin, prefix: string) {
    this.#admin = admin;
    this.#prefix = prefix;
  }

  of(topic: TopicName): Promise<number> {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const asked = this.#ask(topic);
    this.#known.set(topic, asked);
    asked.catch(() => this.#known.delete(topic));
    return asked;
  }

  async #ask(topic: TopicName): Promise<number> {
    const name = this.#prefix + topic;
    const count = (await countsOf(this.#admin, [name])).get(name);
    if (count === undefined)
      throw new UnavailableError(ErrorCode.logUnavailable, `Topic ${name} does not exist (yet).`);
    return count;
  }
}
