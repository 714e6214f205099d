/** A full disk, for real: needs root to mount a small file system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ErrorCode, Topic, topicSpecs, UnavailableError } from '@precede/contracts';
import { openEmbeddedLog } from './embedded.ts';
import type { LogRecord } from './port.ts';

const withSmallDisk = async (megabytes: number, body: (dir: string) => Promise<void>): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-full-'));
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]);
  try {
    await body(dir);
  } finally {
    execFileSync('/bin/umount', ['-l', dir]);
    rmSync(dir, { recursive: true });
  }
};

const send = (key: string, bytes: number) => [
  { topic: Topic.requests, key: Buffer.from(key), value: Buffer.alloc(bytes, key) },
];

test('a full disk refuses sends plainly, harms nothing, and is forgotten when there is room', async () => {
  await withSmallDisk(8, async (disk) => {
    const options = { dir: join(disk, 'log'), partitions: 2 };
    const log = await openEmbeddedLog(options);
    await log.ensureTopics(topicSpecs);
    const producer = await log.producer();
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(2 * 1024 * 1024));
    const kept: string[] = [];
    const errors: unknown[] = [];
    const trySend = async (key: string): Promise<void> => {
      try {
        await producer.send(send(key, 100_000));
        kept.push(key);
      } catch (error) {
        errors.push(error);
      }
    };

    for (let i = 0; errors.length < 5; i += 1) await trySend(`full-${i}`);
    const keptWhenFull = kept.length;
    rmSync(join(disk, 'ballast'));
    await trySend('room-again');

    for (const error of errors) {
      assert.ok(error instanceof UnavailableError, String(error));
      assert.equal(error.code, ErrorCode.logFull);
      assert.match(error.message, /disk of the event log in .* is full/);
    }
    assert.ok(keptWhenFull > 10, `${keptWhenFull} fitted before the disk was full`);
    assert.equal(kept.at(-1), 'room-again');
    await log.close();

    const again = await openEmbeddedLog(options);
    const read: LogRecord[] = [];
    const tail = await again.tail({
      topic: Topic.requests,
      onRecords: (records) => void read.push(...records),
    });
    await tail.caughtUp;
    assert.deepEqual(read.map(({ key }) => key?.toString()).sort(), kept.sort());
    for (const { key, value } of read) assert.ok(value?.equals(Buffer.alloc(100_000, key?.toString())));
    await again.close();
  });
});

test('a step that meets a full disk is tried again until there is room', async () => {
  await withSmallDisk(8, async (disk) => {
    const log = await openEmbeddedLog({ dir: join(disk, 'log'), partitions: 1 });
    await log.ensureTopics(topicSpecs);
    await (await log.producer()).send(send('input', 10));
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(6 * 1024 * 1024));
    const errors: unknown[] = [];
    const processing = await log.process({
      group: 'copier',
      topic: Topic.requests,
      isTransactional: true,
      onError: (error) => {
        errors.push(error);
        if (errors.length === 3) rmSync(join(disk, 'ballast'));
      },
      open: async () => ({
        step: async ({ records, position }) => ({
          outputs: records.map(({ key }) => ({
            topic: Topic.sequences,
            key: key as Buffer,
            value: Buffer.alloc(3_000_000),
          })),
          commit: records.length > 0 ? position : null,
        }),
        close: async () => undefined,
      }),
    });

    const end = performance.now() + 60_000;
    while ((await log.endOffsets(Topic.sequences))[0] === 0 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await processing.close();

    assert.ok(errors.length >= 3);
    assert.deepEqual(await log.endOffsets(Topic.sequences), [1]);
    assert.deepEqual(await log.committedOffsets('copier', Topic.requests), [1]);
    await log.close();
  });
});
