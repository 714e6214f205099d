/**
 * Question: how many records a second does the embedded log take, and process, against the least that any durable log
 * must do: append the same bytes to a file and sync it once a batch?
 * Input: seeded values of 200 bytes, 10,000 keys, 4 partitions, sends of 1,000 records; process copies each record to one
 * output and, in one case, one changelog record (a compacted topic: the key's older record is deleted). Rounds alternate. Results are counted inside.
 * The number is not: a figure for Kafka, for many processes, or for a disk with a slow sync (it is printed beside).
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Topic, topicSpecs } from '@precede/contracts';
import { type EventLog, type OutgoingRecord, openEmbeddedLog } from '@precede/log';
import { seeded } from '@precede/testkit/seeded';

const batches = 200;
const perBatch = 1_000;
const rounds = 3;
const total = batches * perBatch;

interface Result {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const random = seeded(42);
const input: OutgoingRecord[][] = Array.from({ length: batches }, () =>
  Array.from({ length: perBatch }, () => ({
    topic: Topic.requests,
    key: Buffer.from(`session-${Math.floor(random() * 10_000)}`),
    value: Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))),
  })),
);

const results = new Map<string, Result[]>();
for (let round = 0; round < rounds; round += 1) {
  await inDir('file and sync, a batch each', appendToFile);
  await inDir('send, one after the other', (dir) => produce(dir, 1));
  await inDir('send, 4 at once', (dir) => produce(dir, 4));
  await inDir('process to one output', (dir) => processAll(dir, false));
  await inDir('process to output and changelog', (dir) => processAll(dir, true));
}
print();

async function inDir(name: string, run: (dir: string) => Promise<() => Promise<void>>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
  const work = await run(dir);
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  const result = { seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 };
  results.set(name, [...(results.get(name) ?? []), result]);
  rmSync(dir, { recursive: true });
}

async function appendToFile(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'log');
  return async () => {
    const file = openSync(path, 'a');
    let expected = 0;
    for (const batch of input) {
      const bytes = Buffer.concat(batch.flatMap(({ key, value }) => [key, value as Buffer]));
      writeSync(file, bytes);
      fdatasyncSync(file);
      expected += bytes.length;
    }
    closeSync(file);
    check(statSync(path).size, expected);
  };
}

async function openLog(dir: string): Promise<EventLog> {
  const log = await openEmbeddedLog({ dir, partitions: 4 });
  await log.ensureTopics(topicSpecs);
  return log;
}

async function produce(dir: string, senders: number): Promise<() => Promise<void>> {
  const log = await openLog(dir);
  return async () => {
    await sendAll(log, senders);
    check(sum(await log.endOffsets(Topic.requests)), total);
    await log.close();
  };
}

async function sendAll(log: EventLog, senders: number): Promise<void> {
  const producer = await log.producer();
  let next = 0;
  const send = async (): Promise<void> => {
    for (let batch = input[next++]; batch !== undefined; batch = input[next++]) await producer.send(batch);
  };
  await Promise.all(Array.from({ length: senders }, send));
}

async function processAll(dir: string, hasChangelog: boolean): Promise<() => Promise<void>> {
  const log = await openLog(dir);
  await sendAll(log, 4);
  return async () => {
    let left = total;
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const processing = await log.process({
      group: 'bench',
      topic: Topic.requests,
      changelog: Topic.changelog,
      isTransactional: true,
      maxBatchRecords: perBatch,
      open: async ({ partition }) => {
        let size = 0;
        return {
          step: async ({ records, position }) => {
            size = records.length;
            const outputs: OutgoingRecord[] = [];
            for (const { key, value } of records) {
              outputs.push({ topic: Topic.sequences, key: key as Buffer, value });
              if (hasChangelog)
                outputs.push({ topic: Topic.changelog, key: key as Buffer, value, partition });
            }
            return { outputs, commit: size === 0 ? null : position };
          },
          committed: () => {
            left -= size;
            if (left === 0) finish();
          },
          close: async () => undefined,
        };
      },
    });
    await finished;
    await processing.close();
    check(sum(await log.endOffsets(Topic.sequences)), total);
    await log.close();
  };
}

function print(): void {
  const floor = medianOf('file and sync, a batch each');
  const lines = [...results.keys()].map((name) => {
    const { seconds, cpuSeconds } = medianOf(name);
    const rate = Math.round(total / seconds);
    const share = (floor.seconds / seconds).toFixed(2);
    return `| ${name} | ${rate} | ${share} | ${((cpuSeconds / total) * 1e6).toFixed(2)} |`;
  });
  const head = '| what | records/s | of the file | CPU-s per 1M |\n|---|---|---|---|';
  process.stdout.write(`${head}\n${lines.join('\n')}\nOne sync of the disk: ${syncMs().toFixed(2)} ms\n`);
}

function medianOf(name: string): Result {
  const sorted = [...(results.get(name) ?? [])].sort((a, b) => a.seconds - b.seconds);
  return sorted[Math.floor(sorted.length / 2)] as Result;
}

function syncMs(): number {
  const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
  const file = openSync(join(dir, 'probe'), 'a');
  const startedAt = performance.now();
  for (let i = 0; i < 50; i += 1) {
    writeSync(file, Buffer.alloc(4_096));
    fdatasyncSync(file);
  }
  const ms = (performance.now() - startedAt) / 50;
  closeSync(file);
  rmSync(dir, { recursive: true });
  return ms;
}

function check(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${actual} instead of ${expected} records`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
