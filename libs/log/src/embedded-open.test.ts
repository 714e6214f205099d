/** Opening: one process a directory, formats, damage. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, ErrorCode, PrecedeError, Topic, topicSpecs } from '@precede/contracts';
import { openEmbeddedLog } from './embedded.ts';
import { lockDirectory } from './embedded-lock.ts';

const withDir = async (body: (dir: string) => Promise<void>): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-open-'));
  try {
    await body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
const open = (dir: string) => openEmbeddedLog({ dir, partitions: 2 });

/** A process that holds the log of the directory until it is killed. */
const startOwner = async (dir: string): Promise<ChildProcess> => {
  const program = `const { openForChild } = await import(process.argv[1]);
    await openForChild(process.argv[2]);
    console.log('open');
    setInterval(() => undefined, 1000);`;
  const module = new URL('./embedded.test-child.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, module, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  return child;
};

test('a second process is refused with the pid of the first, until that one is killed', async () => {
  await withDir(async (dir) => {
    const owner = await startOwner(dir);

    await assert.rejects(open(dir), (error) => {
      assert.ok(error instanceof PrecedeError);
      assert.equal(error.code, ErrorCode.logInUse);
      assert.match(error.message, new RegExp(`process ${owner.pid}\\b`));
      return true;
    });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const log = await open(dir);
    await log.close();
  });
});

test('the same process cannot open the directory twice, but again after it closed it', async () => {
  await withDir(async (dir) => {
    const first = await open(dir);
    await assert.rejects(open(dir), /in use by process/);
    await first.close();

    const second = await open(dir);
    await second.close();
  });
});

test('a lock left by a process whose id now belongs to another is no lock', {
  skip: process.platform !== 'linux',
}, async () => {
  await withDir(async (dir) => {
    const unlock = lockDirectory(dir);
    const mine = JSON.parse(readFileSync(join(dir, 'owner.lock'), 'utf8')) as { startedAt: string };
    unlock();
    const stale = [
      { ...mine, startedAt: `${Number(mine.startedAt) - 1}` },
      { ...mine, boot: 'an earlier boot' },
      { pid: 2 ** 22 + 1, startedAt: '1', boot: null },
    ];

    for (const owner of stale) {
      writeFileSync(join(dir, 'owner.lock'), JSON.stringify(owner));
      lockDirectory(dir)();
    }
    writeFileSync(join(dir, 'owner.lock'), 'garbage');
    lockDirectory(dir)();
  });
});

test('a directory of a newer version is refused', async () => {
  await withDir(async (dir) => {
    await (await open(dir)).close();
    writeFileSync(join(dir, 'format.json'), '{"format":2}');

    await assert.rejects(
      open(dir),
      (error) => error instanceof ConfigError && /newer version/.test(error.message),
    );
  });
});

test('lost, cut and overwritten data are refused in a sentence, and the lock is given back', async () => {
  await withDir(async (dir) => {
    const log = await open(dir);
    await log.ensureTopics(topicSpecs);
    const value = Buffer.alloc(3_000_000);
    await (await log.producer()).send([{ topic: Topic.requests, key: Buffer.from('k'), value }]);
    await log.close();
    const data = join(dir, 'data.mdb');
    const harms: [RegExp, () => void][] = [
      [/lost its last \d+ bytes/, () => truncateSync(data, 1_000_000)],
      [/lost its last \d+ bytes/, () => truncateSync(data, 8_192)],
      [/does not begin as a log/, () => writeFileSync(data, Buffer.alloc(100_000, 7))],
      [/does not begin as a log/, () => writeFileSync(data, 'short')],
      [/empty or missing/, () => truncateSync(data, 0)],
      [/empty or missing/, () => rmSync(data)],
      [/format\.json is damaged/, () => truncateSync(join(dir, 'format.json'), 0)],
    ];

    for (const [message, harm] of harms) {
      harm();
      await assert.rejects(
        open(dir),
        (error) => error instanceof ConfigError && message.test(error.message),
        String(message),
      );
    }
  });
});

test('what was closed is refused, not forgotten', async () => {
  await withDir(async (dir) => {
    const log = await open(dir);
    await log.ensureTopics(topicSpecs);
    const producer = await log.producer();
    const last = producer.send([{ topic: Topic.requests, key: Buffer.from('k'), value: null }]);
    await log.close();

    await last;
    const late = producer.send([{ topic: Topic.requests, key: Buffer.from('k'), value: null }]);
    await assert.rejects(
      late,
      (error) => error instanceof PrecedeError && error.code === ErrorCode.logUnavailable,
    );
    await assert.rejects(log.ping(1_000), PrecedeError);
    await assert.rejects(log.tail({ topic: Topic.requests, onRecords: () => undefined }), PrecedeError);
  });
});

test('an unknown topic is named', async () => {
  await withDir(async (dir) => {
    const log = await open(dir);
    const producer = await log.producer();

    const send = producer.send([{ topic: Topic.requests, key: Buffer.from('k'), value: null }]);

    await assert.rejects(send, /requests\.v1 does not exist/);
    await log.close();
  });
});
