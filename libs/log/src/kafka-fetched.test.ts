import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import { type FetchedPartition, readFetched } from './kafka-fetched.ts';
import { type BatchRecord, encodeRecordBatch } from './kafka-record-batch.ts';

interface Step {
  readonly producer: number;
  readonly action: 'write' | 'commit' | 'abort' | 'plain';
}

const step: fc.Arbitrary<Step> = fc.record({
  producer: fc.nat(3),
  action: fc.constantFrom('write', 'write', 'write', 'plain', 'commit', 'abort'),
});

const marker = (type: number): Buffer => Buffer.from([0, 0, 0, type]);

interface Stamp {
  readonly firstOffset: number;
  readonly producer?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
}

/** A batch as a broker keeps it: with its offset, and stamped by the broker. */
const batchOf = (records: readonly BatchRecord[], stamp: Stamp): Buffer => {
  const { firstOffset, producer = 0, isTransactional = false, isControl = false } = stamp;
  const origin = { producerId: BigInt(producer), producerEpoch: 0, firstSequence: 0, isTransactional };
  const batch = encodeRecordBatch(records, origin, 7);
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  batch.writeInt16BE(batch.readInt16BE(21) | 0x08 | (isControl ? 0x20 : 0), 21);
  return batch;
};

const stepBatch = (offset: number, { producer, action }: Step): Buffer => {
  const isControl = action === 'commit' || action === 'abort';
  // A plain record whose key looks like an abort marker must not be taken for one.
  const key = isControl ? marker(action === 'commit' ? 1 : 0) : marker(0);
  const stamp = { firstOffset: offset, producer, isTransactional: action !== 'plain', isControl };
  return batchOf([{ key, value: Buffer.from(`${producer}`) }], stamp);
};

/** The log a broker would hold after these steps, every transaction ended, and which writes were committed. */
const simulate = (steps: readonly Step[]) => {
  const all: Step[] = [...steps];
  for (let producer = 0; producer <= 3; producer += 1) all.push({ producer, action: 'abort' });
  const open = new Map<number, number[]>();
  const log: Step[] = [];
  const visible: number[] = [];
  const aborted: { producerId: bigint; firstOffset: number; lastOffset: number }[] = [];
  for (const next of all) {
    const offset = log.length;
    const mine = open.get(next.producer);
    if (next.action === 'plain') visible.push(offset);
    else if (next.action === 'write') open.set(next.producer, [...(mine ?? []), offset]);
    else if (mine === undefined) continue;
    else {
      open.delete(next.producer);
      if (next.action === 'commit') visible.push(...mine);
      else
        aborted.push({
          producerId: BigInt(next.producer),
          firstOffset: mine[0] as number,
          lastOffset: offset,
        });
    }
    log.push(next);
  }
  return { log, visible: visible.sort((a, b) => a - b), aborted };
};

test('shows exactly what was committed, however transactions overlap and wherever reading starts', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(70), (steps, start) => {
      const { log, visible, aborted } = simulate(steps);
      const from = Math.min(start, log.length);
      const answer: FetchedPartition = {
        partition: 0,
        highWatermark: log.length,
        lastStableOffset: log.length,
        // As a broker answers: those that end at or after the offset asked for, in the order of their ends.
        aborted: aborted.filter(({ lastOffset }) => lastOffset >= from),
        recordSet: Buffer.concat(log.map((s, offset) => stepBatch(offset, s)).slice(from)),
      };

      const fetched = readFetched(Topic.requests, from, answer);

      assert.deepEqual(
        fetched.read().map((r) => r.offset),
        visible.filter((offset) => offset >= from),
      );
      assert.equal(fetched.position, log.length);
      assert.equal(fetched.end, log.length);
    }),
  );
});

const answerOf = (recordSet: Buffer): FetchedPartition => ({
  partition: 3,
  highWatermark: 40,
  lastStableOffset: 40,
  aborted: [],
  recordSet,
});
const named = (key: string): BatchRecord => ({ key: Buffer.from(key), value: Buffer.from(`${key} value`) });

test('reads records as they were written, from the offset asked for, and stops at a batch that is cut short', () => {
  const headers = { one: 'ä', two: '' };
  const first = batchOf([named('a'), { key: Buffer.alloc(0), value: null }, { ...named('c'), headers }], {
    firstOffset: 10,
  });
  const second = batchOf([named('d')], { firstOffset: 13 });

  const fetched = readFetched(
    Topic.config,
    11,
    answerOf(Buffer.concat([first, second, second.subarray(0, 70)])),
  );

  const common = { topic: Topic.config, partition: 3, appendTimeMs: 7 };
  assert.deepEqual(fetched.read(), [
    { ...common, offset: 11, key: Buffer.alloc(0), value: null, headers: {} },
    { ...common, offset: 12, key: Buffer.from('c'), value: Buffer.from('c value'), headers },
    { ...common, offset: 13, key: Buffer.from('d'), value: Buffer.from('d value'), headers: {} },
  ]);
  assert.equal(fetched.position, 14);
});

test('goes past what compaction has taken: the end of a batch, or all of it but the head', () => {
  const cut = batchOf([named('a')], { firstOffset: 10 });
  cut.writeInt32BE(9, 23);
  const empty = batchOf([named('b')], { firstOffset: 20 }).subarray(0, 61);
  empty.writeInt32BE(61 - 12, 8);
  empty.writeInt32BE(4, 23);
  empty.writeInt32BE(0, 57);

  const fetched = readFetched(Topic.config, 10, answerOf(Buffer.concat([cut, empty])));

  assert.deepEqual(
    fetched.read().map((r) => r.offset),
    [10],
  );
  assert.equal(fetched.position, 25);
});

test('reads gzip and zstd, and says which codecs it does not read', () => {
  const plain = batchOf([named('a'), named('b')], { firstOffset: 0 });
  const packed = (codec: number, pack: (bytes: Buffer) => Buffer): Buffer => {
    const batch = Buffer.concat([plain.subarray(0, 61), pack(plain.subarray(61))]);
    batch.writeInt32BE(batch.length - 12, 8);
    batch.writeInt16BE(batch.readInt16BE(21) | codec, 21);
    return batch;
  };
  const expected = readFetched(Topic.config, 0, answerOf(plain)).read();

  assert.equal(expected.length, 2);
  assert.deepEqual(readFetched(Topic.config, 0, answerOf(packed(1, gzipSync))).read(), expected);
  assert.deepEqual(readFetched(Topic.config, 0, answerOf(packed(4, zstdCompressSync))).read(), expected);
  assert.throws(
    () => readFetched(Topic.config, 0, answerOf(packed(3, (bytes) => bytes))).read(),
    /snappy or lz4/,
  );
});

test('times without a broker stamp are those of the records, and old batches are refused', () => {
  const own = batchOf([named('a')], { firstOffset: 0 });
  own.writeInt16BE(own.readInt16BE(21) & ~0x08, 21);
  own.writeBigInt64BE(123n, 27);
  const old = batchOf([named('a')], { firstOffset: 0 });
  old.writeInt8(1, 16);

  assert.equal(readFetched(Topic.config, 0, answerOf(own)).read()[0]?.appendTimeMs, 123);
  assert.throws(() => readFetched(Topic.config, 0, answerOf(old)), /version 1, not 2/);
});
