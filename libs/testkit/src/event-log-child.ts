/**
 * The child of the crash contract: opens the log by the module it is told, counts, and kills itself at its point:
 * node event-log-child.ts MODULE ARGUMENT POINT STEP OUTPUTS. Ends with 0 when sequences.v1 has all outputs.
 */
import { pathToFileURL } from 'node:url';
import { Topic } from '@precede/contracts';
import type { EventLog } from '@precede/log';
import { type CounterHooks, counterTopics, startCounter } from './event-log-counter.ts';
import { deadlineMs, readAll, specsOf, until } from './event-log-harness.ts';

export type CrashPoint = 'none' | 'before-step' | 'after-step' | 'in-commit' | 'before-committed';

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

/** Counts calls with records and dies at the given one. */
const hooksFor = (point: CrashPoint, step: number): CounterHooks => {
  let calls = 0;
  const atStep = (action: () => void): void => {
    calls += 1;
    if (calls === step) action();
  };
  const onRecords = (action: () => void) => (batch: { readonly records: readonly unknown[] }) => {
    if (batch.records.length > 0) atStep(action);
  };
  switch (point) {
    case 'none':
      return {};
    case 'before-step':
      return { beforeStep: onRecords(die) };
    case 'after-step':
      return { afterStep: onRecords(die) };
    case 'in-commit':
      // Some turns later the commit is on its way, or just through: all three must be right.
      return { afterStep: onRecords(() => setImmediate(() => setImmediate(die))) };
    case 'before-committed':
      return { committed: () => atStep(die) };
    default:
      return point satisfies never;
  }
};

const main = async (): Promise<void> => {
  const [module, argument, point, step, outputs] = process.argv.slice(2) as [
    string,
    string,
    CrashPoint,
    string,
    string,
  ];
  const { openForChild } = (await import(module)) as { openForChild(argument: string): Promise<EventLog> };
  const log = await openForChild(argument);
  await log.ensureTopics(specsOf(...counterTopics));
  const counter = await startCounter(log, hooksFor(point, Number(step)));
  const isDone = async (): Promise<boolean> =>
    (await readAll(log, Topic.sequences)).length >= Number(outputs);
  await until('all outputs', isDone, 2 * deadlineMs);
  await counter.close();
  await log.close();
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
