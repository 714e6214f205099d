/** A ClickHouse that tells an observer what it is asked, how that ends and how long it takes. */
import type { ClickHouse } from './client.ts';

export type ClickHouseCall = 'query' | 'insert' | 'command' | 'ping';

/** Must not throw. */
export interface ClickHouseObserver {
  called(call: ClickHouseCall, outcome: 'ok' | 'failed', seconds: number): void;
}

export const measuredClickHouse = (clickhouse: ClickHouse, observer: ClickHouseObserver): ClickHouse => {
  const timed = async <T>(call: ClickHouseCall, ask: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const end = (outcome: 'ok' | 'failed'): void =>
      observer.called(call, outcome, (performance.now() - startedMs) / 1000);
    try {
      const answer = await ask();
      end('ok');
      return answer;
    } catch (error) {
      end('failed');
      throw error;
    }
  };
  return {
    ...clickhouse,
    query: (...asked) => timed('query', () => clickhouse.query(...asked)),
    queryBinary: (...asked) => timed('query', () => clickhouse.queryBinary(...asked)),
    insert: (...rows) => timed('insert', () => clickhouse.insert(...rows)),
    insertBinary: (...rows) => timed('insert', () => clickhouse.insertBinary(...rows)),
    command: (...asked) => timed('command', () => clickhouse.command(...asked)),
    ping: (timeoutMs) => timed('ping', () => clickhouse.ping(timeoutMs)),
  };
};
