/** Every instrument of ingest. */
import { createRequestMetrics, logMetricsOf, type Registry, zeroed } from '@precede/service';
import { Counter, Gauge, Histogram } from 'prom-client';

/** What becomes of an accepted event. */
export const Outcome = {
  sequenced: 'sequenced',
  withoutSession: 'without_session',
  unmatched: 'unmatched',
} as const;

export const createIngestMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    log: logMetricsOf(registry),
    requests: createRequestMetrics(registry, 'ingest', 'ingest'),
    bodies: zeroed(
      new Counter({
        name: 'precede_ingest_bodies_total',
        help: 'Request bodies answered, by outcome: accepted, refused (every event of it), invalid, busy, unavailable, other_origin (the zone is fed by the enforcer).',
        labelNames: ['outcome'] as const,
        registers,
      }),
      {
        outcome: ['accepted', 'refused', 'invalid', 'busy', 'unavailable', 'other_origin'],
      },
    ),
    events: new Counter({
      name: 'precede_ingest_events_total',
      help: 'Events acknowledged, by outcome: sequenced, without_session, unmatched.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'precede_ingest_refused_events_total',
      help: 'Events refused one by one, by code of the fault.',
      labelNames: ['code'] as const,
      registers,
    }),
    clamped: new Counter({
      name: 'precede_ingest_clamped_times_total',
      help: 'Accepted events whose time was up to 5 minutes ahead and was set to the time of receipt.',
      registers,
    }),
    unsampled: new Counter({
      name: 'precede_ingest_unsampled_events_total',
      help: 'Unmatched events above the rate kept for discovery: counted, not published.',
      registers,
    }),
    receivedBytes: new Counter({
      name: 'precede_ingest_received_bytes_total',
      help: 'Bytes of request bodies as sent.',
      registers,
    }),
    inFlightBytes: new Gauge({
      name: 'precede_ingest_in_flight_bytes',
      help: 'Bytes of request bodies held now.',
      registers,
    }),
    publishSeconds: new Histogram({
      name: 'precede_ingest_publish_seconds',
      help: 'Time until the log has acknowledged the events of one body.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    tokens: new Counter({
      name: 'precede_ingest_tokens_total',
      help: 'Events asked for a token by a session identifier of type jwt, by outcome; where it is not valid the next identifier is asked.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    tokenKeysLoadSeconds: new Histogram({
      name: 'precede_ingest_token_keys_load_seconds',
      help: 'Time of requests for the keys that tokens are verified with, by outcome.',
      labelNames: ['outcome'] as const,
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    zones: new Gauge({ name: 'precede_ingest_zones', help: 'Zones known.', registers }),
    configFaults: new Counter({
      name: 'precede_ingest_config_faults_total',
      help: 'Configuration records that could not be read, token configurations and session identifiers of type jwt that cannot be used, and failures to follow the configuration.',
      registers,
    }),
  };
};
export type IngestMetrics = ReturnType<typeof createIngestMetrics>;
