import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lookOf } from './consumer-look.ts';
import type { PartitionProgress } from './port.ts';

const nowMs = 1_000_000;
const at = (
  partition: number,
  position: number | null,
  rest: Partial<PartitionProgress> = {},
): PartitionProgress => ({
  ...{ partition, position, stepAgeMs: 0, doneUpToMs: nowMs, isOpen: true },
  ...rest,
});

test('a consumer that has done all is behind by nothing, however long nothing came', () => {
  const progress = [at(0, 5, { doneUpToMs: nowMs - 3_600_000 })];

  assert.deepEqual(lookOf(progress, new Map([[0, 5]]), nowMs), {
    ...{ lagRecords: 0, lagSeconds: 0, stepAgeSeconds: 0, assigned: 1, open: 1 },
  });
});

test('lags add up in records and are those of the slowest partition in seconds', () => {
  const progress = [at(0, 3, { doneUpToMs: nowMs - 2_000 }), at(1, 0, { doneUpToMs: nowMs - 9_000 })];
  const ends = new Map([
    [0, 5],
    [1, 1],
  ]);

  const { lagRecords, lagSeconds } = lookOf(progress, ends, nowMs);

  assert.deepEqual([lagRecords, lagSeconds], [3, 9]);
});

test('a partition that is being opened shows in the age of its step and in what is open', () => {
  const progress = [at(0, null, { isOpen: false, stepAgeMs: 7_000, doneUpToMs: null })];

  const look = lookOf(progress, new Map([[0, 100]]), nowMs);

  assert.deepEqual(look, { lagRecords: 0, lagSeconds: 0, stepAgeSeconds: 7, assigned: 1, open: 0 });
});

test('is never negative, also where the end is known later than the position', () => {
  const progress = fc.array(fc.record({ position: fc.nat(100), doneUpToMs: fc.option(fc.nat(nowMs)) }));
  fc.assert(
    fc.property(progress, fc.array(fc.nat(100)), (all, ends) => {
      const look = lookOf(
        all.map((each, partition) => at(partition, each.position, each)),
        new Map(ends.entries()),
        nowMs,
      );
      return look.lagRecords >= 0 && look.lagSeconds >= 0 && look.open === look.assigned;
    }),
  );
});
