/** Recorder and feed over an embedded log, and what they wrote. */
import { type DecisionMade, decisionFromAvro, Topic, type TopicName } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { createLogger, fixedClock } from '@precede/service';
import { Registry } from 'prom-client';
import { openLog, temporaryDir } from './fixtures.test-kit.ts';
import { createEnforcerMetrics } from './metrics.ts';
import { Publisher } from './publisher.ts';
import { Recorder } from './recorder.ts';
import { RequestFeed } from './request-feed.ts';

interface Written {
  readonly topic: TopicName;
  /** As the codec reads it. */
  readonly value: unknown;
}

export interface Publishers {
  readonly recorder: Recorder;
  readonly feed: RequestFeed;
  /** Writes what waits and reads it back. */
  decisions(): Promise<readonly DecisionMade[]>;
  records(): Promise<readonly Written[]>;
}

const closeMs = 10_000;

export const withPublishers = (): Publishers => {
  const counts = createEnforcerMetrics(new Registry(), fixedClock(0));
  const logger = createLogger('publisher', 'silent');
  const [decisions, requests] = [
    new Publisher({ maxQueued: 100, logger, counts }),
    new Publisher({ maxQueued: 100, logger, counts: counts.feed }),
  ];
  const written = async (publisher: Publisher, topics: readonly TopicName[]): Promise<readonly Written[]> => {
    const dir = temporaryDir();
    const log = await openLog(dir.path);
    const producer = await log.producer();
    publisher.start(log, producer);
    await publisher.close(closeMs);
    await producer.close();
    const found = await Promise.all(topics.map((topic) => readAll(log, topic)));
    await log.close();
    dir.remove();
    return found.flat();
  };
  return {
    recorder: new Recorder(decisions),
    feed: new RequestFeed(requests),
    decisions: async () =>
      (await written(decisions, [Topic.decisions])).map(({ value }) => decisionFromAvro(value)),
    records: () => written(requests, [Topic.requests, Topic.unmatched]),
  };
};

const readAll = async (log: EventLog, topic: TopicName): Promise<readonly Written[]> => {
  const found: Written[] = [];
  const tail = await log.tail({
    topic,
    onRecords: async (records) => {
      await log.codec.prepare(
        topic,
        records.map((record) => record.value),
      );
      for (const { value } of records)
        if (value !== null) found.push({ topic, value: log.codec.decode(topic, value) });
    },
  });
  await tail.caughtUp;
  await tail.close();
  return found;
};
