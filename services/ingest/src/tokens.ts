/** What ingest tells of the tokens that its zones name sessions by: counts, times, and a line when a source of keys changes. */
import { type Logger, systemClock } from '@precede/service';
import { type KeysLoad, LoadOutcome, Tokens } from '@precede/tokens';
import type { IngestMetrics } from './metrics.ts';

export const createTokens = (metrics: IngestMetrics, logger: Logger): Tokens =>
  new Tokens({
    onOutcome: (outcome) => metrics.tokens.inc({ outcome }),
    onLoad: (load) => {
      metrics.tokenKeysLoadSeconds.observe({ outcome: load.outcome }, load.tookMs / 1000);
      logLoad(load, logger);
    },
    // Also where PRECEDE_CLOCK holds the time of events still: keys must go on being loaded.
    now: systemClock.now,
  });

const logLoad = ({ url, outcome, previous }: KeysLoad, logger: Logger): void => {
  if (outcome === previous) return;
  if (outcome === LoadOutcome.loaded) logger.info({ url }, 'keys of tokens loaded');
  else logger.warn({ url, outcome }, 'keys of tokens cannot be loaded for now, those known stay');
};
