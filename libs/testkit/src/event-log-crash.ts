/**
 * Contract through real kill -9: a child process counts, is killed at a named point between two steps again and again,
 * and the next one goes on. In the end every record has been counted once.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Topic } from '@precede/contracts';
import type { CrashPoint } from './event-log-child.ts';
import { counterInput, counterOutput, counterTopics } from './event-log-counter.ts';
import {
  type EventLogHarness,
  type MakeHarness,
  readAll,
  specsOf,
  valuesByKey,
} from './event-log-harness.ts';

const keys = 10;
const perKey = 30;
const points: readonly CrashPoint[] = ['before-step', 'after-step', 'in-commit', 'before-committed'];

export const crashContract = (makeHarness: MakeHarness): void => {
  for (const point of points)
    test(`a process killed ${point.replace('-', ' ')} loses and doubles nothing`, async () => {
      const harness = await makeHarness();
      try {
        const log = await harness.open();
        await log.ensureTopics(specsOf(...counterTopics));
        await (await log.producer()).send(counterInput(keys, perKey));
        await log.close();

        const endings = [await runChild(harness, point, 2), await runChild(harness, point, 3)];
        const last = await runChild(harness, 'none', 0);

        assert.deepEqual([...endings, last], ['SIGKILL', 'SIGKILL', 0]);
        const after = await harness.open();
        const outputs = valuesByKey(await readAll(after, Topic.sequences));
        assert.deepEqual(new Map([...outputs].sort()), new Map([...counterOutput(keys, perKey)].sort()));
        await after.close();
      } finally {
        await harness.dispose();
      }
    });
};

/** Runs the counting child; gives the signal that ended it, or its exit code when it had counted everything. */
const runChild = async (
  harness: EventLogHarness,
  point: CrashPoint,
  step: number,
): Promise<string | number> => {
  const program = fileURLToPath(new URL('./event-log-child.ts', import.meta.url));
  const { module, argument } = harness.child;
  const child = spawn(
    process.execPath,
    [program, module.href, argument, point, String(step), String(keys * perKey)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code ?? -1;
};
