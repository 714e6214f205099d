import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { metricIn } from '../fixtures.test-kit.ts';
import { createEnforcerMetrics } from '../metrics.ts';
import { MemoryRates } from './memory-rates.ts';
import { describeRateCounter } from './rate-counter.test-kit.ts';

const openRates = (maxKeys: number) => {
  const registry = new Registry();
  const metrics = createEnforcerMetrics(registry, { now: () => 0 });
  return { registry, rates: new MemoryRates({ maxKeys, metrics }) };
};

describeRateCounter('memory', async () => ({
  counters: [openRates(100_000).rates],
  close: async () => {},
}));

test('forgets the key that was used longest ago when it is full, and counts it', async () => {
  const { rates, registry } = openRates(2);
  const window = { periodMs: 1000, requestsPerPeriod: 1, mitigationTimeoutMs: 0 };
  for (const key of ['one', 'two', 'one', 'three']) rates.hit(key, window, 0, true);

  assert.equal(rates.hit('one', window, 1, false).isOver, true);
  assert.equal(rates.hit('two', window, 1, false).isOver, false);
  assert.equal(await metricIn(registry, 'rate_evictions_total'), 1);
  assert.equal(await metricIn(registry, 'rate_keys'), 2);
});
