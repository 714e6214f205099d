/**
 * The event log on LMDB for one process on one machine: `precede up`, demos, tests.
 * Durable: a send that resolves, and a step that is committed, is synced to disk and survives kill -9 and, as far as
 * the disk keeps its word on sync, a power failure. Sends and steps that meet share one sync.
 */
import { mkdirSync } from 'node:fs';
import { ConfigError, ErrorCode, type TopicName, UnavailableError } from '@precede/contracts';
import { readSchemas } from './avro-codec.ts';
import { createEmbeddedCodec } from './embedded-codec.ts';
import type { EmbeddedCore } from './embedded-core.ts';
import { checkFormat, markFormat } from './embedded-format.ts';
import { Group } from './embedded-group.ts';
import { lockDirectory } from './embedded-lock.ts';
import { startProcessing } from './embedded-process.ts';
import { createEmbeddedProducer, type Epochs } from './embedded-producer.ts';
import { startRetention } from './embedded-retention.ts';
import { keepSchemas, withKeptSchemas } from './embedded-schemas.ts';
import { AppendSignal } from './embedded-signal.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { startTail } from './embedded-tail.ts';
import { EmbeddedWriter } from './embedded-writer.ts';
import type { AvroCodec, EventLog, ProcessOptions } from './port.ts';

export interface EmbeddedLogOptions {
  /** Created if missing; one process at a time. */
  readonly dir: string;
  /** Of topics whose spec says `data`. */
  readonly partitions: number;
  /** Gives append times and `nowMs`; the system's by default. */
  readonly clock?: { now(): number };
}

/**
 * Opens or creates the log. Throws PRECEDE_LOG_IN_USE when another process has the directory, ConfigError when it was
 * written by a newer version or is damaged.
 */
export const openEmbeddedLog = async (options: EmbeddedLogOptions): Promise<EventLog> => {
  const schemas = await readSchemas();
  mkdirSync(options.dir, { recursive: true });
  const unlock = lockDirectory(options.dir);
  try {
    checkFormat(options.dir);
    const codec = createEmbeddedCodec(withKeptSchemas(options.dir, schemas));
    const store = openStore(options.dir);
    markFormat(options.dir);
    keepSchemas(options.dir, schemas);
    return assemble(options, store, codec, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
};

const openStore = (dir: string): EmbeddedStore => {
  try {
    return new EmbeddedStore(dir);
  } catch (error) {
    throw new ConfigError([`The event log in ${dir} cannot be opened: ${(error as Error).message}.`]);
  }
};

const assemble = (
  { partitions, clock = Date }: EmbeddedLogOptions,
  store: EmbeddedStore,
  codec: AvroCodec,
  unlock: () => void,
): EventLog => {
  const signal = new AppendSignal();
  const writer = new EmbeddedWriter(store, clock, (changes) => {
    const topics = new Set<TopicName>();
    for (const { records } of changes) for (const { state } of records) topics.add(state.topic);
    for (const topic of topics) signal.notify(topic);
  });
  const core: EmbeddedCore = { store, writer, signal, clock };
  const epochs: Epochs = new Map();
  const groups = new Map<string, Group>();
  const open = new Set<{ close(): Promise<void> }>();
  const stop = new AbortController();
  let closing: Promise<void> | null = null;
  startRetention(core, stop.signal);

  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    open.add(part);
    return part;
  };
  const assertOpen = (): void => {
    if (closing !== null) throw new UnavailableError(ErrorCode.logUnavailable, 'The event log is closed.');
  };
  const shutDown = async (): Promise<void> => {
    stop.abort();
    await Promise.all([...open].map((part) => part.close()));
    await writer.close();
    await store.close();
    unlock();
  };

  return {
    codec,
    async ensureTopics(specs) {
      assertOpen();
      for (const spec of specs) store.ensureTopic(spec, spec.partitions === 'single' ? 1 : partitions);
    },
    async partitionCount(topic) {
      return store.topic(topic).partitions;
    },
    async producer(producerOptions = {}) {
      assertOpen();
      return createEmbeddedProducer(store, writer, epochs, producerOptions);
    },
    async process(processOptions) {
      assertOpen();
      checkChangelog(store, processOptions);
      return keep(startProcessing(core, groupOf(groups, store, processOptions), processOptions));
    },
    async tail(tailOptions) {
      assertOpen();
      return keep(startTail(core, tailOptions));
    },
    async endOffsets(topic) {
      const { partitions: count } = store.topic(topic);
      return Array.from({ length: count }, (_, partition) => store.end(topic, partition));
    },
    async committedOffsets(group, topic) {
      const { partitions: count } = store.topic(topic);
      return Array.from({ length: count }, (_, partition) => store.committed(group, topic, partition));
    },
    async ping() {
      assertOpen();
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
};

const groupOf = (groups: Map<string, Group>, store: EmbeddedStore, options: ProcessOptions): Group => {
  const name = JSON.stringify([options.group, options.topic]);
  const group = groups.get(name) ?? new Group(store.topic(options.topic).partitions);
  groups.set(name, group);
  return group;
};

const checkChangelog = (store: EmbeddedStore, { topic, changelog }: ProcessOptions): void => {
  if (changelog === undefined || store.topic(topic).partitions === store.topic(changelog).partitions) return;
  throw new ConfigError([`The changelog ${changelog} must have as many partitions as ${topic}.`]);
};
