import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import avsc, { type Schema } from 'avsc';
import fc from 'fast-check';
import { sequence } from './avro.test-arbitraries.ts';
import { schemaUrl, sequenceToAvro } from './avro.ts';
import { CountedSequenceReader } from './counted-sequence.ts';
import { Topic } from './topics.ts';

const type = avsc.Type.forSchema(JSON.parse(readFileSync(schemaUrl(Topic.sequences), 'utf8')) as Schema);
const reader = new CountedSequenceReader();

test('reads of any record what the full decoder reads', () => {
  fc.assert(
    fc.property(sequence, fc.nat(12), (event, start) => {
      const bytes = Buffer.concat([Buffer.alloc(start), type.toBuffer(sequenceToAvro(event))]);

      assert.deepEqual(reader.read(bytes, start), {
        zoneId: event.zoneId,
        timeMs: event.timeMs,
        operations: event.operations,
        runLengths: event.runLengths,
        session: Number.parseInt(event.pseudonym.slice(0, 8), 16),
      });
    }),
    { numRuns: 500 },
  );
});

test('reads arrays in several blocks, with their sizes too', () => {
  const [zone, time, source] = [Buffer.alloc(16), Buffer.from([2]), Buffer.from([2, 0x61])];
  // Two items with the size of the block, then one, then the end.
  const operations = Buffer.from([3, 4, 10, 12, 2, 14, 0]);
  const bytes = Buffer.concat([zone, time, source, operations, Buffer.from([0, 0]), Buffer.alloc(8)]);

  assert.deepEqual(reader.read(bytes, 0).operations, [5, 6, 7]);
});

test('refuses what is cut short or goes on, and takes no announced length for granted', () => {
  fc.assert(
    fc.property(sequence, fc.nat(), (event, cut) => {
      const bytes = type.toBuffer(sequenceToAvro(event));

      assert.throws(() => reader.read(bytes.subarray(0, cut % bytes.length), 0), /early|longer/);
      assert.throws(() => reader.read(Buffer.concat([bytes, Buffer.from([0])]), 0), /follow/);
    }),
    { numRuns: 300 },
  );
  const huge = Buffer.concat([
    Buffer.alloc(16),
    Buffer.from([2, 0]),
    Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f]),
  ]);
  assert.throws(() => reader.read(huge, 0), /longer than the record/);
});

test('any bytes are a record or an error, in no time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
      const bytes = Buffer.from(given);
      let isRead = true;
      try {
        reader.read(bytes, 0);
      } catch {
        isRead = false;
      }
      let isValid = true;
      try {
        type.fromBuffer(bytes);
      } catch {
        isValid = false;
      }
      // Numbers beyond 2^53 and their kind: the full decoder refuses some that are harmless here.
      if (isValid) assert.ok(isRead);
    }),
    { numRuns: 2_000 },
  );
});
