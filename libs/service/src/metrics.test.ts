import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter } from 'prom-client';
import { createBudgetMetrics } from './budget-metrics.ts';
import { createConditionMetrics } from './condition-metrics.ts';
import { createHealth } from './health.ts';
import { logMetricsOf } from './log-metrics.ts';
import { createMetrics, type Registry } from './metrics.ts';
import { zeroed } from './zeroed.ts';

/** The lines of one metric, without its help. */
const linesOf = async (registry: Registry, name: string): Promise<readonly string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

test('a condition is 1 while it holds, and draining is there only while the process ends', async () => {
  const registry = createMetrics();
  const health = createHealth();
  createConditionMetrics(registry, health);
  health.set('config', true);
  health.set('log', false);

  const before = await linesOf(registry, 'precede_condition_ok');
  health.drain();
  const after = await linesOf(registry, 'precede_condition_ok');

  assert.deepEqual(before, [
    'precede_condition_ok{condition="config"} 1',
    'precede_condition_ok{condition="log"} 0',
  ]);
  assert.ok(after.includes('precede_condition_ok{condition="draining"} 0'));
});

test('a bound tells what is used of it when it is asked', async () => {
  const registry = createMetrics();
  let used = 3;
  createBudgetMetrics(registry, [{ budget: 'queue', limit: 10, used: () => used }]);
  used = 7;

  assert.deepEqual(await linesOf(registry, 'precede_budget_used'), ['precede_budget_used{budget="queue"} 7']);
  assert.deepEqual(await linesOf(registry, 'precede_budget_limit'), [
    'precede_budget_limit{budget="queue"} 10',
  ]);
});

test('a zeroed counter has every combination of its labels before anything is counted', async () => {
  const registry = createMetrics();
  const counter = new Counter({
    ...{ name: 'drops_total', help: 'Drops.', registers: [registry] },
    labelNames: ['reason', 'mode'],
  });

  zeroed(counter, { reason: ['full', 'late'], mode: ['open'] }).inc({ reason: 'late', mode: 'open' });

  assert.deepEqual(await linesOf(registry, 'drops_total'), [
    'drops_total{reason="full",mode="open"} 0',
    'drops_total{reason="late",mode="open"} 1',
  ]);
});

test('a consumer is looked at when metrics are read, and its failures begin at 0', async () => {
  const registry = createMetrics();
  const metrics = logMetricsOf(registry);
  metrics.consumes('requests.v1', () => ({
    ...{ lagRecords: 5, lagSeconds: 2, stepAgeSeconds: 0.1, assigned: 4, open: 3 },
  }));
  metrics.failed('requests.v1', 'fenced');

  assert.equal(logMetricsOf(registry), metrics);
  assert.deepEqual(await linesOf(registry, 'precede_log_lag_records'), [
    'precede_log_lag_records{topic="requests.v1"} 5',
  ]);
  assert.deepEqual(await linesOf(registry, 'precede_log_open_partitions'), [
    'precede_log_open_partitions{topic="requests.v1"} 3',
  ]);
  assert.deepEqual(
    (await linesOf(registry, 'precede_log_failures_total')).map((line) => line.split('reason=')[1]),
    ['"away"} 0', '"fenced"} 1', '"held"} 0', '"mismatch"} 0', '"other"} 0'],
  );
});
