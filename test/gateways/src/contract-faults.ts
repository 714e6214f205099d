/** What a gateway does where it gets no decision. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Failed } from './gateways.ts';
import { decided, type Stand } from './stand.ts';

/** Failing open, the origin answers. */
export const passed: Failed = { undecided: 200, slow: 200, dead: 200 };

export const describeFaults = (stand: () => Stand, failed: Failed): void => {
  /** One that passes reaches the origin once, its body whole. */
  const askFailing = async (status: number): Promise<void> => {
    stand().origin.received.length = 0;
    const body = randomBytes(5000);
    const answer = await stand().ask({ method: 'POST', path: '/allow?x=1', body });

    assert.equal(answer.status, status);
    const got = stand().origin.received.map(({ method, path, bodySha256 }) => [method, path, bodySha256]);
    const digest = createHash('sha256').update(body).digest('hex');
    assert.deepEqual(got, status === 200 ? [['POST', '/allow?x=1', digest]] : []);
  };
  const healed = (): Promise<unknown> => decided(stand());

  test('an enforcer that cannot decide is a failed one', async () => {
    const answer = await stand().ask({ path: '/unavailable' });

    assert.equal(answer.status, failed.undecided);
    assert.equal(stand().origin.received.length, failed === passed ? 1 : 0);
  });

  test('an enforcer that is slow is a failed one, and a well one is asked again', async () => {
    stand().http.stall();
    stand().grpc.stall();

    await askFailing(failed.slow);

    await stand().http.mend();
    await stand().grpc.mend();
    await healed();
  });

  test('an enforcer that is dead is a failed one, and a well one is asked again', async () => {
    await stand().http.cut();
    await stand().grpc.cut();

    await askFailing(failed.dead);
    await askFailing(failed.dead);

    await stand().http.mend();
    await stand().grpc.mend();
    await healed();
  });
};
