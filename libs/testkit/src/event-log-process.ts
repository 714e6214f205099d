/** Contract of processing: redelivery, atomicity, ticks, groups. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Topic } from '@precede/contracts';
import type { EventLog, LogRecord, Processing } from '@precede/log';
import {
  type CounterHooks,
  counterGroup,
  counterInput,
  counterOutput,
  counterTopics,
  startCounter,
} from './event-log-counter.ts';
import {
  deadlineMs,
  type EventLogHarness,
  type MakeHarness,
  newestByKey,
  readAll,
  specsOf,
  until,
  valuesByKey,
} from './event-log-harness.ts';

type Run = (name: string, body: (log: EventLog, harness: EventLogHarness) => Promise<void>) => void;

export const processContract = (makeHarness: MakeHarness): void => {
  const contract: Run = (name, body) => {
    test(name, async () => {
      const harness = await makeHarness();
      const log = await harness.open();
      try {
        await log.ensureTopics(specsOf(...counterTopics));
        await body(log, harness);
      } finally {
        await log.close();
        await harness.dispose();
      }
    });
  };
  exactlyOnce(contract);
  ticks(contract);
  groups(contract);
  progress(contract);
};

const produce = async (log: EventLog, keys: number, perKey: number, from = 1): Promise<void> => {
  const producer = await log.producer();
  await producer.send(counterInput(keys, perKey, from));
  await producer.close();
};

const hasAllOutputs = async (log: EventLog, count: number): Promise<boolean> =>
  (await readAll(log, Topic.sequences)).length >= count;

const assertCounted = async (log: EventLog, keys: number, perKey: number): Promise<void> => {
  await until('all outputs', () => hasAllOutputs(log, keys * perKey));
  const outputs = valuesByKey(await readAll(log, Topic.sequences));
  assert.deepEqual(new Map([...outputs].sort()), new Map([...counterOutput(keys, perKey)].sort()));
};

const exactlyOnce = (contract: Run): void => {
  contract('commits outputs, changelog and offset of each step', async (log) => {
    await produce(log, 10, 30);
    assert.deepEqual(await log.committedOffsets(counterGroup, Topic.requests), [null, null, null, null]);

    const counter = await startCounter(log);
    await counter.ready;
    await assertCounted(log, 10, 30);
    await counter.close();

    const state = newestByKey(await readAll(log, Topic.changelog));
    assert.deepEqual(
      [...state.values()],
      Array.from({ length: 10 }, () => '30'),
    );
    const ends = await log.endOffsets(Topic.requests);
    assert.deepEqual(
      (await log.committedOffsets(counterGroup, Topic.requests)).map((offset) => offset ?? 0),
      ends,
    );
  });

  const crashes: readonly [string, (crash: () => void) => CounterHooks][] = [
    ['before the step', (crash) => ({ beforeStep: crash })],
    ['after the step and before its commit', (crash) => ({ afterStep: crash })],
    ['after the commit and before it is told of it', (crash) => ({ committed: crash })],
  ];
  for (const [where, hooks] of crashes)
    contract(`a task that fails ${where} is opened anew, and nothing is lost or doubled`, async (log) => {
      await produce(log, 10, 30);
      let calls = 0;
      const errors: unknown[] = [];
      const crash = (): void => {
        calls += 1;
        if (calls === 2 || calls === 5 || calls === 6) throw new Error('a crash of the test');
      };

      const counter = await startCounter(log, {
        ...hooks(crash),
        options: { onError: (e) => errors.push(e) },
      });
      await assertCounted(log, 10, 30);
      await until('the third failure', () => errors.length === 3);
      await counter.close();

      await assertCounted(log, 10, 30);
    });

  contract('a step sees the headers of its records, and what it writes keeps its own', async (log) => {
    const producer = await log.producer();
    const [topic, key, value] = [Topic.requests, Buffer.from('k'), Buffer.from('v')];
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, note: 'ä' };
    await producer.send([
      { topic, key, value, headers },
      { topic, key, value },
    ]);
    await producer.close();
    const processing = await log.process({
      group: 'headers',
      topic,
      isTransactional: true,
      tickMs: 100,
      open: async () => ({
        step: async (batch) => ({
          outputs: batch.records.map((record) => ({
            topic: Topic.sequences,
            key,
            value,
            headers: record.headers,
          })),
          commit: batch.records.length === 0 ? null : batch.position,
        }),
        close: async () => undefined,
      }),
    });

    let written: readonly LogRecord[] = [];
    await until('both records', async () => {
      written = await readAll(log, Topic.sequences);
      return written.length === 2;
    });
    await processing.close();

    assert.deepEqual(
      written.map((record) => ({ ...record.headers })),
      [headers, {}],
    );
  });

  contract('what a failed commit would have written is never seen', async (log) => {
    await produce(log, 4, 5);
    let isBroken = true;
    const errors: unknown[] = [];
    const output = (key: string) => ({
      topic: Topic.sequences,
      key: Buffer.from(key),
      value: Buffer.from('v'),
    });
    const processing = await log.process({
      group: 'broken',
      topic: Topic.requests,
      isTransactional: true,
      tickMs: 100,
      onError: (error) => errors.push(error),
      open: async () => ({
        step: async (batch) => {
          const outputs = isBroken ? [output('ghost'), { ...output('x'), partition: 99 }] : [output('real')];
          return batch.records.length === 0
            ? { outputs: [], commit: null }
            : { outputs, commit: batch.position };
        },
        close: async () => undefined,
      }),
    });
    await until('a failed commit', () => errors.length > 0);
    assert.deepEqual(await readAll(log, Topic.sequences), []);
    isBroken = false;
    await until('the real output', () => hasAllOutputs(log, 1));
    await processing.close();

    assert.deepEqual([...valuesByKey(await readAll(log, Topic.sequences)).keys()], ['real']);
  });

  contract('a restart goes on from the committed offset with the restored state', async (log, harness) => {
    await produce(log, 10, 10);
    const counter = await startCounter(log);
    await assertCounted(log, 10, 10);
    await counter.close();
    await log.close();

    const second = await harness.open();
    await second.ensureTopics(specsOf(...counterTopics));
    await produce(second, 10, 10, 11);
    const next = await startCounter(second);
    await assertCounted(second, 10, 20);
    await next.close();
    await second.close();
  });

  contract('restore gives the newest record of each key, tombstones deleting', async (log) => {
    const producer = await log.producer();
    const put = (key: string, value: string | null) => ({
      topic: Topic.changelog,
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      partition: 2,
    });
    await producer.send([put('a', '1'), put('b', '1'), put('a', '2'), put('b', null), put('c', '1')]);
    const restored = new Map<number, Map<string, string>>();

    const processing = await log.process({
      group: 'restorer',
      topic: Topic.requests,
      changelog: Topic.changelog,
      isTransactional: true,
      open: async (assignment) => {
        const seen: Parameters<typeof newestByKey>[0][number][] = [];
        await assignment.restore((records) => void seen.push(...records));
        restored.set(assignment.partition, newestByKey(seen));
        return { step: async () => ({ outputs: [], commit: null }), close: async () => undefined };
      },
    });
    await processing.ready;
    await processing.close();

    assert.deepEqual(
      [...(restored.get(2) ?? [])],
      [
        ['a', '2'],
        ['c', '1'],
      ],
    );
    assert.deepEqual(
      [0, 1, 3].map((p) => restored.get(p)?.size),
      [0, 0, 0],
    );
  });
};

const ticks = (contract: Run): void => {
  contract('an idle partition gets ticks at its end', async (log) => {
    const counts = [0, 0, 0, 0];
    const counter = await startCounter(log, {
      beforeStep: (batch, partition) => {
        assert.deepEqual(batch.records, []);
        assert.equal(batch.isAtEnd, true);
        assert.ok(Math.abs(batch.nowMs - Date.now()) < 60_000);
        counts[partition] = (counts[partition] ?? 0) + 1;
      },
    });

    await until('three ticks of each partition', () => counts.every((n) => n >= 3));

    await counter.close();
    assert.deepEqual(await readAll(log, Topic.sequences), []);
  });

  contract('isAtEnd is told only when all that was there has come', async (log) => {
    await produce(log, 20, 10);
    const ends = await log.endOffsets(Topic.requests);
    const finished = new Set<number>();
    const early: number[] = [];
    const counter = await startCounter(log, {
      beforeStep: ({ isAtEnd, position }, partition) => {
        if (!isAtEnd) return;
        finished.add(partition);
        if (position < (ends[partition] ?? 0)) early.push(partition);
      },
    });

    await until('the end of each partition', () => finished.size === 4);

    await counter.close();
    assert.deepEqual(early, []);
  });

  contract('a batch has no more records than asked for, in offset order', async (log) => {
    await produce(log, 5, 100);
    const sizes: number[] = [];
    const counter = await startCounter(log, {
      options: { maxBatchRecords: 7 },
      beforeStep: ({ records, position }) => {
        sizes.push(records.length);
        const offsets = records.map((record) => record.offset);
        assert.deepEqual(
          offsets,
          [...offsets].sort((a, b) => a - b),
        );
        assert.ok(offsets.every((offset) => offset < position));
      },
    });

    await assertCounted(log, 5, 100);

    await counter.close();
    assert.ok(Math.max(...sizes) <= 7);
  });
};

const groups = (contract: Run): void => {
  contract('two members share the partitions, and one that leaves hands over', async (log) => {
    await produce(log, 20, 10);
    const first = await startCounter(log);
    await first.ready;
    assert.deepEqual(first.partitions(), [0, 1, 2, 3]);

    const second = await startCounter(log);
    await second.ready;
    await until('an even split', () => isSplit(first, second));
    await produce(log, 20, 10, 11);
    await assertCounted(log, 20, 20);
    await first.close();
    assert.deepEqual(first.partitions(), []);
    await until('the other has all', () => second.partitions().length === 4);
    await produce(log, 20, 10, 21);

    await assertCounted(log, 20, 30);
    await second.close();
  });

  contract('groups do not disturb each other', async (log) => {
    await produce(log, 3, 10);
    const seen = new Map<string, number>();
    const start = (group: string) =>
      log.process({
        group,
        topic: Topic.requests,
        isTransactional: false,
        open: async () => ({
          step: async ({ records, position }) => {
            seen.set(group, (seen.get(group) ?? 0) + records.length);
            return { outputs: [], commit: records.length > 0 ? position : null };
          },
          close: async () => undefined,
        }),
      });

    const members = await Promise.all([start('one'), start('two')]);
    await until('both to see all', () => seen.get('one') === 30 && seen.get('two') === 30);
    await Promise.all(members.map((member) => member.close()));

    assert.deepEqual(
      await log.committedOffsets('one', Topic.requests),
      await log.committedOffsets('two', Topic.requests),
    );
  });
};

const isSplit = (a: Processing, b: Processing): boolean => {
  const all = [...a.partitions(), ...b.partitions()].sort();
  return a.partitions().length === 2 && all.join() === '0,1,2,3';
};

const progress = (contract: Run): void => {
  contract('tells how far each partition has come, and where it ends', async (log) => {
    await produce(log, 10, 30);
    const counter = await startCounter(log);
    await counter.ready;
    await assertCounted(log, 10, 30);

    const partitions = counter.progress().map((each) => each.partition);
    const ends = await counter.ends(partitions);
    // The end of its last transaction is a marker, which is passed with a later look.
    const isDone = (): boolean =>
      counter.progress().every((each) => (each.position ?? 0) >= (ends.get(each.partition) ?? 0));
    await until('every position at its end', isDone);
    const steady = counter.progress();

    assert.deepEqual(partitions.toSorted(), [0, 1, 2, 3]);
    assert.ok(steady.every((each) => each.isOpen && each.doneUpToMs !== null));
    await counter.close();
    assert.deepEqual(counter.progress(), []);
  });

  contract('a tail tells the offset after what it was given, and that the log answers', async (log) => {
    const tail = await log.tail({ topic: Topic.requests, onRecords: () => {} });
    await tail.caughtUp;
    const before = tail.progress().offset;

    await produce(log, 10, 30);
    await until('all records', () => tail.progress().offset >= 300);

    assert.equal(before, 0);
    assert.ok(tail.progress().contactAgeMs < deadlineMs);
    await tail.close();
  });
};
