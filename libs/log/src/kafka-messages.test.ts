import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import { type Outgoing, toRequests } from './kafka-messages.ts';

const kib = 1024;
const outgoing: fc.Arbitrary<Omit<Outgoing, 'record'>> = fc.record({
  topic: fc.constantFrom(Topic.requests, Topic.sequences),
  partition: fc.nat(2),
  bytes: fc.integer({ min: 1, max: 2 * kib }).map((n) => n * kib),
});

test('puts every record into one request, in order, within the bounds of a record batch and of a request', () => {
  fc.assert(
    fc.property(fc.array(outgoing, { maxLength: 60 }), (all) => {
      const sizes = new Map<object, number>();
      const records = all.map((o, i) => {
        const record = { key: Buffer.from(String(i)), value: null };
        sizes.set(record, o.bytes);
        return { ...o, record };
      });

      const requests = toRequests(records, 'p.');

      for (const request of requests) {
        let requestBytes = 0;
        const partitions = request.map(({ topic, partition }) => `${topic}/${partition}`);
        assert.equal(new Set(partitions).size, partitions.length, 'one batch a partition');
        for (const set of request) {
          const bytes = set.records.reduce((sum, record) => sum + (sizes.get(record) ?? 0), 0);
          assert.ok(set.records.length === 1 || bytes <= 1024 * kib, 'a batch of several is 1 MiB at most');
          requestBytes += bytes;
        }
        assert.ok(requestBytes <= 8 * 1024 * kib);
      }
      for (const topic of [Topic.requests, Topic.sequences])
        for (let partition = 0; partition <= 2; partition += 1) {
          const isOwn = (o: { topic: string; partition: number }): boolean => o.partition === partition;
          const sent = requests.flat().filter((set) => set.topic === `p.${topic}` && isOwn(set));
          assert.deepEqual(
            sent.flatMap(({ records }) => records),
            records.filter((r) => r.topic === topic && isOwn(r)).map(({ record }) => record),
          );
        }
    }),
  );
});
