/** The decorator over a real embedded log: what it tells, beside what the log does. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ErrorCode, FencedError, PrecedeError, Topic, topicSpecs } from '@precede/contracts';
import type { ConsumerLook } from './consumer-look.ts';
import { openEmbeddedLog } from './embedded.ts';
import { type FollowedLook, type LogObserver, measuredLog } from './measured.ts';
import type { EventLog } from './port.ts';

let dir: string;
let log: EventLog;
let told: string[];
let consumer: (() => ConsumerLook) | undefined;
let followed: (() => FollowedLook) | undefined;

const observer: LogObserver = {
  called: (call, outcome) => told.push(`${call} ${outcome}`),
  moved: (topic, direction, count) => told.push(`${direction} ${count} ${topic}`),
  failed: (topic, reason) => told.push(`${topic} failed ${reason}`),
  consumes: (_topic, look) => {
    consumer = look;
  },
  follows: (_topic, look) => {
    followed = look;
  },
};

beforeEach(async () => {
  told = [];
  dir = mkdtempSync(join(tmpdir(), 'precede-measured-'));
  log = measuredLog(await openEmbeddedLog({ dir, partitions: 1 }), observer);
  await log.ensureTopics(topicSpecs);
});
afterEach(async () => {
  await log.close();
  rmSync(dir, { recursive: true, force: true });
});

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const send = async (count: number): Promise<void> => {
  const producer = await log.producer();
  const record = { topic: Topic.requests, key: Buffer.from('k'), value: Buffer.from('v') };
  await producer.send(Array.from({ length: count }, () => record));
};

test('a send is told with its records', async () => {
  await send(3);

  assert.deepEqual(told, ['send ok', 'written 3 requests.v1']);
});

test('a step is told once it is committed, with what it read and wrote', async () => {
  await send(2);
  told = [];

  const letter = { topic: Topic.deadLetters, key: Buffer.from('k'), value: Buffer.from('v') };
  const processing = await log.process({
    ...{ group: 'g', topic: Topic.requests, isTransactional: true },
    open: async () => ({
      step: async ({ records, position }) => ({
        outputs: records.length > 0 ? [letter] : [],
        commit: position,
      }),
      close: async () => {},
    }),
  });
  await until(() => told.includes('written 1 dead-letters.v1'));
  await until(() => consumer?.().open === 1);

  assert.deepEqual(told.slice(0, 3), ['commit ok', 'read 2 requests.v1', 'written 1 dead-letters.v1']);
  assert.equal(consumer?.().assigned, 1);
  assert.equal((await processing.ends([0])).get(0), 2);
  assert.equal(processing.progress()[0]?.position, 2);
  await processing.close();
});

test('failures of steps are told apart by what the caller does next', async () => {
  await send(1);
  const errors = [
    new FencedError('somebody else'),
    new PrecedeError(ErrorCode.stateMismatch, 'moved'),
    new Error('a bug'),
  ];

  const processing = await log.process({
    ...{ group: 'g', topic: Topic.requests, isTransactional: true },
    open: async () => ({
      step: async ({ records }) => {
        const error = records.length > 0 ? errors.shift() : undefined;
        if (error !== undefined) throw error;
        return { outputs: [], commit: null };
      },
      close: async () => {},
    }),
  });
  await until(() => told.includes('requests.v1 failed other'));
  await processing.close();

  assert.deepEqual(
    told.filter((each) => each.includes('failed')),
    ['requests.v1 failed fenced', 'requests.v1 failed mismatch', 'requests.v1 failed other'],
  );
});

test('a followed topic tells the offset after what was taken', async () => {
  const producer = await log.producer();
  const record = { topic: Topic.config, key: Buffer.from('k'), value: Buffer.from('v') };
  await producer.send([record, record]);

  const tail = await log.tail({ topic: Topic.config, onRecords: () => {} });
  await tail.caughtUp;

  assert.deepEqual(followed?.(), { offset: 2, contactAgeSeconds: 0 });
  await tail.close();
});
