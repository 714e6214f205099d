import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { murmur2, partitionOf } from './partition.ts';

// Known answers of Apache Kafka's UtilsTest.testMurmur2.
const known: readonly [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test('hashes as the Java client does', () => {
  for (const [text, hash] of known) assert.equal(murmur2(Buffer.from(text)), hash, text);
});

test('clears the sign before it divides, as the default partitioner does', () => {
  assert.equal(partitionOf(Buffer.from('21'), 10), (-973932308 & 0x7fffffff) % 10);
});

test('always names one of the partitions, wherever the bytes lie in memory', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 500 }), fc.nat(9), (key, count, shift) => {
      const shifted = Buffer.concat([Buffer.alloc(shift), key]).subarray(shift);
      const partition = partitionOf(key, count);

      assert.ok(partition >= 0 && partition < count);
      assert.equal(partitionOf(shifted, count), partition);
    }),
  );
});
