/** What one step counted. It reaches the metrics once the step is committed, so that a step that is tried again counts once. */
import type { Verdict, WindowOutputs } from '@precede/sequence';
import type { SessionizerMetrics } from './metrics.ts';

export type Refusal = Exclude<Verdict, 'taken' | 'repeated'>;

export interface Tally {
  requests: number;
  repeated: number;
  unreadable: number;
  readonly refused: Record<Refusal, number>;
  outputs: WindowOutputs | null;
}

export const createTally = (): Tally => ({
  requests: 0,
  repeated: 0,
  unreadable: 0,
  refused: { late: 0, window_closed: 0, source_ended: 0 },
  outputs: null,
});

export const countCommitted = (metrics: SessionizerMetrics, tally: Tally): void => {
  metrics.requests.inc(tally.requests);
  metrics.repeated.inc(tally.repeated);
  metrics.unreadable.inc(tally.unreadable);
  for (const [reason, count] of Object.entries(tally.refused))
    if (count > 0) metrics.refused.inc({ reason }, count);
  if (tally.outputs === null) return;
  metrics.sequences.inc(tally.outputs.sequences.length);
  for (const { ended } of tally.outputs.closed) metrics.closed.inc({ ended });
  metrics.releasedEarly.inc(tally.outputs.releasedEarly);
  metrics.forgottenEarly.inc(tally.outputs.forgottenEarly);
};
