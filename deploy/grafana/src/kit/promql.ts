/**
 * PromQL of the panels. A dashboard selects its series once, so that all of its panels follow its variables; nothing but
 * job, service and instance names a target (docs/adr/0011).
 */

/** Windows follow the scrape interval of the data source. */
const window = '[$__rate_interval]';

const sumBy = (operator: string, expr: string, by: readonly string[]): string =>
  by.length === 0 ? `${operator}(${expr})` : `${operator} by (${by.join(', ')}) (${expr})`;

export const sum = (expr: string, ...by: readonly string[]): string => sumBy('sum', expr, by);
export const max = (expr: string, ...by: readonly string[]): string => sumBy('max', expr, by);
export const min = (expr: string, ...by: readonly string[]): string => sumBy('min', expr, by);
export const count = (expr: string, ...by: readonly string[]): string => sumBy('count', expr, by);

/**
 * What counts things that may never have happened: then there is no series, and the answer is none of them. `label`: the
 * one that names the series. Without `on ()` the zero would stand beside series that have labels.
 */
export const orZero = (expr: string, label?: string, name = nothing): string =>
  label === undefined
    ? `${expr} or on () vector(0)`
    : `${expr} or on () label_replace(vector(0), "${label}", "${name}", "", "")`;

const nothing = 'nothing yet';

/** A rate or a gauge by labels, nothing yet where there is no series. */
export const sumOrZero = (expr: string, ...by: readonly [string, ...string[]]): string =>
  orZero(sum(expr, ...by), by[0]);

/** `part` of `whole`; 0 where there is nothing to have a share of. */
export const share = (part: string, whole: string): string => orZero(`${part} / (${whole} > 0)`);

/** `scope`: matchers every series of the dashboard has, such as `instance=~"$instance"`. */
export const selecting = (...scope: readonly string[]) => {
  const series = (name: string, ...matchers: readonly string[]): string =>
    `${name}{${['job="precede"', ...scope, ...matchers].join(', ')}}`;
  const rate = (name: string, ...matchers: readonly string[]): string =>
    `rate(${series(name, ...matchers)}${window})`;
  const increase = (name: string, ...matchers: readonly string[]): string =>
    `increase(${series(name, ...matchers)}${window})`;
  /** Of a histogram by its name without `_bucket`. */
  const quantile = (q: number, name: string, by: readonly string[] = [], ...matchers: readonly string[]) =>
    `histogram_quantile(${q}, ${sum(rate(`${name}_bucket`, ...matchers), 'le', ...by)})`;
  const buckets = (name: string, ...matchers: readonly string[]): string =>
    sum(increase(`${name}_bucket`, ...matchers), 'le');
  return { series, rate, increase, quantile, buckets };
};

export type Selecting = ReturnType<typeof selecting>;
