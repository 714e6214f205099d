import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import type { Fetched } from './kafka-fetched.ts';
import { Inbox } from './kafka-inbox.ts';
import type { LogRecord } from './port.ts';

const recordAt = (offset: number): LogRecord => ({
  topic: Topic.requests,
  partition: 0,
  offset,
  appendTimeMs: 0,
  key: null,
  value: Buffer.alloc(1),
  headers: {},
});

const fetchOf = (records: readonly LogRecord[], position: number, end = position): Fetched => ({
  count: records.length,
  read: () => records,
  position,
  end,
  bytes: records.length,
});

/** Fetches in turn: each so many records, then so many markers. */
const fetchesOf = (sizes: readonly (readonly [number, number])[]): Fetched[] => {
  let position = 0;
  return sizes.map(([count, markers]) => {
    const records = Array.from({ length: count }, (_, i) => recordAt(position + i));
    position += count + markers;
    return fetchOf(records, position);
  });
};

test('gives each record once and in order, and a position that has passed the markers, for any split', () => {
  const sizes = fc.array(fc.tuple(fc.nat(5), fc.nat(3)), { maxLength: 10 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 7 }), (split, most) => {
      const fetches = fetchesOf(split);
      const inbox = new Inbox(0, 0, 1_000);
      for (const fetched of fetches) inbox.deliver(fetched);
      const end = fetches[fetches.length - 1]?.end ?? 0;

      const seen: number[] = [];
      let taken = inbox.take(most);
      for (let turns = 0; !taken.isAtEnd && turns < 1_000; turns += 1) {
        assert.ok(taken.records.length <= most);
        seen.push(...taken.records.map((r) => r.offset));
        assert.ok(taken.position > (seen[seen.length - 1] ?? -1));
        taken = inbox.take(most);
      }
      seen.push(...taken.records.map((r) => r.offset));

      assert.deepEqual(
        seen,
        fetches.flatMap((f) => f.read().map((r) => r.offset)),
      );
      assert.equal(taken.position, end);
      assert.equal(inbox.hasRoom(), true);
    }),
  );
});

test('is at its end only while the end is known', () => {
  const inbox = new Inbox(5, 5, 10);
  assert.equal(inbox.take(1).isAtEnd, true);

  inbox.lost();
  assert.equal(inbox.take(1).isAtEnd, false);

  inbox.deliver(fetchOf([], 5, 7));
  assert.equal(inbox.take(1).isAtEnd, false);

  inbox.deliver(fetchOf([], 7));
  assert.deepEqual(inbox.take(1), { records: [], position: 7, isAtEnd: true });
});

test('has no room beyond its bound, and has it again when a fetch has been taken whole', () => {
  const inbox = new Inbox(0, 0, 4);
  inbox.deliver(fetchOf([0, 1, 2, 3, 4].map(recordAt), 5));
  assert.equal(inbox.hasRoom(), false);

  inbox.take(3);
  assert.equal(inbox.hasRoom(), false);

  inbox.take(3);

  assert.equal(inbox.hasRoom(), true);
});
