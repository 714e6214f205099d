import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Topic } from '@precede/contracts';
import fc from 'fast-check';
import { Lane, type Waiter } from './kafka-lane.ts';
import { maxBatchBytes } from './kafka-messages.ts';
import type { NumberedSet } from './kafka-wire.ts';

const keyOf = ({ key }: { key: Buffer }): string => key.toString();

/** A partition as a broker keeps it for idempotent producers. */
class FakePartition {
  readonly written: string[] = [];
  readonly #next = new Map<bigint, number>();

  write({ identity, firstSequence, records }: NumberedSet): void {
    const expected = this.#next.get(identity.producerId) ?? 0;
    if (firstSequence + records.length === expected) return;
    assert.equal(firstSequence, expected, 'no gap and no other batch under the numbers of one');
    this.#next.set(identity.producerId, expected + records.length);
    this.written.push(...records.map(keyOf));
  }
}

const waiterOf = (state: { acknowledged: number; error?: unknown; isGone?: boolean }): Waiter => ({
  isWaiting: () => state.isGone !== true && state.error === undefined,
  acknowledged: (records) => {
    state.acknowledged += records;
  },
  failed: (error) => {
    state.error ??= error;
  },
});

const outgoing = (key: string, bytes = 100) => ({
  topic: Topic.requests,
  partition: 0,
  bytes,
  record: { key: Buffer.from(key), value: null },
});

test('writes each record once and in order, whatever becomes of requests and answers', () => {
  const what = fc.constantFrom('add', 'add', 'add', 'sent', 'sent', 'lost request', 'lost answer');
  fc.assert(
    fc.property(fc.array(what, { maxLength: 60, size: 'max' }), (list) => {
      const lane = new Lane({ topic: 't', partition: 0 });
      const partition = new FakePartition();
      const state = { acknowledged: 0 };
      let added = 0;
      let identities = 0;
      const turn = (each: string): void => {
        if (lane.needsIdentity) {
          identities += 1;
          lane.identify({ producerId: BigInt(identities), producerEpoch: 0 });
        }
        const taken = lane.take(1e9, true);
        if (taken === undefined) return;
        assert.equal(lane.readyAtMs, Number.POSITIVE_INFINITY);
        if (each !== 'lost request') partition.write(taken.set);
        if (each === 'sent') lane.acknowledge();
        else lane.retry(0);
      };
      for (const each of list) {
        if (each === 'add') lane.add(outgoing(String(added++)), waiterOf(state));
        else turn(each);
      }
      while (!lane.isEmpty) turn('sent');

      assert.deepEqual(
        partition.written,
        Array.from({ length: added }, (_, i) => String(i)),
      );
      assert.equal(state.acknowledged, added);
      assert.ok(identities <= 1);
    }),
  );
});

test('a batch has its bytes at most, or one record, and a request may leave it for the next', () => {
  const lane = new Lane({ topic: 't', partition: 0 });
  lane.identify({ producerId: 1n, producerEpoch: 0 });
  const waiter = waiterOf({ acknowledged: 0 });
  for (const bytes of [maxBatchBytes - 50, 100, 2 * maxBatchBytes, 1])
    lane.add(outgoing(String(bytes), bytes), waiter);

  const sizes: number[] = [];
  for (let taken = lane.take(10, true); taken !== undefined; taken = lane.take(10, true)) {
    sizes.push(taken.bytes);
    lane.acknowledge();
    if (!lane.isEmpty && sizes.length < 3) assert.equal(lane.take(10, false), undefined);
  }
  assert.deepEqual(sizes, [maxBatchBytes - 50, 100, 2 * maxBatchBytes, 1]);
});

test('pauses longer and longer, until it succeeds', () => {
  const lane = new Lane({ topic: 't', partition: 0 });
  lane.identify({ producerId: 1n, producerEpoch: 0 });
  lane.add(outgoing('a'), waiterOf({ acknowledged: 0 }));
  const pauses: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    lane.take(1e9, true);
    lane.retry(1_000);
    pauses.push(lane.readyAtMs - 1_000);
  }
  assert.deepEqual(pauses, [50, 100, 200, 400, 800, 1_000, 1_000]);

  lane.take(1e9, true);
  lane.acknowledge();
  lane.add(outgoing('b'), waiterOf({ acknowledged: 0 }));
  lane.take(1e9, true);
  lane.retry(1_000);

  assert.equal(lane.readyAtMs, 1_050);
});

test('what nobody waits for any more is given up, and its numbers with it', () => {
  const lane = new Lane({ topic: 't', partition: 0 });
  lane.identify({ producerId: 1n, producerEpoch: 0 });
  const gone = { acknowledged: 0, isGone: false };
  lane.add(outgoing('a'), waiterOf(gone));
  lane.take(1e9, true);
  lane.add(outgoing('never sent'), waiterOf(gone));
  const state = { acknowledged: 0 };
  lane.add(outgoing('b'), waiterOf(state));
  gone.isGone = true;
  lane.retry(0);

  assert.equal(lane.needsIdentity, true);
  lane.identify({ producerId: 2n, producerEpoch: 0 });
  const taken = lane.take(1e9, true);
  assert.deepEqual(taken?.set.records.map(keyOf), ['b']);
  assert.equal(taken?.set.firstSequence, 0);
  lane.acknowledge();
  assert.deepEqual([state.acknowledged, lane.isEmpty], [1, true]);
});

test('a batch whose numbers the broker has lost goes out again under new ones, one that is refused does not', () => {
  const lane = new Lane({ topic: 't', partition: 0 });
  lane.identify({ producerId: 1n, producerEpoch: 0 });
  const state: { acknowledged: number; error?: unknown } = { acknowledged: 0 };
  lane.add(outgoing('a'), waiterOf(state));
  lane.take(1e9, true);
  lane.renumber(0);
  assert.equal(lane.needsIdentity, true);
  lane.identify({ producerId: 2n, producerEpoch: 0 });
  assert.deepEqual(lane.take(1e9, true)?.set.records.map(keyOf), ['a']);

  lane.refuse(new Error('too large'));

  assert.match(String(state.error), /too large/);
  assert.deepEqual([lane.isEmpty, lane.needsIdentity], [true, true]);
});
