import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asked, boards } from './board.ts';
import { known } from './known-metrics.ts';
import { type Matcher, readPromql, type Selector, withVariables } from './promql.ts';

const variableQueries = boards.flatMap(({ uid, templating }) =>
  templating.list.flatMap(({ name, query }) => {
    const text = typeof query === 'object' ? (query.query ?? '') : '';
    const selector = /^label_values\((.+), \w+\)$/.exec(text)?.[1];
    return selector === undefined ? [] : [{ where: `${uid}, variable ${name}`, expr: selector }];
  }),
);

const all = [
  ...variableQueries,
  ...boards.flatMap(asked).flatMap(({ where, target: { expr } }) => (expr ? [{ where, expr }] : [])),
].map(({ where, expr }) => ({ where, ...readPromql(withVariables(expr)) }));

const selected = all.flatMap(({ where, selectors }) => selectors.map((selector) => ({ where, ...selector })));

/** The values that a matcher means: text, or alternatives of an expression; undefined where they are a pattern. */
const meant = ({ operator, value }: Matcher): readonly string[] | undefined => {
  if (operator === '=' || operator === '!=') return [value];
  return /^[\w|.]+$/.test(value) ? value.split('|') : undefined;
};

const unknownValues = ({ metric, matchers }: Selector): readonly string[] =>
  matchers.flatMap((matcher) => {
    const values = known.get(metric)?.values(matcher.label) ?? [];
    if (values.length === 0) return [];
    return (meant(matcher) ?? []).filter((value) => !values.includes(value));
  });

test('every expression is PromQL', () => {
  assert.ok(all.length > 150, `${all.length}`);
  assert.deepEqual(
    all.filter(({ errors }) => errors.length > 0).map(({ where, errors }) => [where, ...errors]),
    [],
  );
});

test('a text that is no PromQL would be found', () => {
  for (const text of ['sum(rate(up[5m])', 'sum by (le (up)', 'up{job=precede}', 'rate(up[)'])
    assert.ok(readPromql(text).errors.length > 0, text);
});

test('every metric that is asked for exists, with every label that is asked of it', () => {
  assert.deepEqual(
    selected.filter(({ metric }) => !known.has(metric)).map(({ where, metric }) => `${where}: ${metric}`),
    [],
  );
  assert.deepEqual(
    selected.flatMap(({ where, metric, matchers }) =>
      matchers
        .filter(({ label }) => !known.get(metric)?.labels.has(label))
        .map(({ label }) => `${where}: ${metric} ${label}`),
    ),
    [],
  );
});

test('every label that is grouped by is one of a metric in the expression', () => {
  const foreign = all.flatMap(({ where, selectors, grouped }) =>
    grouped
      .filter((label) => !selectors.some(({ metric }) => known.get(metric)?.labels.has(label)))
      .map((label) => `${where}: ${label}`),
  );

  assert.deepEqual(foreign, []);
});

test('every value of a label that is asked for is one that the metric can have', () => {
  assert.deepEqual(
    selected.flatMap((each) => unknownValues(each).map((value) => `${each.where}: ${each.metric} ${value}`)),
    [],
  );
});

test('nothing but job, service and instance names a target, and each selector names the job', () => {
  assert.deepEqual(
    selected
      .filter(
        ({ metric, matchers }) =>
          metric !== 'ALERTS' && !matchers.some(({ label, value }) => label === 'job' && value === 'precede'),
      )
      .map(({ where, metric }) => `${where}: ${metric}`),
    [],
  );
});

test('every instrument is on a dashboard', () => {
  const shown = new Set(selected.map(({ metric }) => metric));
  const stems = new Set([...shown].map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  const own = [...known.keys()].filter((name) => name.startsWith('precede_'));

  assert.deepEqual(
    own.filter((name) => !stems.has(name.replace(/_(bucket|sum|count)$/, ''))),
    [],
  );
});
