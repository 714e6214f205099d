/** The scorer: counts sequences, scores them, stores both in ClickHouse. Composition only; the data path is pipeline.ts. */
import { type ClickHouse, measuredClickHouse, tracedClickHouse } from '@precede/clickhouse';
import { Topic, UnavailableError } from '@precede/contracts';
import { type Assignment, type EventLog, measuredLog, type Processing } from '@precede/log';
import {
  type BoundedThing,
  buildHttp,
  clickhouseCalls,
  createBudgetMetrics,
  listen,
  type RunningService,
  type Tools,
} from '@precede/service';
import {
  type Archive,
  ArchivePartition,
  auditArchive,
  decisionsArchive,
  requestsArchive,
  sessionsArchive,
} from './archive.ts';
import type { ScorerConfig } from './config.ts';
import { Models } from './likelihood.ts';
import { createScorerMetrics, type ScorerMetrics } from './metrics.ts';
import { OperationsTable } from './operations-tail.ts';
import { SequencesPartition } from './pipeline.ts';
import { readProgress } from './rank-store.ts';
import { Ranker } from './ranker.ts';
import { createStorage, type Storage } from './storage.ts';
import { assertBelongsTogether } from './stored-position.ts';

export { type ScorerConfig, scorerFields } from './config.ts';
export { createScorerMetrics } from './metrics.ts';

export interface ScorerDeps extends Tools {
  readonly log: EventLog;
  /** Has its tables, or gets them by `prepare`. */
  readonly clickhouse: ClickHouse;
  /** Makes database and tables, once /livez answers and however long ClickHouse is away; absent: they are there. */
  readonly prepare?: () => Promise<void>;
}

const archivesOf = (config: ScorerConfig, models: Models): Archive[] => [
  sessionsArchive(models),
  decisionsArchive,
  auditArchive,
  ...(config.PRECEDE_SCORER_STORE_REQUESTS ? [requestsArchive] : []),
];

/** The first is of the fullest partition, the second of the largest zone. */
const budgetsOf = (
  config: ScorerConfig,
  { openBytes, largestWindow }: ScorerMetrics,
): readonly BoundedThing[] => [
  {
    budget: 'open_counts_bytes',
    limit: config.PRECEDE_SCORER_MEMORY,
    used: () => Math.max(0, ...openBytes.values()),
  },
  {
    budget: 'window_bytes',
    limit: config.PRECEDE_SCORER_WINDOW_MEMORY,
    used: () => largestWindow.bytes,
  },
];

/** The consumer group of sequences.v1. */
export const SCORER_GROUP = 'precede.scorer';

export const startScorer = async (config: ScorerConfig, deps: ScorerDeps): Promise<RunningService> => {
  const { logger, registry, health, clock, tracing } = deps;
  const closing = new AbortController();
  const metrics = createScorerMetrics(registry);
  const log = measuredLog(deps.log, metrics.log);
  const traced = tracedClickHouse(deps.clickhouse, clickhouseCalls(tracing));
  const clickhouse = measuredClickHouse(traced, metrics.clickhouse);
  createBudgetMetrics(registry, budgetsOf(config, metrics));
  const storage = createStorage({ clickhouse, metrics, health, logger, closing: closing.signal });
  const shared = { config, codec: log.codec, storage, metrics, clock, logger, tracing };
  const app = buildHttp({ logger, health, registry, tracing });
  const address = await listen(app, config.PRECEDE_SCORER_HOST, config.PRECEDE_SCORER_PORT);
  health.set('clickhouse', false);
  health.set('partitions', false);
  await deps.prepare?.();
  await storage.run(() => clickhouse.ping(5_000));

  const operations = new OperationsTable(shared);
  const onTailError = (err: unknown): void => logger.warn({ err }, 'following config.v1 failed');
  const tail = await operations.follow(log, onTailError);
  const reconciled = tail.caughtUp.then(() => operations.reconcile()).catch(onTailError);

  const onError = (err: unknown, partition: number): void => {
    if (closing.signal.aborted && err instanceof UnavailableError) return;
    logger.warn({ err, partition }, 'a partition failed and is opened anew');
  };
  const counting = await log.process({
    group: SCORER_GROUP,
    topic: Topic.sequences,
    isTransactional: false,
    open: async (assignment) => {
      await assertStored(log, storage, assignment);
      return new SequencesPartition(shared, assignment);
    },
    onError,
    onPartitions: (open) => health.set('partitions', true, `${open.length} open`),
  });
  const archiving: Processing[] = [];
  for (const archive of archivesOf(config, new Models(storage)))
    archiving.push(
      await log.process({
        group: archive.group,
        topic: archive.topic,
        isTransactional: false,
        open: async () =>
          new ArchivePartition({ ...shared, flushIntervalMs: config.PRECEDE_SCORER_FLUSH_INTERVAL }, archive),
        onError,
      }),
    );
  const ranker = new Ranker({
    ...shared,
    partitionCount: await log.partitionCount(Topic.sequences),
    ownedPartitions: () => counting.partitions(),
  });
  const ranking = ranker.run(closing.signal);

  return {
    name: 'scorer',
    address,
    health,
    close: async () => {
      // First: steps that wait for ClickHouse must end before their partitions can be given back.
      closing.abort();
      await ranking;
      await Promise.all([counting.close(), ...archiving.map((each) => each.close())]);
      await tail.close();
      await reconciled;
      await app.close();
    },
  };
};

const assertStored = async (
  log: EventLog,
  storage: Storage,
  { partition, position: read }: Pick<Assignment, 'partition' | 'position'>,
): Promise<void> => {
  const stored = (await storage.run(() => readProgress(storage))).get(partition);
  const end = (await log.endOffsets(Topic.sequences))[partition] ?? 0;
  assertBelongsTogether(partition, { read, stored, end });
};
