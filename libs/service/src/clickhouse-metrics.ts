/** Rate, errors and duration of ClickHouse as a service asks it: the observer that @precede/clickhouse tells. */
import { Histogram, type Registry } from 'prom-client';

export const createClickHouseMetrics = (registry: Registry) => {
  const calls = new Histogram({
    name: 'precede_clickhouse_call_seconds',
    help: 'Time of single calls of ClickHouse, by what was asked and how it ended; each try of a call that is repeated counts.',
    labelNames: ['call', 'outcome'],
    buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers: [registry],
  });
  return {
    called: (call: string, outcome: 'ok' | 'failed', tookSeconds: number): void =>
      calls.observe({ call, outcome }, tookSeconds),
  };
};
