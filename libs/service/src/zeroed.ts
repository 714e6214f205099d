/**
 * Counters with labels that are 0 from the start. Prometheus sees no increase in a series that appears with its first
 * count, so what is alerted on must be there before it happens.
 */
import type { Counter } from 'prom-client';

type LabelValues<L extends string> = Readonly<Record<L, readonly string[]>>;

/** Every combination of the values. */
export const zeroed = <L extends string>(counter: Counter<L>, labels: LabelValues<L>): Counter<L> => {
  for (const combination of combinations(labels)) counter.inc(combination, 0);
  return counter;
};

const combinations = <L extends string>(labels: LabelValues<L>): Record<L, string>[] =>
  Object.entries<readonly string[]>(labels).reduce(
    (all, [label, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [label]: value }))),
    [{}] as Record<L, string>[],
  );
