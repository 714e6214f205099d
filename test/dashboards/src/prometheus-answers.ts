/** Whether an answer of Prometheus fills the panel that asked: by the kind of panel and the legend of the query. */
import type { PrometheusSeries, TestPrometheus } from '@precede/testkit';
import type { Asked } from './board.ts';
import type { Range } from './clickhouse.ts';
import { readPromql, withVariables } from './promql.ts';
import { still } from './still.ts';

/** What stands in for series that are not there yet. */
const standIn = / or on \(\) (?:vector\(0\)|label_replace\(vector\(0\)[^)]*\))/g;

/** Which of the values of a label are asked for; that the label can have them is seen from the registries. */
const choice = /, (?!(?:service|instance)=)\w+(?:=~?|!=)"[^"]*"/g;

const isFilled = ({ values }: PrometheusSeries): boolean =>
  values.some(([, value]) => Number.isFinite(value));

/** `{{label}}`s of a legend, and the labels that name the rows of a table. */
const wantedLabels = ({ panel, target }: Asked): readonly string[] => {
  if (target.format === 'heatmap') return ['le'];
  if (target.format !== 'table')
    return [...(target.legendFormat ?? '').matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label);
  const kept = panel.transformations?.find(({ id }) => id === 'filterFieldsByName')?.options['include'];
  return (Object(kept).names as string[]).filter((name) => !name.startsWith('Value'));
};

const faultOf = (asked: Asked, series: readonly PrometheusSeries[]): string | undefined => {
  const filled = series.filter(isFilled);
  if (filled.length === 0) return `no value in ${series.length} series`;
  const missing = wantedLabels(asked).filter((label) => !filled.some(({ metric }) => label in metric));
  if (missing.length > 0) return `no series has ${missing.join(', ')}`;
  if (
    asked.target.format === 'heatmap' &&
    !filled.some(({ values }) => values.some(([, value]) => value > 0))
  )
    return 'every bucket is empty';
  return undefined;
};

/** Where a metric does not move, what is made of it cannot either. */
const isStill = (expr: string): boolean =>
  readPromql(withVariables(expr)).selectors.some(({ metric }) =>
    still.has(metric.replace(/_(bucket|count|sum)$/, '')),
  );

/**
 * As the panel asks there must be an answer. And over the whole test there must be one of real series: without the zero that
 * stands in for them, which would make a metric that never exists look like one that has not counted yet.
 */
export const faultsOf = async (
  prometheus: TestPrometheus,
  asked: Asked,
  { fromMs, toMs }: Range,
): Promise<readonly string[]> => {
  const { expr = '', instant } = asked.target;
  const overAll = (text: string): Promise<readonly PrometheusSeries[]> =>
    prometheus.queryRange(withVariables(text), fromMs / 1000, toMs / 1000, 1);
  const bare = expr.replaceAll(standIn, '');
  const mayBeEmpty = bare !== expr;
  const mayBeMissing = isStill(expr);
  const shown = instant === true ? await prometheus.query(withVariables(expr)) : await overAll(expr);
  const real = await overAll(mayBeEmpty ? bare.replaceAll(choice, '') : bare);
  const faults = [
    shown.length === 0 && (mayBeEmpty || !mayBeMissing) ? 'nothing is shown' : undefined,
    mayBeMissing ? undefined : faultOf(asked, real),
  ];
  return faults.flatMap((fault) => (fault === undefined ? [] : [`${asked.where}: ${fault}\n  ${expr}`]));
};
