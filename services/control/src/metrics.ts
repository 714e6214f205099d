/** Every instrument of control. */
import {
  createClickHouseMetrics,
  createRequestMetrics,
  logMetricsOf,
  type Registry,
  zeroed,
} from '@precede/service';
import { Counter, Gauge, Histogram } from 'prom-client';

export type ControlMetrics = ReturnType<typeof createControlMetrics>;

export const createControlMetrics = (registry: Registry) => {
  const registers = [registry];
  return {
    log: logMetricsOf(registry),
    clickhouse: createClickHouseMetrics(registry),
    requests: createRequestMetrics(registry, 'control', 'the management API'),
    writes: zeroed(
      new Counter({
        name: 'precede_control_writes_total',
        help: 'Changes of configuration by outcome: written, refused, unavailable, busy, fenced.',
        labelNames: ['outcome'],
        registers,
      }),
      { outcome: ['written', 'refused', 'unavailable', 'busy', 'fenced'] },
    ),
    writeSeconds: new Histogram({
      name: 'precede_control_write_duration_seconds',
      help: 'Time from a planned change to its being in the log and applied.',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    waitingWrites: new Gauge({
      name: 'precede_control_waiting_writes',
      help: 'Changes waiting for the one before them.',
      registers,
    }),
    recoveries: new Counter({
      name: 'precede_control_recoveries_total',
      help: 'Times the log was read again because the outcome of a write was unknown.',
      registers,
    }),
    configRecords: zeroed(
      new Counter({
        name: 'precede_control_config_records_total',
        help: 'Records of config.v1 read, by outcome: applied, unreadable.',
        labelNames: ['outcome'],
        registers,
      }),
      { outcome: ['applied', 'unreadable'] },
    ),
    zones: new Gauge({ name: 'precede_control_zones', help: 'Zones configured.', registers }),
  };
};
