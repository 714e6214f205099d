import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import type { FetchedMessage, FetchedPartition } from './kafka-client.ts';
import { readFetched } from './kafka-fetched.ts';

interface Step {
  readonly producer: number;
  readonly action: 'write' | 'commit' | 'abort' | 'plain';
}

const step: fc.Arbitrary<Step> = fc.record({
  producer: fc.nat(3),
  action: fc.constantFrom('write', 'write', 'write', 'plain', 'commit', 'abort'),
});

const marker = (type: number): Buffer => Buffer.from([0, 0, 0, type]);

const messageOf = (offset: number, { producer, action }: Step): FetchedMessage => {
  const isControlRecord = action === 'commit' || action === 'abort';
  return {
    offset: String(offset),
    timestamp: '7',
    // A plain record whose key looks like an abort marker must not be taken for one.
    key: isControlRecord ? marker(action === 'commit' ? 1 : 0) : marker(0),
    value: Buffer.from(`${producer}`),
    headers: {},
    isControlRecord,
    batchContext: {
      firstOffset: String(offset),
      lastOffsetDelta: 0,
      producerId: String(producer),
      inTransaction: action !== 'plain',
    },
  };
};

/** The log a broker would hold after these steps, every transaction ended, and which writes were committed. */
const simulate = (steps: readonly Step[]) => {
  const all: Step[] = [...steps];
  for (let producer = 0; producer <= 3; producer += 1) all.push({ producer, action: 'abort' });
  const open = new Map<number, number[]>();
  const log: Step[] = [];
  const visible: number[] = [];
  const aborted: { producerId: string; firstOffset: string; lastOffset: number }[] = [];
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
          producerId: String(next.producer),
          firstOffset: String(mine[0]),
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
        highWatermark: String(log.length),
        lastStableOffset: String(log.length),
        // As a broker answers: those that end at or after the offset asked for, in the order of their ends.
        abortedTransactions: aborted.filter(({ lastOffset }) => lastOffset >= from),
        messages: log.map((s, offset) => messageOf(offset, s)).slice(from),
      };

      const fetched = readFetched(Topic.requests, from, answer);

      assert.deepEqual(
        fetched.records.map((r) => r.offset),
        visible.filter((offset) => offset >= from),
      );
      assert.equal(fetched.position, log.length);
      assert.equal(fetched.end, log.length);
    }),
  );
});

test('goes past records that compaction has taken from the end of a batch, and leaves out what lies before the offset', () => {
  const message = (offset: number): FetchedMessage => ({
    ...messageOf(offset, { producer: 0, action: 'plain' }),
    batchContext: { firstOffset: '10', lastOffsetDelta: 9, producerId: '0', inTransaction: false },
  });
  const answer: FetchedPartition = {
    partition: 3,
    highWatermark: '40',
    lastStableOffset: '40',
    abortedTransactions: null,
    messages: [message(10), message(12), message(15)],
  };

  const fetched = readFetched(Topic.config, 12, answer);

  assert.deepEqual(
    fetched.records.map((r) => r.offset),
    [12, 15],
  );
  assert.equal(fetched.position, 20);
});

test('reads the last of repeated headers as text', () => {
  const message: FetchedMessage = {
    ...messageOf(0, { producer: 0, action: 'plain' }),
    headers: { one: Buffer.from('ä'), many: [Buffer.from('1'), Buffer.from('2')] },
  };
  const answer: FetchedPartition = {
    partition: 0,
    highWatermark: '1',
    lastStableOffset: '1',
    abortedTransactions: [],
    messages: [message],
  };

  assert.deepEqual(readFetched(Topic.config, 0, answer).records[0]?.headers, { one: 'ä', many: '2' });
});
