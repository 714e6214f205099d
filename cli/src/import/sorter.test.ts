import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventSorter, type Positioned } from './sorter.ts';

const sort = async (times: readonly number[], maxInMemory: number): Promise<Positioned[]> => {
  const sorter = new EventSorter(maxInMemory);
  for (const [position, timeMs] of times.entries())
    await sorter.add({ position, event: { timeMs, method: 'GET', host: 'h', path: '/' } });
  const sorted: Positioned[] = [];
  for await (const item of sorter.sorted()) sorted.push(item);
  await sorter.close();
  return sorted;
};

test('sorts by time, then position, whatever fits in memory', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 });
  const property = fc.asyncProperty(times, fc.integer({ min: 1, max: 70 }), async (input, maxInMemory) => {
    const expected = input.map((timeMs, position) => ({ timeMs, position }));
    expected.sort((a, b) => a.timeMs - b.timeMs || a.position - b.position);

    const sorted = await sort(input, maxInMemory);

    assert.deepEqual(
      sorted.map((s) => ({ timeMs: s.event.timeMs, position: s.position })),
      expected,
    );
  });

  await fc.assert(property, { numRuns: 60 });
});
