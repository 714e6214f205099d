/** Creates topics as the contracts describe them and refuses those whose partition count has changed. */
import { ConfigError, ErrorCode, type TopicName, type TopicSpec, UnavailableError } from '@precede/contracts';
import type { Admin, IResourceConfigEntry, ITopicConfig } from 'kafkajs';
import type { KafkaLogOptions } from './kafka-options.ts';

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

/** Idempotent, also against another process that does the same. Throws ConfigError naming both counts where they differ. */
export const ensureKafkaTopics = async (
  admin: Admin,
  specs: readonly TopicSpec[],
  options: KafkaLogOptions,
): Promise<void> => {
  const nameOf = (spec: TopicSpec): string => options.topicPrefix + spec.topic;
  const before = await countsOf(admin, specs.map(nameOf));
  const missing = specs.filter((spec) => !before.has(nameOf(spec)));
  // Resolves to false where another process was quicker.
  if (missing.length > 0)
    await admin.createTopics({ topics: missing.map((s) => topicOf(s, options)), waitForLeaders: true });
  const counts = await countsOf(admin, specs.map(nameOf));
  const faults = specs.flatMap((spec) => faultOf(spec, counts.get(nameOf(spec)), options));
  if (faults.length > 0) throw new ConfigError(faults);
};

const faultOf = (spec: TopicSpec, count: number | undefined, options: KafkaLogOptions): string[] => {
  const name = options.topicPrefix + spec.topic;
  if (count === undefined)
    throw new UnavailableError(ErrorCode.logUnavailable, `Topic ${name} was created and is not listed yet.`);
  if (!spec.isPartitionCountFixed || count === wanted(spec, options)) return [];
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
