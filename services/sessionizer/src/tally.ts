/** What one step counted. It reaches the metrics once the step is committed, so that a step that is tried again counts once. */
import type { SessionEnd } from '@precede/contracts';
import type { Verdict } from '@precede/sequence';
import type { SessionizerMetrics } from './metrics.ts';

export type Refusal = Exclude<Verdict, 'taken' | 'repeated'>;

export interface Tally {
  requests: number;
  repeated: number;
  unreadable: number;
  readonly refused: Record<Refusal, number>;
  sequences: number;
  readonly closed: Record<SessionEnd, number>;
  releasedEarly: number;
  forgottenEarly: number;
}

export const createTally = (): Tally => ({
  requests: 0,
  repeated: 0,
  unreadable: 0,
  refused: { late: 0, window_closed: 0, source_ended: 0 },
  sequences: 0,
  closed: { gap: 0, source_ended: 0, bound: 0 },
  releasedEarly: 0,
  forgottenEarly: 0,
});

export const countCommitted = (metrics: SessionizerMetrics, tally: Tally): void => {
  metrics.requests.inc(tally.requests);
  metrics.repeated.inc(tally.repeated);
  metrics.unreadable.inc(tally.unreadable);
  for (const [reason, count] of Object.entries(tally.refused))
    if (count > 0) metrics.refused.inc({ reason }, count);
  metrics.sequences.inc(tally.sequences);
  for (const [ended, count] of Object.entries(tally.closed))
    if (count > 0) metrics.closed.inc({ ended }, count);
  metrics.releasedEarly.inc(tally.releasedEarly);
  metrics.forgottenEarly.inc(tally.forgottenEarly);
};
