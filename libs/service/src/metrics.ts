/** One prom-client registry a service. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { versionOf } from './version.ts';

export type { Registry } from 'prom-client';

/** Default process metrics without the gauges whose names end in `_total` (`promtool check metrics` refuses them). */
export const createMetrics = (): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${name}_total`);
  new Gauge({
    name: 'precede_build_info',
    help: 'Always 1; which release runs, and from which commit.',
    labelNames: ['version', 'commit'],
    registers: [registry],
  }).set({ ...versionOf() }, 1);
  return registry;
};
