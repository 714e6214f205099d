/**
 * All of the enforcer but its interfaces, which are the service's servers (enforcer.ts) and the in-process library
 * (library/): snapshots on disk, stores, rules, and, once connected, the log. It decides as soon as it has a snapshot and
 * goes on when the log is away.
 */
import {
  type BoundedThing,
  createBudgetMetrics,
  type Health,
  type Logger,
  noTracing,
  type Tools,
} from '@precede/service';
import { Tokens } from '@precede/tokens';
import type { EnforcerConfig } from './config.ts';
import { type FailModes, failModesOf } from './fail-mode.ts';
import { LogLink, type LogSource } from './log-link.ts';
import { createEnforcerMetrics, type EnforcerMetrics } from './metrics.ts';
import { Overload } from './overload.ts';
import { createDecide, type Decide } from './pipeline.ts';
import { Publisher, type PublisherCounts } from './publisher.ts';
import { Recorder } from './recorder.ts';
import { RequestFeed } from './request-feed.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { openStores, type Stores } from './stores/open.ts';
import { ZoneTables } from './zone-tables.ts';

export interface EngineDeps extends Tools {
  /** Null: none is followed, and decisions are written nowhere. */
  readonly log: LogSource | null;
  /** In [0, 1); chooses the allows that are recorded. */
  readonly random?: (() => number) | undefined;
  /** In place of those that the configuration names; closed with the engine. */
  readonly stores?: Stores | undefined;
}

export interface Engine {
  readonly decide: Decide;
  readonly tables: ZoneTables;
  readonly failModes: FailModes;
  readonly metrics: EnforcerMetrics;
  /** Begins to follow and to write the log, in the background. */
  connect(): void;
  close(): Promise<void>;
}

export const openEngine = async (config: EnforcerConfig, deps: EngineDeps): Promise<Engine> => {
  const { logger, registry, health, clock, log } = deps;
  const failModes = failModesOf(config);
  const metrics = createEnforcerMetrics(registry, clock);
  const tables = new ZoneTables({
    masterKey: config.PRECEDE_SESSION_KEY,
    isLogOnly: config.PRECEDE_ENFORCER_LOG_ONLY,
    tokens: createTokens(metrics, logger),
    ...{ logger, metrics, clock },
  });
  const files = new SnapshotFiles({ dir: config.PRECEDE_ENFORCER_SNAPSHOT_DIR, logger, metrics });
  const stores = deps.stores ?? openStores(config, { logger, metrics, clock });
  const publishers = publishersOf(config, deps, metrics);
  showSettings(config, failModes, metrics);
  await startFromDisk({ tables, files, health });
  const overload = new Overload({
    maxWaiting: config.PRECEDE_ENFORCER_MAX_WAITING,
    deadlineMs: config.PRECEDE_ENFORCER_DEADLINE,
  });
  metrics.countWaiting = () => overload.waiting;
  createBudgetMetrics(registry, budgetsOf(config, metrics, publishers));
  const decide = createDecide({
    ...{ tables, stores, metrics, clock, failModes, overload },
    tracing: deps.tracing ?? noTracing,
    recorder: new Recorder(publishers.decisions),
    feed: new RequestFeed(publishers.requests),
    random: deps.random ?? Math.random,
    hasSnapshot: () => health.conditions()['snapshot']?.ok === true,
    allowSample: config.PRECEDE_ENFORCER_ALLOW_SAMPLE,
    deadlineMs: config.PRECEDE_ENFORCER_DEADLINE,
  });
  const all = Object.values(publishers);
  let link: LogLink | undefined;
  return {
    ...{ decide, tables, failModes, metrics },
    connect: () => {
      if (log === null || link !== undefined) return;
      link = new LogLink({ log, logger, health, metrics, tables, files, publishers: all });
    },
    close: async () => {
      overload.close();
      await Promise.all(all.map((each) => each.close(config.PRECEDE_ENFORCER_FLUSH_TIMEOUT)));
      await link?.close();
      await files.flush();
      await stores.close();
    },
  };
};

/** What is not kept in this process fills nothing. */
const budgetsOf = (
  config: EnforcerConfig,
  metrics: EnforcerMetrics,
  { decisions, requests }: Record<'decisions' | 'requests', Publisher>,
): readonly BoundedThing[] => [
  { budget: 'sessions', limit: config.PRECEDE_ENFORCER_MAX_SESSIONS, used: () => metrics.countSessions() },
  { budget: 'rate_keys', limit: config.PRECEDE_ENFORCER_MAX_RATE_KEYS, used: () => metrics.countRateKeys() },
  {
    budget: 'waiting_decisions',
    limit: config.PRECEDE_ENFORCER_MAX_WAITING,
    used: () => metrics.countWaiting(),
  },
  { budget: 'publish_queue', limit: config.PRECEDE_ENFORCER_PUBLISH_QUEUE, used: () => decisions.size },
  { budget: 'feed_queue', limit: config.PRECEDE_ENFORCER_FEED_QUEUE, used: () => requests.size },
];

/** Without a log nothing is kept for it: what would be written is counted as dropped. */
const publishersOf = (config: EnforcerConfig, { log, logger }: EngineDeps, metrics: EnforcerMetrics) => {
  const publisher = (counts: PublisherCounts, maxQueued: number): Publisher =>
    new Publisher({ logger, counts, maxQueued: log === null ? 0 : maxQueued });
  return {
    decisions: publisher(metrics, config.PRECEDE_ENFORCER_PUBLISH_QUEUE),
    requests: publisher(metrics.feed, config.PRECEDE_ENFORCER_FEED_QUEUE),
  };
};

/** A process has one: key sets outlive snapshots. */
const createTokens = (metrics: EnforcerMetrics, logger: Logger): Tokens =>
  new Tokens({
    onOutcome: (outcome) => metrics.tokens.inc({ outcome }),
    onLoad: ({ url, outcome, previous, tookMs }) => {
      metrics.tokenKeysLoadSeconds.observe({ outcome }, tookMs / 1000);
      if (outcome !== previous) logger.info({ url, outcome, tookMs }, 'keys of tokens asked for');
    },
  });

const showSettings = (config: EnforcerConfig, failModes: FailModes, metrics: EnforcerMetrics): void => {
  metrics.failMode.set({ mode: failModes.usual }, 1);
  metrics.logOnly.set(config.PRECEDE_ENFORCER_LOG_ONLY ? 1 : 0);
  metrics.configFollowing.set(0);
};

interface Snapshots {
  readonly tables: ZoneTables;
  readonly files: SnapshotFiles;
  readonly health: Health;
}

const startFromDisk = async ({ tables, files, health }: Snapshots): Promise<void> => {
  health.set('snapshot', false, 'no snapshot yet, neither on disk nor from the log');
  health.set('config', false, 'config.v1 is not followed yet', false);
  for (const snapshot of await files.load()) tables.install(snapshot);
  if (tables.size > 0) health.set('snapshot', true, `${tables.size} zones from disk`);
};
