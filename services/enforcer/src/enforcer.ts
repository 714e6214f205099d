/**
 * Puts the enforcer together: snapshots on disk, then the HTTP server, then, in the background, the log. So it decides
 * as soon as it has a snapshot and goes on when the log is away.
 */
import { topicSpecs } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { type Health, type Logger, listen, type RunningService, type Tools } from '@precede/service';
import { Tokens } from '@precede/tokens';
import type { EnforcerConfig } from './config.ts';
import { ConfigFollower } from './config-follower.ts';
import { type FailModes, failModesOf } from './fail-mode.ts';
import { type ExtAuthzDeps, startExtAuthz } from './gateways/ext-authz-grpc.ts';
import type { GrpcServer } from './gateways/grpc-server.ts';
import { buildServer } from './http.ts';
import { createEnforcerMetrics, type EnforcerMetrics } from './metrics.ts';
import { Overload } from './overload.ts';
import { createDecide } from './pipeline.ts';
import { Publisher } from './publisher.ts';
import { Recorder } from './recorder.ts';
import { RequestFeed } from './request-feed.ts';
import { isDoneWithin, untilDone } from './retry.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { openStores } from './stores/open.ts';
import { ZoneTables } from './zone-tables.ts';

export interface EnforcerDeps extends Tools {
  /** An open log, which stays the caller's; or how to open one, which is tried until it works and is closed at the end. */
  readonly log: EventLog | (() => Promise<EventLog>);
  /** In [0, 1); chooses the allows that are recorded. */
  readonly random?: () => number;
}

export interface RunningEnforcer extends RunningService {
  /** Null: Envoy is not listened to. */
  readonly grpcPort: number | null;
}

/** A send gives up after this and is tried again by the publisher, which can be stopped. */
const sendTimeoutMs = 5_000;
/** A client of a log that is away may not close for long; an enforcer does not wait for it. */
const closeTimeoutMs = 3_000;

export const startEnforcer = async (config: EnforcerConfig, deps: EnforcerDeps): Promise<RunningEnforcer> => {
  const { logger, registry, health, clock } = deps;
  const failModes = failModesOf(config);
  const metrics = createEnforcerMetrics(registry, clock);
  const tables = new ZoneTables({
    masterKey: config.PRECEDE_SESSION_KEY,
    isLogOnly: config.PRECEDE_ENFORCER_LOG_ONLY,
    tokens: createTokens(metrics, logger),
    ...{ logger, metrics, clock },
  });
  const files = new SnapshotFiles({ dir: config.PRECEDE_ENFORCER_SNAPSHOT_DIR, logger, metrics });
  const stores = openStores(config, { logger, metrics, clock });
  const decisions = new Publisher({
    ...{ logger, counts: metrics },
    maxQueued: config.PRECEDE_ENFORCER_PUBLISH_QUEUE,
  });
  const requests = new Publisher({
    ...{ logger, counts: metrics.feed },
    maxQueued: config.PRECEDE_ENFORCER_FEED_QUEUE,
  });
  showSettings(config, failModes, metrics);
  await startFromDisk({ tables, files, health });
  const overload = new Overload({
    maxWaiting: config.PRECEDE_ENFORCER_MAX_WAITING,
    deadlineMs: config.PRECEDE_ENFORCER_DEADLINE,
  });
  metrics.countWaiting = () => overload.waiting;
  const decide = createDecide({
    ...{ tables, stores, metrics, clock, failModes, overload },
    recorder: new Recorder(decisions),
    feed: new RequestFeed(requests),
    random: deps.random ?? Math.random,
    hasSnapshot: () => health.conditions()['snapshot']?.ok === true,
    allowSample: config.PRECEDE_ENFORCER_ALLOW_SAMPLE,
    deadlineMs: config.PRECEDE_ENFORCER_DEADLINE,
  });
  const { countGateway } = metrics;
  const app = buildServer({ config, logger, health, registry, tables, failModes, decide, countGateway });
  const address = await listen(app, config.PRECEDE_ENFORCER_HOST, config.PRECEDE_ENFORCER_PORT);
  const grpc = await listenToEnvoy(config, { decide, count: countGateway, logger, health });
  const link = new LogLink({ ...deps, tables, files, publishers: [decisions, requests], metrics });
  return {
    name: 'enforcer',
    address,
    grpcPort: grpc?.port ?? null,
    health,
    close: async () => {
      health.drain();
      await Promise.all([app.close(), grpc?.close()]);
      overload.close();
      await Promise.all(
        [decisions, requests].map((each) => each.close(config.PRECEDE_ENFORCER_FLUSH_TIMEOUT)),
      );
      await link.close();
      await files.flush();
      await stores.close();
    },
  };
};

