/**
 * The same rules in a hurry: windows, `for` and thresholds that are ages are seconds instead of minutes to days, so that a
 * test sees each alert come and go. What is compared, and with which metric, stays.
 */
import { stringify } from 'yaml';
import type { Rule, RuleGroup } from './alert-rules.ts';

/** Long windows of the objectives stay longer than short ones. */
const windows: readonly (readonly [RegExp, string])[] = [
  // A process takes its time to start, and several starts are counted.
  [/(changes\(.*)\[30m\]/g, '$1[5m]'],
  [/\[6h\]/g, '[40s]'],
  [/\[(1h|30m)\]/g, '[30s]'],
  [/(?<!changes\(.*)\[(15m|10m|5m)\]/g, '[20s]'],
];

/** Seconds that a metric must exceed, by the alerts that compare ages. */
const ages: readonly (readonly [RegExp, string])[] = [
  [/> 24 \* 3600/g, '> 15'],
  [/> 84 \* 3600/g, '> 15'],
  [/> 1800/g, '> 12'],
  [/> 300\b/g, '> 8'],
];

const replaced = (text: string, by: readonly (readonly [RegExp, string])[]): string =>
  by.reduce((known, [pattern, value]) => known.replace(pattern, value), text);

const quickRule = ({ for: wait, ...rule }: Rule): Rule => ({
  ...rule,
  expr: replaced(replaced(rule.expr, windows), ages),
  ...(wait === undefined ? {} : { for: '2s' }),
});

export const quickRules = (groups: readonly RuleGroup[]): string =>
  stringify({
    groups: groups.map(({ name, rules }) => ({ name, interval: '1s', rules: rules.map(quickRule) })),
  });
