/** Every instrument of the scorer. */
import { Topic } from '@precede/contracts';
import { createClickHouseMetrics, logMetricsOf, type Registry, zeroed } from '@precede/service';
import { Counter, Gauge, Histogram } from 'prom-client';

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const createScorerMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    log: logMetricsOf(registry),
    clickhouse: createClickHouseMetrics(registry),
    sequences: zeroed(
      new Counter({
        name: 'precede_scorer_sequences_total',
        help: 'Records of sequences.v1, by outcome: counted, too_old, unreadable. A replay counts again.',
        labelNames: ['outcome'] as const,
        registers,
      }),
      { outcome: ['counted', 'too_old', 'unreadable'] },
    ),
    rows: new Counter({
      name: 'precede_scorer_rows_total',
      help: 'Rows written to ClickHouse, by table.',
      labelNames: ['table'] as const,
      registers,
    }),
    /** Bytes of the counts of open epochs, by partition: the same as the gauge, to be looked at. */
    openBytes: new Map<number, number>(),
    /** Bytes of the largest window of a zone. */
    largestWindow: { bytes: 0 },
    /** Looked at when metrics are read. */
    scoreAge: scoreAgeGauge(registry),
    held: new Gauge({
      name: 'precede_scorer_held_sequences',
      help: 'Branches of the counts of open epochs held in memory; most stand for several sequences.',
      labelNames: ['partition'] as const,
      registers,
    }),
    heldBytes: new Gauge({
      name: 'precede_scorer_held_bytes',
      help: 'Memory of the counts of open epochs.',
      labelNames: ['partition'] as const,
      registers,
    }),
    flushSeconds: new Histogram({
      name: 'precede_scorer_flush_seconds',
      help: 'Time to write the grown counts of a partition, retries included.',
      buckets: seconds,
      registers,
    }),
    epochs: new Counter({
      name: 'precede_scorer_epochs_total',
      help: 'Epochs closed: stored whole, offset moved past them.',
      registers,
    }),
    retries: new Counter({
      name: 'precede_scorer_clickhouse_retries_total',
      help: 'Calls of ClickHouse that failed and were tried again.',
      registers,
    }),
    snapshots: zeroed(
      new Counter({
        name: 'precede_scorer_snapshots_total',
        help: 'Score snapshots, by outcome: ranked, advanced (nothing new for the zone), failed.',
        labelNames: ['outcome'] as const,
        registers,
      }),
      { outcome: ['ranked', 'advanced', 'failed'] },
    ),
    rankSeconds: new Histogram({
      name: 'precede_scorer_rank_seconds',
      help: 'Time to read, score and store one zone.',
      buckets: seconds,
      registers,
    }),
    cut: new Counter({
      name: 'precede_scorer_cut_sequences_total',
      help: 'Rarest stored counts left out of a scoring for PRECEDE_SCORER_RANK_MAX_ROWS.',
      registers,
    }),
    dropped: new Gauge({
      name: 'precede_scorer_dropped_sequences',
      help: 'Rare sequences given up within the window of the newest snapshots, over the zones of this scorer.',
      registers,
    }),
    zoneBytes: new Gauge({
      name: 'precede_scorer_zone_bytes',
      help: 'Memory of the 24 hours of counts that the zones of this scorer are scored from.',
      registers,
    }),
    archived: zeroed(
      new Counter({
        name: 'precede_scorer_archived_records_total',
        help: 'Records of sessions.v1, decisions.v1, audit.v1 and, where stored, requests.v1, by topic and outcome: stored, unreadable.',
        labelNames: ['topic', 'outcome'] as const,
        registers,
      }),
      {
        topic: [Topic.sessions, Topic.decisions, Topic.audit, Topic.requests],
        outcome: ['stored', 'unreadable'],
      },
    ),
    rescored: new Counter({
      name: 'precede_scorer_rescored_sessions_total',
      help: 'Sessions written again with their likelihood: they were stored before there was a model, or under one of little traffic.',
      registers,
    }),
    operations: zeroed(
      new Counter({
        name: 'precede_scorer_config_records_total',
        help: 'Records of config.v1 taken, by outcome: stored, ignored, unreadable.',
        labelNames: ['outcome'] as const,
        registers,
      }),
      { outcome: ['stored', 'ignored', 'unreadable'] },
    ),
  };
};

const scoreAgeGauge = (registry: Registry): { read: () => number } => {
  const source = { read: () => 0 };
  new Gauge({
    name: 'precede_scorer_score_age_seconds',
    help: 'How long the newest scores of a zone with traffic have not told all that is counted of it, of the worst zone of this scorer; 0 where no zone has traffic.',
    registers: [registry],
    collect() {
      this.set(source.read());
    },
  });
  return source;
};

export type ScorerMetrics = ReturnType<typeof createScorerMetrics>;
