/** A send that resolved outlives kill -9 of its process, whenever that comes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Topic, topicSpecs } from '@precede/contracts';
import { openEmbeddedLog } from './embedded.ts';

/** Sends for ever, several sends at once, and prints the name of each that resolved. */
const program = `const { openForChild } = await import(process.argv[1]);
  const log = await openForChild(process.argv[2]);
  const producer = await log.producer();
  const { writeSync } = await import('node:fs');
  const send = async (sender) => {
    for (let i = 0; ; i += 1) {
      const name = process.pid + '-' + sender + '-' + i;
      await producer.send([{ topic: 'requests.v1', key: Buffer.from(name), value: Buffer.alloc(5000) }]);
      writeSync(1, name + '\\n');
    }
  };
  await Promise.all([0, 1, 2, 3].map(send));`;

test('every send that resolved before a kill -9 is there afterwards', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-kill-'));
  const module = new URL('./embedded.test-child.ts', import.meta.url).href;
  const first = await openEmbeddedLog({ dir, partitions: 4 });
  await first.ensureTopics(topicSpecs);
  await first.close();
  const acknowledged: string[] = [];

  for (const acks of [1, 57, 200]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, module, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      seen += 1;
      if (seen === acks) child.kill('SIGKILL');
    }
    assert.deepEqual(await ended, [null, 'SIGKILL']);
  }

  const log = await openEmbeddedLog({ dir, partitions: 4 });
  const kept = new Set<string>();
  const tail = await log.tail({
    topic: Topic.requests,
    onRecords: (records) => {
      for (const { key } of records) kept.add(String(key));
    },
  });
  await tail.caughtUp;
  await log.close();
  assert.ok(acknowledged.length >= 258);
  assert.deepEqual(
    acknowledged.filter((name) => !kept.has(name)),
    [],
  );
  rmSync(dir, { recursive: true });
});
