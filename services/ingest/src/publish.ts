/** Step 5 of the pipeline, and the end of a source: what ingest writes to the log, acknowledged before it answers. */
import {
  ErrorCode,
  PrecedeError,
  requestToAvro,
  type SessionId,
  type SourceId,
  sessionKey,
  Topic,
  UnavailableError,
  type ZoneId,
} from '@precede/contracts';
import type { EventLog, LogProducer, OutgoingRecord } from '@precede/log';
import type { Tracing } from '@precede/service';
import { type IngestMetrics, Outcome } from './metrics.ts';
import type { Tally } from './tally.ts';
import { tracedSend } from './traced-send.ts';

export interface PublishDeps {
  readonly log: EventLog;
  readonly producer: LogProducer;
  readonly metrics: IngestMetrics;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** Resolves when the log has acknowledged all of it. Throws UnavailableError; then any part may have been written. */
export const publish = async (records: readonly OutgoingRecord[], deps: PublishDeps): Promise<void> => {
  if (records.length === 0) return;
  const stop = deps.metrics.publishSeconds.startTimer();
  try {
    await tracedSend(deps.producer, records, deps.tracing);
  } catch (error) {
    throw unavailable(error);
  } finally {
    stop();
  }
};

// Whatever the log's fault is, the sender's part is the same: send again. What it was stays in `cause`.
const unavailable = (error: unknown): UnavailableError => {
  if (error instanceof UnavailableError) return error;
  const code =
    error instanceof PrecedeError && error.code === ErrorCode.logFull ? error.code : ErrorCode.logUnavailable;
  return new UnavailableError(
    code,
    'the log did not take the events; send them again with the same ids',
    error,
  );
};

/** Counts what was acknowledged; called once a body. */
export const count = (tally: Tally, metrics: IngestMetrics): void => {
  metrics.events.inc({ outcome: Outcome.sequenced }, tally.sequenced);
  metrics.events.inc({ outcome: Outcome.withoutSession }, tally.withoutSession);
  metrics.events.inc({ outcome: Outcome.unmatched }, tally.unmatched);
  metrics.clamped.inc(tally.clamped);
  metrics.unsampled.inc(tally.unsampled);
  for (const [code, n] of tally.refusedByCode) metrics.refused.inc({ code }, n);
};

const noSession = '0'.repeat(32) as SessionId;

/** Tells every partition of requests.v1 that the source has sent all it has; resolves to their number. Again changes nothing. */
export const publishSourceEnd = async (
  zoneId: ZoneId,
  source: SourceId,
  deps: PublishDeps,
): Promise<number> => {
  const partitions = await deps.log.partitionCount(Topic.requests).catch((error: unknown) => {
    throw unavailable(error);
  });
  const value = deps.log.codec.encode(
    Topic.requests,
    requestToAvro({ kind: 'source_ended', zoneId, source }),
  );
  const key = sessionKey(zoneId, noSession);
  const records = Array.from({ length: partitions }, (_, partition) => ({
    topic: Topic.requests,
    key,
    value,
    partition,
  }));
  await publish(records, deps);
  return partitions;
};
