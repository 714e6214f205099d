/** How full what is bounded is: used and limit in one unit, so that their ratio is plain PromQL for every bound alike. */
import { Gauge, type Registry } from 'prom-client';

export interface BoundedThing {
  /** One of a closed set: docs/telemetry.md lists them. */
  readonly budget: string;
  readonly limit: number;
  /** Of the fullest, where there are several. Looked at when metrics are read. */
  used(): number;
}

/** Once a service, with all that it bounds. */
export const createBudgetMetrics = (registry: Registry, things: readonly BoundedThing[]): void => {
  const registers = [registry];
  const labelNames = ['budget'] as const;
  new Gauge({
    name: 'precede_budget_used',
    help: 'How much of a bound is used, of the fullest partition or zone where each has one; unit by budget.',
    labelNames,
    registers,
    collect() {
      for (const { budget, used } of things) this.set({ budget }, used());
    },
  });
  const limits = new Gauge({
    name: 'precede_budget_limit',
    help: 'The bound itself, in the unit of precede_budget_used.',
    labelNames,
    registers,
  });
  for (const { budget, limit } of things) limits.set({ budget }, limit);
};
