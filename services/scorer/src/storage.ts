/**
 * ClickHouse as the scorer uses it: calls are tried until they succeed or the service closes. While it is away nothing
 * is read from the log (a step does not return), so memory stays bounded and nothing is lost; /readyz says so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '@precede/clickhouse';
import { PrecedeError } from '@precede/contracts';
import type { Health, Logger } from '@precede/service';
import type { ScorerMetrics } from './metrics.ts';

export interface Storage {
  readonly clickhouse: ClickHouse;
  /** Tries until it succeeds; throws what retrying does not help, and the last error once the service closes. */
  run<T>(call: () => Promise<T>): Promise<T>;
  insert(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void>;
  /** Not tried again: for rows that must not be there twice. What fails may be stored all the same. */
  insertOnce(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void>;
  insertBinary(table: string, columns: readonly string[], bytes: Buffer, rowCount: number): Promise<void>;
}

export interface StorageDeps {
  readonly clickhouse: ClickHouse;
  readonly metrics: ScorerMetrics;
  readonly health: Health;
  readonly logger: Logger;
  /** Aborted when the service closes: calls are then made once. */
  readonly closing: AbortSignal;
}

/** A time as ClickHouse takes it. */
export const iso = (timeMs: number): string => new Date(timeMs).toISOString();

const firstDelayMs = 100;
const maxDelayMs = 5_000;
/** Rows of one insert: one block on the server, a few MiB of text here. */
const maxInsertRows = 50_000;

export const createStorage = (deps: StorageDeps): Storage => {
  let isAway = false;
  const setAway = (away: boolean, err?: unknown): void => {
    deps.health.set('clickhouse', !away, away ? 'away; consuming waits until it is back' : 'ok');
    if (away === isAway) return;
    isAway = away;
    if (away) deps.logger.warn({ err }, 'clickhouse failed, trying again');
    else deps.logger.info('clickhouse is back');
  };
  const run = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(maxDelayMs, delayMs * 2)) {
      try {
        const result = await call();
        setAway(false);
        return result;
      } catch (error) {
        if (!(error instanceof PrecedeError && error.retryable) || deps.closing.aborted) throw error;
        setAway(true, error);
        deps.metrics.retries.inc();
        // Jitter keeps many scorers from coming back in one moment.
        await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { signal: deps.closing }).catch(() => {});
      }
    }
  };
  const insertParts =
    (attempt: (call: () => Promise<void>) => Promise<void>): Storage['insert'] =>
    async (table, columns, rows) => {
      for (let from = 0; from < rows.length; from += maxInsertRows) {
        const part = rows.slice(from, from + maxInsertRows);
        await attempt(() => deps.clickhouse.insert(table, columns, part));
        deps.metrics.rows.inc({ table }, part.length);
      }
    };
  return {
    clickhouse: deps.clickhouse,
    run,
    insert: insertParts(run),
    insertOnce: insertParts((call) => call()),
    insertBinary: async (table, columns, bytes, rowCount) => {
      await run(() => deps.clickhouse.insertBinary(table, columns, bytes));
      deps.metrics.rows.inc({ table }, rowCount);
    },
  };
};
