/** The conditions of /readyz as a metric, so that an alert can name what a process waits for. */
import { Gauge, type Registry } from 'prom-client';
import type { Health } from './health.ts';

const name = 'precede_condition_ok';

/** Once a registry: a process that waits for its topics has a server before the one of its service. */
export const createConditionMetrics = (registry: Registry, health: Health): void => {
  if (registry.getSingleMetric(name) !== undefined) return;
  new Gauge({
    name,
    help: 'Conditions of /readyz: 1 where one holds, 0 where it does not.',
    labelNames: ['condition'],
    registers: [registry],
    collect() {
      // A condition may go: `draining` is there only while it holds the process back.
      this.reset();
      for (const [condition, { ok }] of Object.entries(health.conditions()))
        this.set({ condition }, ok ? 1 : 0);
    },
  });
};
