import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import './kafka-client.ts';

const load = createRequire(import.meta.url);

test('an idle request queue arms no timer, and a pending request arms one', async () => {
  const Queue = load('kafkajs/src/network/requestQueue') as new (
    options: object,
  ) => {
    checkPendingRequests(): void;
    push(request: object): void;
    destroy(): void;
    throttleCheckTimeoutId: unknown;
    throttledUntil: number;
  };
  const logger = { namespace: () => logger, debug: () => {}, warn: () => {} };
  const queue = new Queue({
    logger,
    clientId: 'test',
    broker: 'none',
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    maxInFlightRequests: null,
  });
  let sent = 0;
  const entry = { correlationId: 1, apiKey: 0, apiVersion: 0, apiName: 'Test', resolve() {}, reject() {} };

  queue.checkPendingRequests();
  assert.ok(!queue.throttleCheckTimeoutId, 'idle: no timer');

  queue.throttledUntil = Date.now() + 30;
  queue.push({
    entry,
    expectResponse: false,
    sendRequest: () => {
      sent += 1;
    },
  });
  assert.equal(sent, 0);
  assert.ok(queue.throttleCheckTimeoutId, 'throttled: a timer');
  while (sent === 0) await sleep(5);
  assert.ok(!queue.throttleCheckTimeoutId, 'idle again: no timer');
  queue.destroy();
});

test('a partition without a leader leaves the others theirs', async () => {
  for (const version of [0, 1, 2, 3, 4, 5, 6]) {
    const { protocol } = load('kafkajs/src/protocol/requests/metadata') as {
      protocol(o: { version: number }): (o: { topics: string[] }) => {
        response: { parse(data: object): Promise<{ topicMetadata: { partitionMetadata: object[] }[] }> };
      };
    };
    const { response } = protocol({ version })({ topics: [] });
    const partition = (partitionId: number, partitionErrorCode: number, leader: number) => ({
      partitionId,
      partitionErrorCode,
      leader,
    });
    const dataOf = (...partitionMetadata: object[]) => ({
      topicMetadata: [{ topicErrorCode: 0, partitionMetadata }],
    });

    const { topicMetadata } = await response.parse(
      dataOf(partition(0, 0, 1), partition(1, 5, -1), partition(2, 9, 2)),
    );

    assert.deepEqual(topicMetadata[0]?.partitionMetadata, [
      partition(0, 0, 1),
      partition(1, 0, -1),
      partition(2, 0, 2),
    ]);
    const unknown = { topicMetadata: [{ topicErrorCode: 3, partitionMetadata: [] }] };
    await assert.rejects(response.parse(unknown), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  }
});