const listenToEnvoy = async (
  config: EnforcerConfig,
  deps: Omit<ExtAuthzDeps, 'token'>,
): Promise<GrpcServer | null> => {
  const { PRECEDE_ENFORCER_GRPC_PORT: port, PRECEDE_ENFORCER_HOST: host } = config;
  if (port === null) return null;
  const maxMessageBytes = config.PRECEDE_ENFORCER_MAX_CHECK;
  return startExtAuthz({ ...deps, token: config.PRECEDE_ENFORCER_TOKEN }, { host, port, maxMessageBytes });
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

interface LinkDeps extends EnforcerDeps {
  readonly tables: ZoneTables;
  readonly files: SnapshotFiles;
  readonly publishers: readonly Publisher[];
  readonly metrics: EnforcerMetrics;
}

/** Everything that needs the log, opened behind the answering server. */
class LogLink {
  readonly #deps: LinkDeps;
  readonly #stop = new AbortController();
  readonly #opening: Promise<void>;
  /** Closed in reverse order. */
  readonly #closing: (() => Promise<void>)[] = [];

  constructor(deps: LinkDeps) {
    this.#deps = deps;
    this.#opening = this.#open();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#opening;
    for (let last = this.#closing.pop(); last !== undefined; last = this.#closing.pop())
      if (!(await isDoneWithin(last(), closeTimeoutMs)))
        this.#deps.logger.warn({ closeTimeoutMs }, 'the log did not close in time');
  }

  async #open(): Promise<void> {
    const log = await this.#openLog();
    if (log === undefined) return;
    await Promise.all([this.#follow(log), this.#publish(log)]);
  }

  async #openLog(): Promise<EventLog | undefined> {
    const { log } = this.#deps;
    if (typeof log !== 'function') return log;
    const opened = await this.#try(log, 'the log cannot be opened', close);
    if (opened === undefined) return undefined;
    this.#closing.push(() => opened.close());
    // Also loads the schemas, without which nothing can be read or written.
    await this.#try(() => opened.ensureTopics(topicSpecs), 'the topics cannot be checked');
    return opened;
  }

  async #follow(log: EventLog): Promise<void> {
    const { tables, files, logger, metrics, health } = this.#deps;
    const onFollowing = (): void => {
      health.set('snapshot', true, `${tables.size} zones from the log`);
      health.set('config', true, 'config.v1 is followed', false);
    };
    const onError = (err: unknown): void => {
      health.set('config', false, 'config.v1 cannot be read, the last good snapshots stay', false);
      logger.warn({ err }, 'following the configuration failed');
    };
    const follower = await this.#try(
      () => ConfigFollower.open({ log, tables, files, logger, metrics, onFollowing, onError }),
      'the configuration cannot be followed',
      close,
    );
    if (follower !== undefined) this.#closing.push(() => follower.close());
  }

  async #publish(log: EventLog): Promise<void> {
    const producer = await this.#try(
      () => log.producer({ sendTimeoutMs }),
      'decisions cannot be written',
      close,
    );
    if (producer === undefined) return;
    this.#closing.push(() => producer.close());
    for (const publisher of this.#deps.publishers) publisher.start(log, producer);
  }

  #try<T>(action: () => Promise<T>, message: string, onLate?: (late: T) => void): Promise<T | undefined> {
    const { logger } = this.#deps;
    return untilDone(action, this.#stop.signal, (err) => logger.warn({ err }, message), onLate);
  }
}

/** What opens after the stop is closed behind it. */
const close = (late: { close(): Promise<void> }): void => {
  late.close().catch(() => {});
};
