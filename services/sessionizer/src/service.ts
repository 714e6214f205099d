/** Composition of the sessionizer: HTTP first, then the configuration, then the partitions. */
import { Topic, type TopicName } from '@precede/contracts';
import { type EventLog, measuredLog, type Processing } from '@precede/log';
import { estimatedBytes, type WindowsState } from '@precede/sequence';
import {
  type BoundedThing,
  createBudgetMetrics,
  type Health,
  type Logger,
  listen,
  type RunningService,
  type Tools,
} from '@precede/service';
import { boundsOf, limitsOf, type SessionizerConfig } from './config.ts';
import { buildServer } from './http.ts';
import { createSessionizerMetrics, type SessionizerMetrics } from './metrics.ts';
import { openPartition, type PipelineDeps } from './pipeline.ts';
import { type FollowedZones, followZones } from './zones.ts';

export const sessionizerGroup = 'precede.sessionizer';
const input: TopicName = Topic.requests;

export interface SessionizerDeps extends Tools {
  readonly log: EventLog;
}

/** Resolves once it takes part in the group; /readyz tells when its partitions are open. */
export const startSessionizer = async (
  config: SessionizerConfig,
  deps: SessionizerDeps,
): Promise<RunningService> => {
  const { logger, health } = deps;
  health.set('config', false);
  health.set('partitions', false);
  const states = new Set<WindowsState>();
  const metrics = createSessionizerMetrics(deps.registry, states, deps.clock);
  const log = measuredLog(deps.log, metrics.log);
  createBudgetMetrics(deps.registry, budgetsOf(config, states));
  const app = buildServer(deps);
  const address = await listen(app, config.PRECEDE_SESSIONIZER_HOST, config.PRECEDE_SESSIONIZER_PORT);
  const zones = await followZones(log, logger, metrics);
  // Gap and grace decide what a window is: no request is looked at before they are known.
  await zones.caughtUp;
  health.set('config', true);
  const pipeline = {
    codec: log.codec,
    zones,
    bounds: boundsOf(config),
    limits: limitsOf(config),
    tracing: deps.tracing,
    metrics,
    logger,
    states,
  };
  const processing = await startProcessing(log, config, pipeline, health);
  return {
    name: 'sessionizer',
    address,
    health,
    close: () => closeAll(processing, zones, () => app.close()),
  };
};

/** Each partition has its own: the fullest is told. */
const budgetsOf = (config: SessionizerConfig, states: ReadonlySet<WindowsState>): readonly BoundedThing[] => {
  const thing = (budget: string, limit: number, read: (state: WindowsState) => number): BoundedThing => ({
    ...{ budget, limit },
    used: () => Math.max(0, ...Array.from(states, read)),
  });
  return [
    thing('open_windows', config.PRECEDE_SESSIONIZER_MAX_WINDOWS, (state) => state.openWindows),
    thing('held_requests', config.PRECEDE_SESSIONIZER_MAX_HELD, (state) => state.heldRequests),
    thing('remembered_sessions', config.PRECEDE_SESSIONIZER_MAX_REMEMBERED, (state) => state.remembered),
    thing('state_bytes', config.PRECEDE_SESSIONIZER_MAX_BYTES, estimatedBytes),
  ];
};

const startProcessing = async (
  log: EventLog,
  config: SessionizerConfig,
  pipeline: PipelineDeps,
  health: Health,
): Promise<Processing> => {
  const processing = await log.process({
    group: sessionizerGroup,
    topic: input,
    changelog: Topic.changelog,
    isTransactional: true,
    outputs: [Topic.sequences, Topic.sessions, Topic.deadLetters],
    maxBatchRecords: config.PRECEDE_SESSIONIZER_MAX_BATCH,
    open: (assignment) => openPartition(pipeline, assignment),
    onRebalance: () => pipeline.metrics.rebalances.inc(),
    onError: (err, partition) => reportFailure(pipeline.metrics, pipeline.logger, err, partition),
  });
  processing.ready.then(
    () => health.set('partitions', true),
    (err: unknown) => pipeline.logger.error({ err }, 'partitions cannot be opened'),
  );
  return processing;
};

const reportFailure = (
  metrics: SessionizerMetrics,
  logger: Logger,
  err: unknown,
  partition: number,
): void => {
  metrics.failures.inc();
  logger.error({ err, topic: input, partition }, 'step failed, opening the partition anew');
};

/** What was begun is committed before the server goes. */
const closeAll = async (
  processing: Processing,
  zones: FollowedZones,
  closeServer: () => Promise<void>,
): Promise<void> => {
  await processing.close();
  await zones.close();
  await closeServer();
};
