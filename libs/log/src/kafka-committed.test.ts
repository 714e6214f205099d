import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrecedeError } from '@precede/contracts';
import { type CommittedQuestion, committedOffset } from './kafka-committed.ts';
import { BrokerError } from './kafka-errors.ts';

const unstable = 88;
const coordinatorLoading = 14;

/** Answers each question with the next error code; 0, and whatever follows, is the offset 7. */
const coordinator = (...codes: number[]) => {
  const reported: unknown[] = [];
  let settled = 0;
  let isHeld = false;
  const question = (signal = new AbortController().signal): CommittedQuestion => ({
    brokers: { drop: async () => {} },
    name: 'requests.v1/3',
    signal,
    ask: async () => {
      const code = codes.shift() ?? (isHeld ? unstable : 0);
      if (code !== 0) throw new BrokerError(code);
      return 7;
    },
    settle: async () => {
      settled += 1;
      isHeld = false;
    },
    report: (error) => void reported.push(error),
  });
  return {
    question,
    reported,
    hold: () => {
      isHeld = true;
    },
    get settled() {
      return settled;
    },
  };
};

test('an offset that a transaction holds for a moment is waited for, and nobody is told', async () => {
  const group = coordinator(unstable, unstable, unstable);

  assert.equal(await committedOffset(group.question()), 7);

  assert.equal(group.settled, 0);
  assert.deepEqual(group.reported, []);
});

test('an offset that an ended transaction holds for ever is told of and settled', async () => {
  const group = coordinator();
  group.hold();

  assert.equal(await committedOffset(group.question(), 20), 7);

  assert.equal(group.settled, 1);
  const [error] = group.reported as PrecedeError[];
  assert.ok(error instanceof PrecedeError);
  assert.match(error.message, /requests\.v1\/3/);
});

test('what cannot be settled is a failure of the partition', async () => {
  const group = coordinator();
  group.hold();
  const question = { ...group.question(), settle: () => Promise.reject(new BrokerError(coordinatorLoading)) };

  await assert.rejects(committedOffset(question, 20), BrokerError);
});

test('a coordinator that is away is waited for and told of', async () => {
  const group = coordinator(coordinatorLoading, coordinatorLoading);

  assert.equal(await committedOffset(group.question()), 7);

  assert.equal(group.settled, 0);
  assert.equal(group.reported.length, 1);
});

test('a partition that goes is not settled', async () => {
  const group = coordinator();
  group.hold();
  const stopping = new AbortController();
  const asked = committedOffset(group.question(stopping.signal), 60_000);

  stopping.abort();

  await assert.rejects(asked, BrokerError);
  assert.equal(group.settled, 0);
});
