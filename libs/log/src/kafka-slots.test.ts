import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Slots } from './kafka-slots.ts';

/** Slots whose steps end when they are told to, and what was opened and stopped in turn. */
const slow = () => {
  const seen: string[] = [];
  const steps: (() => void)[] = [];
  const slots = new Slots((partition) => {
    seen.push(`open ${partition}`);
    return {
      stop: () => {
        seen.push(`stop ${partition}`);
        return new Promise((resolve) => steps.push(resolve));
      },
    };
  });
  const endSteps = (): void => {
    for (const end of steps.splice(0)) end();
  };
  return { slots, seen, endSteps };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a partition that goes is told at once, while an earlier assignment still waits for a step', async () => {
  const { slots, seen, endSteps } = slow();
  await slots.assign([0, 1, 2]);
  seen.length = 0;

  void slots.assign([1, 2, 3]);
  const last = slots.assign([1]);

  assert.deepEqual(seen, ['stop 0', 'stop 2']);
  endSteps();
  await last;
  assert.deepEqual(seen, ['stop 0', 'stop 2']);
});

test('a partition that goes and comes back is opened when its last step has ended', async () => {
  const { slots, seen, endSteps } = slow();
  await slots.assign([0]);

  void slots.assign([]);
  const last = slots.assign([0]);
  await turn();
  assert.deepEqual(seen, ['open 0', 'stop 0']);

  endSteps();
  await last;
  assert.deepEqual(seen, ['open 0', 'stop 0', 'open 0']);
});

test('ends with what was assigned last, each partition once, whenever steps end', async () => {
  const assignments = fc.array(fc.tuple(fc.uniqueArray(fc.nat(4)), fc.boolean()), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(assignments, async (given) => {
      const { slots, seen, endSteps } = slow();
      let last = slots.assign([]);
      for (const [partitions, isEnding] of given) {
        last = slots.assign(partitions);
        if (isEnding) endSteps();
        await turn();
      }
      endSteps();
      await last;

      const open = new Set<string>();
      for (const event of seen) {
        const [what, partition] = event.split(' ') as [string, string];
        assert.equal(open.has(partition), what === 'stop', event);
        if (what === 'open') open.add(partition);
        else open.delete(partition);
      }
      assert.deepEqual([...open].sort(), [...(given.at(-1)?.[0] ?? [])].map(String).sort());
    }),
  );
});
