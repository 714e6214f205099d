/** Contract of producing, tailing and topics. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ConfigError, ErrorCode, FencedError, PrecedeError, Topic } from '@precede/contracts';
import type { LogRecord, OutgoingRecord } from '@precede/log';
import {
  type EventLogHarness,
  type MakeHarness,
  newestByKey,
  readAll,
  specsOf,
  textOf,
  until,
  valuesByKey,
} from './event-log-harness.ts';

const request = (key: string, value: string): OutgoingRecord => ({
  topic: Topic.requests,
  key: Buffer.from(key),
  value: Buffer.from(value),
});

type Run = (name: string, body: (harness: EventLogHarness) => Promise<void>) => void;

export const produceContract = (makeHarness: MakeHarness): void => {
  const contract: Run = (name, body) => {
    test(name, async () => {
      const harness = await makeHarness();
      try {
        await body(harness);
      } finally {
        await harness.dispose();
      }
    });
  };
  ordering(contract);
  compaction(contract);
  limits(contract);
};

const ordering = (contract: Run): void => {
  contract('keeps the order of each key, within a send and between sends', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.requests));
    const producer = await log.producer();

    for (let round = 0; round < 10; round += 1)
      await producer.send(
        Array.from({ length: 100 }, (_, i) => request(`key-${i % 7}`, String(round * 100 + i))),
      );

    const records = await readAll(log, Topic.requests);
    assert.equal(records.length, 1_000);
    for (const values of valuesByKey(records).values())
      assert.deepEqual(
        values,
        [...values].sort((a, b) => Number(a) - Number(b)),
      );
    assertSorted(records);
    await log.close();
  });

  contract('gives a record back as it was sent, with key, value, headers and time', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.requests));
    const producer = await log.producer();
    const before = Date.now();

    await producer.send([{ ...request('k', 'v'), headers: { zone: 'z', note: 'zwölf "€"' } }]);
    await producer.send([{ topic: Topic.requests, key: Buffer.from('k'), value: Buffer.alloc(0) }]);

    const [first, second] = (await readAll(log, Topic.requests)) as [LogRecord, LogRecord];
    assert.equal(textOf(first.key), 'k');
    assert.equal(textOf(first.value), 'v');
    assert.deepEqual({ ...first.headers }, { zone: 'z', note: 'zwölf "€"' });
    assert.ok(first.appendTimeMs >= before - 60_000 && first.appendTimeMs <= Date.now() + 60_000);
    assert.equal(second.value?.length, 0, 'an empty value is no tombstone');
    await log.close();
  });

  contract('spreads keys over many partitions, the same key to the same one', async (harness) => {
    const log = await harness.open({ partitions: 16 });
    await log.ensureTopics(specsOf(Topic.requests));
    const producer = await log.producer();
    const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);

    await producer.send(keys.map((key) => request(key, 'by key')));
    await producer.send(keys.map((key) => ({ ...request('other', key), partitionBy: Buffer.from(key) })));
    await producer.send([{ ...request('key-0', 'named'), partition: 11 }]);

    const records = await readAll(log, Topic.requests);
    const home = new Map(
      records.filter((r) => textOf(r.value) === 'by key').map((r) => [textOf(r.key), r.partition]),
    );
    assert.equal(await log.partitionCount(Topic.requests), 16);
    assert.equal(new Set(home.values()).size, 16);
    for (const { key, value, partition } of records)
      if (textOf(key) === 'other') assert.equal(partition, home.get(textOf(value)));
    assert.equal(records.find((r) => textOf(r.value) === 'named')?.partition, 11);
    await log.close();
  });

  contract('keeps everything that was acknowledged through a restart', async (harness) => {
    const first = await harness.open();
    await first.ensureTopics(specsOf(Topic.requests));
    await (await first.producer()).send(Array.from({ length: 50 }, (_, i) => request(`key-${i}`, 'before')));
    const before = await first.endOffsets(Topic.requests);
    await first.close();

    const second = await harness.open();
    await second.ensureTopics(specsOf(Topic.requests));
    await (await second.producer()).send([request('key-0', 'after')]);

    const values = valuesByKey(await readAll(second, Topic.requests));
    assert.equal(values.size, 50);
    assert.deepEqual(values.get('key-0'), ['before', 'after']);
    const after = await second.endOffsets(Topic.requests);
    assert.ok(after.every((end, partition) => end >= (before[partition] ?? 0)));
    await second.close();
  });

  contract('a tail gives what was there, then what comes', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.requests));
    const producer = await log.producer();
    await producer.send(Array.from({ length: 20 }, (_, i) => request(`key-${i}`, 'old')));
    const seen: LogRecord[] = [];

    const tail = await log.tail({
      topic: Topic.requests,
      onRecords: (records) => void seen.push(...records),
    });
    await tail.caughtUp;
    const caughtUpWith = seen.length;
    await producer.send(Array.from({ length: 20 }, (_, i) => request(`key-${i}`, 'new')));
    await until('the new records', () => seen.length === 40);

    assert.equal(caughtUpWith, 20);
    for (const values of valuesByKey(seen).values()) assert.deepEqual(values, ['old', 'new']);
    await tail.close();
    await log.close();
  });
};

const compaction = (contract: Run): void => {
  contract(
    'a compacted topic ends in the newest value of each key, and in no deleted key',
    async (harness) => {
      const log = await harness.open();
      await log.ensureTopics(specsOf(Topic.config));
      const producer = await log.producer();
      const put = (key: string, value: string | null) =>
        producer.send([
          { topic: Topic.config, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) },
        ]);

      await put('a', '1');
      await put('b', '1');
      await put('a', '2');
      await put('b', null);
      await put('c', '1');

      assert.deepEqual(
        newestByKey(await readAll(log, Topic.config)),
        new Map([
          ['a', '2'],
          ['c', '1'],
        ]),
      );
      await log.close();
    },
  );

  contract('a tail that follows sees the tombstone', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.config));
    const producer = await log.producer();
    const seen: string[] = [];
    const tail = await log.tail({
      topic: Topic.config,
      onRecords: (records) => {
        for (const { value } of records) seen.push(value === null ? 'tombstone' : textOf(value));
      },
    });
    const key = Buffer.from('k'.repeat(300));

    await producer.send([{ topic: Topic.config, key, value: Buffer.from('here') }]);
    await until('the value', () => seen.includes('here'));
    await producer.send([{ topic: Topic.config, key, value: null, headers: { revision: '2' } }]);

    await until('the tombstone', () => seen.includes('tombstone'));
    await tail.close();
    await log.close();
  });
};

const limits = (contract: Run): void => {
  contract('carries records of 1 MiB', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.requests));
    const values = Array.from({ length: 3 }, () => randomBytes(1024 * 1024));

    await (await log.producer()).send(
      values.map((value) => ({ topic: Topic.requests, key: Buffer.from('big'), value })),
    );

    const read = await readAll(log, Topic.requests);
    assert.deepEqual(
      read.map(({ value }) => value?.equals(values[read.findIndex((r) => r.value === value)] as Buffer)),
      [true, true, true],
    );
    await log.close();
  });

  contract('refuses sends beyond its bound, and keeps what it took', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.requests));
    const producer = await log.producer({ maxBufferedBytes: 1024 * 1024 });
    const value = Buffer.alloc(64 * 1024, 1);

    const sends = await Promise.allSettled(
      Array.from({ length: 64 }, (_, i) =>
        producer.send([{ topic: Topic.requests, key: Buffer.from(`key-${i}`), value }]),
      ),
    );
    await producer.send([request('later', 'v')]);

    const refused = sends.filter((send) => send.status === 'rejected');
    assert.ok(refused.length > 0, 'something was refused');
    for (const { reason } of refused) {
      assert.ok(reason instanceof PrecedeError, String(reason));
      assert.equal(reason.code, ErrorCode.logFull);
      assert.equal(reason.retryable, true);
    }
    const kept = valuesByKey(await readAll(log, Topic.requests));
    sends.forEach(({ status }, i) => {
      if (status === 'fulfilled') assert.ok(kept.has(`key-${i}`), `key-${i} was taken and is there`);
    });
    assert.ok(kept.has('later'), 'there is room again');
    await log.close();
  });

  contract('a newer producer of the same transactional id fences the older one', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.config));
    const send = (key: string) => [{ topic: Topic.config, key: Buffer.from(key), value: Buffer.from('v') }];
    const older = await log.producer({ transactionalId: 'writer' });
    await older.send(send('first'));

    const newer = await log.producer({ transactionalId: 'writer' });

    await assert.rejects(older.send(send('lost')), FencedError);
    await newer.send(send('second'));
    assert.deepEqual([...newestByKey(await readAll(log, Topic.config)).keys()], ['first', 'second']);
    await log.close();
  });

  contract('a transactional send is all or nothing', async (harness) => {
    const log = await harness.open();
    await log.ensureTopics(specsOf(Topic.requests));
    const producer = await log.producer({ transactionalId: 'writer' });

    await assert.rejects(producer.send([request('ghost', 'v'), { ...request('x', 'v'), partition: 99 }]));
    await producer.send([request('real', 'v')]);

    assert.deepEqual([...valuesByKey(await readAll(log, Topic.requests)).keys()], ['real']);
    await log.close();
  });

  contract('a changed partition count is refused where keys would move', async (harness) => {
    const first = await harness.open({ partitions: 4 });
    await first.ensureTopics(specsOf(Topic.requests, Topic.config));
    await first.close();

    const second = await harness.open({ partitions: 6 });

    await assert.rejects(second.ensureTopics(specsOf(Topic.requests)), ConfigError);
    await second.ensureTopics(specsOf(Topic.config));
    await second.close();
  });
};

const assertSorted = (records: readonly LogRecord[]): void => {
  const last = new Map<number, LogRecord>();
  for (const record of records) {
    const before = last.get(record.partition);
    if (before !== undefined) {
      assert.ok(record.offset > before.offset, 'offsets grow');
      assert.ok(record.appendTimeMs >= before.appendTimeMs, 'append time never falls');
    }
    last.set(record.partition, record);
  }
};
