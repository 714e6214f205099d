import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Demand, sizeOf, usualDemand } from './sizing.ts';
import { sizingTable } from './sizing-text.ts';

const demand: fc.Arbitrary<Demand> = fc.record({
  rate: fc.integer({ min: 1, max: 5_000_000 }),
  requestsPerSession: fc.integer({ min: 1, max: 200 }),
  openSeconds: fc.integer({ min: 10, max: 7_200 }),
  replication: fc.integer({ min: 1, max: 5 }),
});

test('the table of docs/sizing.md is the one that is reckoned', () => {
  const page = readFileSync(new URL('../../docs/sizing.md', import.meta.url), 'utf8');

  const table = sizingTable([100, 10_000, 1_000_000].map((rate) => ({ rate, ...usualDemand })));

  assert.ok(page.includes(`${table}\n`), `docs/sizing.md should have\n${table}`);
});

test('partitions go evenly to sessionizers and scorers, and no partition carries more than its share', () => {
  fc.assert(
    fc.property(demand, (of) => {
      const { partitions, sessionizer, scorer, openSessions } = sizeOf(of);

      assert.equal(partitions % sessionizer.pods, 0);
      assert.equal(partitions % scorer.pods, 0);
      assert.ok(of.rate / partitions <= 5_000 && openSessions / partitions <= 400_000);
    }),
  );
});

test('more requests never need less', () => {
  fc.assert(
    fc.property(demand, fc.integer({ min: 0, max: 1_000_000 }), (of, more) => {
      const [less, larger] = [sizeOf(of), sizeOf({ ...of, rate: of.rate + more })];

      for (const name of ['ingest', 'enforcer'] as const) assert.ok(larger[name].pods >= less[name].pods);
      assert.ok(larger.partitions >= less.partitions);
      assert.ok(larger.kafka.diskBytes >= less.kafka.diskBytes);
      assert.ok(larger.clickhouse.diskBytes >= less.clickhouse.diskBytes);
    }),
  );
});
