/** ClickHouse as the API asks it: timed, and every failure one 503, so that configuration never suffers from it. */
import type { ClickHouse } from '@precede/clickhouse';
import type { Health, Logger } from '@precede/service';
import { apiError } from './errors.ts';
import type { ControlMetrics } from './metrics.ts';

const pingEveryMs = 5_000;
const pingTimeoutMs = 3_000;

export interface Analytics {
  ask<R>(question: (clickhouse: ClickHouse) => Promise<R>): Promise<R>;
}

export const createAnalytics = (
  clickhouse: ClickHouse | undefined,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: ControlMetrics },
): Analytics => ({
  ask: async (question) => {
    if (clickhouse === undefined) throw apiError('analyticsUnavailable', 'this instance has no ClickHouse');
    const stop = metrics.queries.startTimer();
    try {
      const answer = await question(clickhouse);
      stop({ outcome: 'ok' });
      return answer;
    } catch (err) {
      stop({ outcome: 'failed' });
      logger.warn({ err }, 'a question to ClickHouse failed');
      throw apiError(
        'analyticsUnavailable',
        'ClickHouse does not answer; scores are away, configuration is not',
      );
    }
  },
});

/** Shows ClickHouse among the conditions; without it control is ready all the same. Returns how to stop. */
export const watchClickHouse = (clickhouse: ClickHouse, health: Health): (() => void) => {
  const look = async (): Promise<void> => {
    try {
      await clickhouse.ping(pingTimeoutMs);
      health.set('clickhouse', true, 'ok', false);
    } catch (error) {
      health.set('clickhouse', false, (error as Error).message, false);
    }
  };
  health.set('clickhouse', false, 'not yet', false);
  void look();
  const timer = setInterval(() => void look(), pingEveryMs);
  timer.unref();
  return () => clearInterval(timer);
};
