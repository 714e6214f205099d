/**
 * The processor of the contract suite: numbers the records of each key. Its outputs are right only if state, outputs and
 * offset always moved together, so one comparison at the end proves exactly once through any crash.
 */
import { Topic, type TopicName } from '@precede/contracts';
import type {
  Assignment,
  Batch,
  EventLog,
  OutgoingRecord,
  PartitionTask,
  Processing,
  ProcessOptions,
} from '@precede/log';
import { textOf } from './event-log-harness.ts';

export interface CounterHooks {
  readonly beforeStep?: (batch: Batch, partition: number) => void | Promise<void>;
  readonly afterStep?: (batch: Batch, partition: number) => void | Promise<void>;
  readonly committed?: (partition: number) => void;
  readonly options?: Partial<ProcessOptions>;
}

export const counterGroup = 'counter';
/** What the counter reads and writes. */
export const counterTopics: readonly TopicName[] = [Topic.requests, Topic.sequences, Topic.changelog];

/** Starts one member of the counting group: requests.v1 → sequences.v1, state in the changelog. */
export const startCounter = (log: EventLog, hooks: CounterHooks = {}): Promise<Processing> =>
  log.process({
    group: counterGroup,
    topic: Topic.requests,
    changelog: Topic.changelog,
    isTransactional: true,
    maxBatchRecords: 20,
    tickMs: 100,
    open: (assignment) => openCounter(assignment, hooks),
    ...hooks.options,
  });

const openCounter = async (assignment: Assignment, hooks: CounterHooks): Promise<PartitionTask> => {
  const { partition } = assignment;
  const counts = new Map<string, number>();
  await assignment.restore((records) => {
    for (const { key, value } of records) counts.set(textOf(key), Number(textOf(value)));
  });
  return {
    async step(batch) {
      await hooks.beforeStep?.(batch, partition);
      const outputs = count(counts, batch, partition);
      await hooks.afterStep?.(batch, partition);
      return { outputs, commit: batch.records.length > 0 ? batch.position : null };
    },
    committed: () => hooks.committed?.(partition),
    close: async () => counts.clear(),
  };
};

const count = (counts: Map<string, number>, batch: Batch, partition: number): OutgoingRecord[] => {
  const outputs: OutgoingRecord[] = [];
  const touched = new Map<string, Buffer>();
  for (const { key, value } of batch.records) {
    if (key === null) continue;
    const n = (counts.get(textOf(key)) ?? 0) + 1;
    counts.set(textOf(key), n);
    touched.set(textOf(key), key);
    outputs.push({ topic: Topic.sequences, key, value: Buffer.from(`${textOf(value)}=${n}`), partition });
  }
  for (const [name, key] of touched)
    outputs.push({ topic: Topic.changelog, key, value: Buffer.from(String(counts.get(name))), partition });
  return outputs;
};

/** The input of a counting case: record i of each key has the value `i`, counted from 1. */
export const counterInput = (keys: number, perKey: number, from = 1): OutgoingRecord[] => {
  const records: OutgoingRecord[] = [];
  for (let i = from; i < from + perKey; i += 1)
    for (let k = 0; k < keys; k += 1)
      records.push({ topic: Topic.requests, key: Buffer.from(`key-${k}`), value: Buffer.from(String(i)) });
  return records;
};

/** What sequences.v1 must hold then: each record once, numbered in order. */
export const counterOutput = (keys: number, perKey: number): Map<string, string[]> =>
  new Map(
    Array.from({ length: keys }, (_, k) => [
      `key-${k}`,
      Array.from({ length: perKey }, (_unused, i) => `${i + 1}=${i + 1}`),
    ]),
  );
