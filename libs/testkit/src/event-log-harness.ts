/** What the contract suite of the event log needs of an adapter, and the readers and waits that its cases share. */
import assert from 'node:assert/strict';
import { type TopicName, type TopicSpec, topicSpecs } from '@precede/contracts';
import type { EventLog, LogRecord } from '@precede/log';

export interface EventLogHarness {
  /**
   * Opens the log of this harness: the first time on nothing, later on what is there (same directory, same topic prefix).
   * A case closes one log before it opens the next. Default: 4 partitions.
   */
  open(options?: { readonly partitions?: number }): Promise<EventLog>;
  /** How a child process opens the same log: a module exporting `openForChild(argument): Promise<EventLog>`. */
  readonly child: { readonly module: URL; readonly argument: string };
  /** Called when the case is over and all logs are closed. */
  dispose(): Promise<void>;
}
export type MakeHarness = () => Promise<EventLogHarness>;

/** Generous: the suite waits for conditions, never for a length of time. */
export const deadlineMs = 60_000;

/** Waits until the condition holds; fails naming what did not come. */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = deadlineMs,
): Promise<void> => {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) assert.fail(`${what} did not come within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** The specs of the named topics. */
export const specsOf = (...topics: readonly TopicName[]): TopicSpec[] =>
  topicSpecs.filter(({ topic }) => topics.includes(topic));

/** Everything in a topic now, in order per partition. */
export const readAll = async (log: EventLog, topic: TopicName): Promise<LogRecord[]> => {
  const all: LogRecord[] = [];
  const tail = await log.tail({
    topic,
    onRecords: (records) => {
      all.push(...records);
    },
  });
  await tail.caughtUp;
  await tail.close();
  return all;
};

export const textOf = (bytes: Buffer | null): string => bytes?.toString('utf8') ?? '';

/** Values by key, in the order in which they were read. */
export const valuesByKey = (records: readonly LogRecord[]): Map<string, string[]> => {
  const byKey = new Map<string, string[]>();
  for (const { key, value } of records) {
    const values = byKey.get(textOf(key)) ?? [];
    values.push(textOf(value));
    byKey.set(textOf(key), values);
  }
  return byKey;
};

/** The newest value of each key, keys with a tombstone left out. */
export const newestByKey = (records: readonly LogRecord[]): Map<string, string> => {
  const newest = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) newest.delete(textOf(key));
    else newest.set(textOf(key), textOf(value));
  }
  return newest;
};
