import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import { crc32c } from './crc32c.ts';
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

/** Gives a batch that was changed the length and the checksum that it has now. */
const sealed = (batch: Buffer): Buffer => {
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeUInt32BE(crc32c(batch, 21), 17);
  return batch;
};

/** A batch as a broker keeps it: with its offset, and stamped by the broker. */
const batchOf = (records: readonly BatchRecord[], stamp: Stamp): Buffer => {
  const { firstOffset, producer = 0, isTransactional = false, isControl = false } = stamp;
  const origin = { producerId: BigInt(producer), producerEpoch: 0, firstSequence: 0, isTransactional };
  const batch = encodeRecordBatch(records, origin, 7);
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  batch.writeInt16BE(batch.readInt16BE(21) | 0x08 | (isControl ? 0x20 : 0), 21);
  return sealed(batch);
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

/** What compaction leaves of a batch none of whose records are kept. */
const emptied = (batch: Buffer, lastDelta: number): Buffer => {
  const head = Buffer.from(batch.subarray(0, 61));
  head.writeInt32BE(lastDelta, 23);
  head.writeInt32BE(0, 57);
  return sealed(head);
};

test('goes past what compaction has taken: the end of a batch, or all of it but the head', () => {
  const cut = batchOf([named('a')], { firstOffset: 10 });
  cut.writeInt32BE(9, 23);

  const fetched = readFetched(
    Topic.config,
    10,
    answerOf(Buffer.concat([sealed(cut), emptied(batchOf([named('b')], { firstOffset: 20 }), 4)])),
  );

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
    batch.writeInt16BE(batch.readInt16BE(21) | codec, 21);
    return sealed(batch);
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

  assert.equal(readFetched(Topic.config, 0, answerOf(sealed(own))).read()[0]?.appendTimeMs, 123);
  assert.throws(() => readFetched(Topic.config, 0, answerOf(old)), /version 1, not 2/);
});

test('goes past the marker of a transaction that compaction has emptied', () => {
  const record = batchOf([named('a')], { firstOffset: 0, producer: 1, isTransactional: true });
  const end = batchOf([{ key: marker(0), value: Buffer.alloc(6) }], {
    firstOffset: 1,
    producer: 1,
    isTransactional: true,
    isControl: true,
  });
  const kept = batchOf([named('b')], { firstOffset: 2 });
  const set = Buffer.concat([record, emptied(end, 0), kept]);

  const fetched = readFetched(Topic.config, 0, answerOf(set));

  assert.deepEqual(
    fetched.read().map((r) => r.offset),
    [0, 2],
  );
  assert.equal(fetched.position, 3);
});

const isUnreadable = { code: 'PRECEDE_RECORD_UNREADABLE' };

test('a bit that was flipped on the way is found before anything is passed, wherever it is', () => {
  const whole = batchOf([named('a'), named('b')], { firstOffset: 0 });
  // Where a batch begins and how long it is are outside its checksum.
  const bit = fc.integer({ min: 16 * 8, max: whole.length * 8 - 1 });
  fc.assert(
    fc.property(bit, (at) => {
      const damaged = Buffer.from(whole);
      damaged[at >> 3] = (damaged[at >> 3] as number) ^ (1 << (at & 7));

      assert.throws(() => readFetched(Topic.config, 0, answerOf(damaged)), isUnreadable);
    }),
  );
});

test('what leads a damaged batch is given first', () => {
  const first = batchOf([named('a')], { firstOffset: 0 });
  const damaged = batchOf([named('b')], { firstOffset: 1 });
  damaged[70] = (damaged[70] as number) ^ 1;

  const fetched = readFetched(Topic.config, 0, answerOf(Buffer.concat([first, damaged])));

  assert.equal(fetched.read().length, 1);
  assert.equal(fetched.position, 1);
  assert.throws(() => readFetched(Topic.config, 1, answerOf(damaged)), isUnreadable);
});

test('a batch that ends before its records do is unreadable, wherever it was cut', () => {
  const headers = { one: '1', two: '2' };
  const whole = batchOf([{ ...named('a'), headers }, named('b'), { ...named('c'), headers }], {
    firstOffset: 0,
  });
  fc.assert(
    fc.property(fc.integer({ min: 61, max: whole.length - 1 }), (end) => {
      const short = sealed(Buffer.from(whole.subarray(0, end)));

      assert.throws(() => readFetched(Topic.config, 0, answerOf(short)).read(), isUnreadable);
    }),
  );
});

test('bytes that are no records are unreadable or some records, and always soon', () => {
  const head = batchOf([named('a')], { firstOffset: 0 }).subarray(0, 61);
  head.writeInt32BE(2 ** 31 - 1, 57);
  const manyHeaders = Buffer.from([18, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0x7f]);
  const read = (bytes: Uint8Array) =>
    readFetched(Topic.config, 0, answerOf(sealed(Buffer.concat([head, bytes])))).read();

  assert.throws(() => read(manyHeaders), isUnreadable);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.throws(() => read(bytes), isUnreadable);
    }),
  );
});

test('a length that would lead back to the same batch is unreadable', () => {
  const batch = batchOf([named('a')], { firstOffset: 0 });
  batch.writeInt32BE(-12, 8);

  assert.throws(() => readFetched(Topic.config, 0, answerOf(batch)), isUnreadable);
});

test('what unpacks to more than any batch is, or does not unpack, is unreadable', () => {
  const packed = (codec: number, bytes: Buffer): Buffer => {
    const batch = Buffer.concat([batchOf([named('a')], { firstOffset: 0 }).subarray(0, 61), bytes]);
    batch.writeInt16BE(batch.readInt16BE(21) | codec, 21);
    return sealed(batch);
  };
  const zeros = Buffer.alloc(65 * 1024 * 1024);

  for (const batch of [
    packed(1, gzipSync(zeros)),
    packed(4, zstdCompressSync(zeros)),
    packed(1, Buffer.from('no')),
    packed(4, Buffer.from('no')),
  ])
    assert.throws(() => readFetched(Topic.config, 0, answerOf(batch)).read(), {
      ...isUnreadable,
      message: /cannot be decompressed/,
    });
});
