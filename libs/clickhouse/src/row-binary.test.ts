import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RowBinaryReader, RowBinaryWriter } from './row-binary.ts';

const row = fc.record(
  {
    u8: fc.nat(255),
    u16: fc.nat(65_535),
    u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    u64: fc.maxSafeNat(),
    length: fc.maxSafeNat(),
    u32s: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 300 }),
  },
  { noNullPrototype: true },
);

test('reads what it has written, however small the buffer began', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const writer = new RowBinaryWriter(1);
      for (const each of rows) {
        writer.u8(each.u8);
        writer.u16(each.u16);
        writer.u32(each.u32);
        writer.u64(each.u64);
        writer.varint(each.length);
        writer.u32s(each.u32s);
      }

      const reader = new RowBinaryReader(writer.take());
      const read = rows.map(() => ({
        u8: reader.u8(),
        u16: reader.u16(),
        u32: reader.u32(),
        u64: reader.u64(),
        length: reader.varint(),
        u32s: [...reader.u32s()],
      }));

      assert.deepEqual(read, rows);
      assert.ok(reader.isAtEnd);
      assert.equal(writer.length, 0);
    }),
  );
});

test('writes a string as its length in bytes and its UTF-8', () => {
  const writer = new RowBinaryWriter(1);

  writer.string('aé');

  assert.deepEqual([...writer.take()], [3, 0x61, 0xc3, 0xa9]);
});

test('a row that ends too early is an error, not a zero', () => {
  assert.throws(() => new RowBinaryReader(Buffer.from([1, 2])).u32(), RangeError);
});
