import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import { type Outgoing, toRequests } from './kafka-messages.ts';

const kib = 1024;
const outgoing: fc.Arbitrary<Omit<Outgoing, 'message'>> = fc.record({
  topic: fc.constantFrom(Topic.requests, Topic.sequences),
  partition: fc.nat(2),
  bytes: fc.integer({ min: 1, max: 2 * kib }).map((n) => n * kib),
});

test('puts every record into one request, in order, within the bounds of a record batch and of a request', () => {
  fc.assert(
    fc.property(fc.array(outgoing, { maxLength: 60 }), (all) => {
      const sizes = new Map<object, number>();
      const records = all.map((o, i) => {
        const message = { key: Buffer.from(String(i)), value: null, partition: o.partition };
        sizes.set(message, o.bytes);
        return { ...o, message };
      });

      const requests = toRequests(records, 'p.');

      for (const request of requests) {
        let requestBytes = 0;
        for (const { messages } of request)
          for (let partition = 0; partition <= 2; partition += 1) {
            const batch = messages.filter((m) => m.partition === partition).map((m) => sizes.get(m) ?? 0);
            const bytes = batch.reduce((sum, n) => sum + n, 0);
            assert.ok(batch.length <= 1 || bytes <= 1024 * kib, 'a batch of several is 1 MiB at most');
            requestBytes += bytes;
          }
        assert.ok(requestBytes <= 8 * 1024 * kib);
      }
      for (const topic of [Topic.requests, Topic.sequences]) {
        const sent = requests.flatMap((r) =>
          r.filter((t) => t.topic === `p.${topic}`).flatMap((t) => t.messages),
        );
        assert.deepEqual(
          sent,
          records.filter((r) => r.topic === topic).map((r) => r.message),
        );
      }
    }),
  );
});
