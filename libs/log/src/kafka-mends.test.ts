import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import './kafka-client.ts';
import { repeatEnd, repeatFind } from './kafka-mends.ts';

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

test('messages are grouped by the partition that they name, in order', () => {
  const group = load('kafkajs/src/producer/groupMessagesPerPartition') as (
    o: object,
  ) => Record<string, unknown[]>;
  const messages = [
    { partition: 1, value: 'a' },
    { partition: 0, value: 'b' },
    { partition: 1, value: 'c' },
  ];

  assert.deepEqual(group({ messages }), { 0: [messages[1]], 1: [messages[0], messages[2]] });
});

test('the end of a transaction is repeated while the broker is away, over a new connection', async () => {
  const calls: string[] = [];
  const broker = {
    connected: false,
    isConnected: () => broker.connected,
    connect: async () => {
      calls.push('connect');
      if (calls.length < 3) throw Object.assign(new Error('away'), { retriable: true });
      broker.connected = true;
    },
  };
  const end = repeatEnd(async () => {
    calls.push('end');
    return 'ended';
  }, 1);

  assert.equal(await end.call(broker, {}), 'ended');
  assert.deepEqual(calls, ['connect', 'connect', 'connect', 'end']);
});

test('the end of a transaction is not repeated when the broker refuses it', async () => {
  let calls = 0;
  const refused = Object.assign(new Error('fenced'), { retriable: false });
  const end = repeatEnd(async () => {
    calls += 1;
    throw refused;
  }, 1);

  await assert.rejects(end.call({ isConnected: () => true, connect: async () => {} }, {}), refused);
  assert.equal(calls, 1);
});

test('the look for the coordinator of transactions is repeated while no broker answers, others are not', async () => {
  const away = Object.assign(new Error('away'), { name: 'KafkaJSGroupCoordinatorNotFound' });
  let calls = 0;
  const find = async (): Promise<string> => {
    calls += 1;
    if (calls < 3) throw away;
    return 'found';
  };

  assert.equal(await repeatFind(find, 1, 60_000)({ groupId: 't', coordinatorType: 1 }), 'found');
  assert.equal(calls, 3);

  calls = 0;
  await assert.rejects(repeatFind(find, 1, 60_000)({ groupId: 'g', coordinatorType: 0 }), away);
  calls = 0;
  await assert.rejects(repeatFind(find, 1, 0)({ groupId: 't', coordinatorType: 1 }), away);
});
