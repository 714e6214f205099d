import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Overload } from './overload.ts';

/** Keeps the process from its timers. */
const pause = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('counts decisions that wait, and is over at their bound', async () => {
  const overload = new Overload({ maxWaiting: 2, deadlineMs: 60_000 });
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];

  const waiting = [overload.track(one.promise), overload.track(two.promise)];

  assert.deepEqual([overload.waiting, overload.isOver], [2, true]);
  one.resolve();
  two.reject(new Error('away'));
  await Promise.allSettled(waiting);
  assert.deepEqual([overload.waiting, overload.isOver], [0, false]);
  overload.close();
});

test('one pause is no overload, a process that is late again and again is', async () => {
  const overload = new Overload({ maxWaiting: 10, deadlineMs: 100 });

  pause(300);
  await nextTurn();
  const afterOne = overload.isOver;
  for (let i = 0; i < 4; i += 1) {
    pause(300);
    await nextTurn();
  }

  assert.equal(afterOne, false);
  assert.ok(overload.isOver, `${overload.lagMs} ms late`);
  overload.close();
});
