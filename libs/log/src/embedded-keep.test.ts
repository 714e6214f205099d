/** What the embedded log keeps and forgets: compaction, retention, damaged frames, append time. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Topic, type TopicName, topicSpecs } from '@precede/contracts';
import fc from 'fast-check';
import type { EmbeddedCore } from './embedded-core.ts';
import { decodeFrame, encodeFrame, offsetOf, recordKey } from './embedded-frame.ts';
import { tombstoneMs, trimPartition } from './embedded-retention.ts';
import { AppendSignal } from './embedded-signal.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { EmbeddedWriter } from './embedded-writer.ts';

const hour = 3_600_000;
const limits = { maxRecords: 100_000, maxBytes: 2 ** 30 };

interface Fixture extends EmbeddedCore {
  readonly clock: { nowMs: number; now(): number };
  /** Writes one record of the topic to partition 0. */
  put(topic: TopicName, key: string, value: string | null): Promise<void>;
  /** Offsets, keys and values in partition 0. */
  dump(topic: TopicName): [number, string, string | null][];
}

const withStore = async (body: (fixture: Fixture) => Promise<void>): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-keep-'));
  const store = new EmbeddedStore(dir);
  const clock = {
    nowMs: 1_000_000,
    now() {
      return this.nowMs;
    },
  };
  const writer = new EmbeddedWriter(store, clock, () => undefined);
  for (const spec of topicSpecs) store.ensureTopic(spec, 2);
  try {
    await body({
      store,
      writer,
      clock,
      signal: new AppendSignal(),
      put: (topic, key, value) => {
        const bytes = value === null ? null : Buffer.from(value);
        return writer.write({
          records: [store.place({ topic, key: Buffer.from(key), value: bytes, partition: 0 })],
        });
      },
      dump: (topic) =>
        store
          .read(topic, 0, 0, limits)
          .records.map((r) => [r.offset, String(r.key), r.value === null ? null : String(r.value)]),
    });
  } finally {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

test('a compacted topic keeps the newest record of each key only, at its own offset', async () => {
  await withStore(async ({ put, dump, store }) => {
    const long = 'k'.repeat(500);
    for (const key of ['a', long, 'a', 'b', long]) await put(Topic.changelog, key, 'v');
    await put(Topic.changelog, 'b', null);

    assert.deepEqual(dump(Topic.changelog), [
      [2, 'a', 'v'],
      [4, long, 'v'],
      [5, 'b', null],
    ]);
    assert.equal(store.end(Topic.changelog, 0), 6);
  });
});

test('a tombstone goes after its time, and its key may come back', async () => {
  await withStore(async (fixture) => {
    const { put, dump, clock, store } = fixture;
    await put(Topic.changelog, 'a', 'v');
    await put(Topic.changelog, 'b', 'v');
    await put(Topic.changelog, 'a', null);

    clock.nowMs += tombstoneMs;
    trimPartition(fixture, store.topic(Topic.changelog), 0, 0);
    assert.equal(dump(Topic.changelog).length, 2, 'not before its time');
    clock.nowMs += 1;
    trimPartition(fixture, store.topic(Topic.changelog), 0, 0);

    assert.deepEqual(dump(Topic.changelog), [[1, 'b', 'v']]);
    await put(Topic.changelog, 'a', 'again');
    await put(Topic.changelog, 'a', 'and again');
    assert.deepEqual(dump(Topic.changelog), [
      [1, 'b', 'v'],
      [4, 'a', 'and again'],
    ]);
  });
});

test('retention forgets by append time, and offsets go on', async () => {
  await withStore(async (fixture) => {
    const { put, dump, clock, store } = fixture;
    for (const key of ['old', 'older']) await put(Topic.unmatched, key, 'v');
    clock.nowMs += 20 * hour;
    await put(Topic.unmatched, 'young', 'v');

    clock.nowMs += 5 * hour;
    assert.equal(trimPartition(fixture, store.topic(Topic.unmatched), 0, 0), null);

    assert.deepEqual(dump(Topic.unmatched), [[2, 'young', 'v']]);
    assert.equal(store.start(Topic.unmatched, 0), 2);
    clock.nowMs += 20 * hour;
    trimPartition(fixture, store.topic(Topic.unmatched), 0, 0);
    assert.equal(store.start(Topic.unmatched, 0), 3);
    await put(Topic.unmatched, 'new', 'v');
    assert.deepEqual(dump(Topic.unmatched), [[3, 'new', 'v']]);
  });
});

test('one turn of retention does a bounded piece of work and says where to go on', async () => {
  await withStore(async (fixture) => {
    const { writer, store, clock } = fixture;
    const state = store.topic(Topic.unmatched);
    const record = { topic: Topic.unmatched, key: Buffer.from('k'), value: null, partition: 0 };
    await writer.write({ records: Array.from({ length: 4_500 }, () => store.place(record)) });
    clock.nowMs += 48 * hour;

    const turns: (number | null)[] = [];
    for (let from: number | null = 0; from !== null; turns.push(from))
      from = trimPartition(fixture, state, 0, from);

    assert.deepEqual(turns, [2_000, 4_000, null]);
    assert.equal(store.start(Topic.unmatched, 0), 4_500);
  });
});

test('append time never falls, though the clock does', async () => {
  await withStore(async ({ put, clock, store }) => {
    await put(Topic.requests, 'a', 'v');
    clock.nowMs -= 10_000;
    await put(Topic.requests, 'b', 'v');
    clock.nowMs += 20_000;
    await put(Topic.requests, 'c', 'v');

    const times = store.read(Topic.requests, 0, 0, limits).records.map((r) => r.appendTimeMs);
    assert.deepEqual(times, [1_000_000, 1_000_000, 1_010_000]);
  });
});

test('a frame gives back what was put in, whatever it is', () => {
  const bytes = fc.uint8Array().map((b) => Buffer.from(b));
  const headers = fc.dictionary(fc.string(), fc.string());
  const anyRecord = fc.record({ key: bytes, value: fc.option(bytes, { nil: null }), headers });
  fc.assert(
    fc.property(anyRecord, fc.maxSafeNat(), (record, offset) => {
      const frame = encodeFrame({ topic: Topic.requests, ...record }, 12.5);
      const read = decodeFrame(Topic.requests, 3, offset, frame);

      assert.deepEqual({ ...read.headers }, { ...record.headers });
      assert.ok(read.key?.equals(record.key));
      assert.deepEqual(read.value, record.value);
      assert.equal(read.appendTimeMs, 12.5);
    }),
  );
});

test('a damaged frame is given out as an unreadable record, never as another one', () => {
  const frame = encodeFrame(
    { topic: Topic.requests, key: Buffer.from('key'), value: Buffer.from('value') },
    1,
  );
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(frame);
      damaged[at] = (damaged[at] as number) ^ flip;

      const read = decodeFrame(Topic.requests, 0, 0, damaged);

      assert.equal(read.key, null);
      assert.ok(read.value?.equals(damaged));
    }),
  );
  assert.equal(decodeFrame(Topic.requests, 0, 0, Buffer.alloc(0)).value?.length, 0);
});

test('record keys sort as their offsets do', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      const order = Buffer.compare(recordKey(1, 2, a), recordKey(1, 2, b));

      assert.equal(order, Math.sign(a - b));
      assert.equal(offsetOf(recordKey(1, 2, a)), a);
    }),
  );
});

test('sends that meet share one transaction', async () => {
  await withStore(async ({ store, put }) => {
    let transactions = 0;
    const transact = store.transact.bind(store);
    store.transact = (work) => {
      transactions += 1;
      transact(work);
    };

    await Promise.all(Array.from({ length: 100 }, (_, i) => put(Topic.requests, `key-${i}`, 'v')));

    assert.equal(transactions, 1);
    assert.equal(store.end(Topic.requests, 0), 100);
  });
});
