import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { crc32c } from './crc32c.ts';
import { type BatchRecord, encodeRecordBatch } from './kafka-record-batch.ts';

interface Encoded {
  readonly buffer: Buffer;
}
const load = createRequire(import.meta.url);
const Record = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => Encoded;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<Encoded>;
};

const bytesOfKafkajs = async (
  records: readonly BatchRecord[],
  producer: { producerId: string; producerEpoch: number; firstSequence: number; transactional: boolean },
  time: number,
): Promise<Buffer> => {
  const batch = await RecordBatch({
    ...producer,
    records: records.map((record, offsetDelta) => Record({ ...record, offsetDelta })),
    firstTimestamp: time,
    maxTimestamp: time,
    lastOffsetDelta: records.length - 1,
  });
  return Buffer.from(batch.buffer);
};

test('CRC-32C of the published vectors, at every alignment', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  for (let shift = 0; shift < 9; shift += 1)
    assert.equal(crc32c(Buffer.from(`${'x'.repeat(shift)}123456789y`), shift, shift + 9), 0xe3069283);
});

test('a batch has the bytes that kafkajs writes', async () => {
  const sizes = [0, 1, 62, 63, 64, 127, 8_191, 8_192, 70_000, 1_048_576, 2_097_152];
  const records: BatchRecord[] = [
    ...sizes.map((size) => ({ key: Buffer.from('k'), value: Buffer.alloc(size, 7) })),
    { key: Buffer.alloc(0), value: null },
    { key: Buffer.alloc(300, 1), value: Buffer.from('v'), headers: { a: 'b', name: 'größer'.repeat(30) } },
    ...Array.from({ length: 9_000 }, (_, i) => ({ key: Buffer.from(`key-${i}`), value: Buffer.from('v') })),
  ];
  for (const [transactional, firstSequence] of [
    [true, 0],
    [false, 2_147_483_647],
  ] as const) {
    const producer = {
      producerId: '4611686018427387905',
      producerEpoch: 32_767,
      firstSequence,
      transactional,
    };
    const expected = await bytesOfKafkajs(records, producer, 1_790_000_000_123);

    const actual = encodeRecordBatch(
      records,
      {
        producerId: 4611686018427387905n,
        producerEpoch: 32_767,
        firstSequence,
        isTransactional: transactional,
      },
      1_790_000_000_123,
    );

    assert.ok(actual.equals(expected));
  }
});
