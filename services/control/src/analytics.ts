/** ClickHouse as the API asks it: every failure is one 503, so that configuration never suffers from it. */
import type { ClickHouse } from '@precede/clickhouse';
import type { Health, Logger } from '@precede/service';
import { apiError } from './errors.ts';

const pingEveryMs = 5_000;
const pingTimeoutMs = 3_000;

export interface Analytics {
  ask<R>(question: (clickhouse: ClickHouse) => Promise<R>): Promise<R>;
}

export const createAnalytics = (clickhouse: ClickHouse | undefined, logger: Logger): Analytics => ({
  ask: async (question) => {
    if (clickhouse === undefined) throw apiError('analyticsUnavailable', 'this instance has no ClickHouse');
    try {
      return await question(clickhouse);
    } catch (err) {
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
