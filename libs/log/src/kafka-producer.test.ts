/** The plain producer over several brokers in trouble; kafka-faults.int.test.ts has it on a real one. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode } from '@precede/contracts';
import { eventually } from '@precede/testkit';
import { FakeKafka, fakeTopic } from './kafka.test-fake.ts';
import { BatchingProducer } from './kafka-producer.ts';
import type { PartitionCounts } from './kafka-topics.ts';
import type { OutgoingRecord, ProducerOptions } from './port.ts';

const notEnoughReplicas = 19;

const openOn = async (
  t: TestContext,
  leaders: readonly number[],
  options: ProducerOptions = {},
): Promise<{ fake: FakeKafka; producer: BatchingProducer }> => {
  const fake = await FakeKafka.open(3, leaders);
  const counts = { of: async () => leaders.length } as unknown as PartitionCounts;
  const producer = new BatchingProducer({ kafka: fake.access, counts }, options);
  t.after(async () => {
    await producer.close();
    fake.close();
  });
  return { fake, producer };
};

const record = (partition: number, value: string): OutgoingRecord => ({
  topic: fakeTopic,
  partition,
  key: Buffer.from('k'),
  value: Buffer.from(value),
});

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

for (const [what, ail, heal] of [
  [
    'whose replicas are away',
    (fake: FakeKafka) => fake.refuseWrites(0, notEnoughReplicas),
    (fake: FakeKafka) => fake.refuseWrites(0, 0),
  ],
  ['without a leader', (fake: FakeKafka) => fake.move(0, -1), (fake: FakeKafka) => fake.move(0, 1)],
] as const)
  test(`a partition ${what} holds up no other, and loses nothing`, async (t) => {
    const { fake, producer } = await openOn(t, [1, 1, 2]);
    await Promise.all([0, 1, 2].map((partition) => producer.send([record(partition, 'first')])));
    ail(fake);

    const waiting = names(30).map((name) => producer.send([record(0, name)]));
    // One record for the partition in trouble, and it alone waits.
    const mixed = producer.send([record(0, 'mixed'), record(1, 'mixed'), record(2, 'mixed')]);
    for (const name of names(30)) await producer.send([record(1, name), record(2, name)]);
    assert.deepEqual(fake.values(1), ['first', 'mixed', ...names(30)]);
    assert.deepEqual(fake.values(0), ['first']);

    heal(fake);
    await Promise.all([...waiting, mixed]);
    assert.deepEqual(fake.values(0), ['first', ...names(30), 'mixed']);
    assert.deepEqual(fake.values(2), ['first', 'mixed', ...names(30)]);
  });

test('what was given up is not written later on top of what came after it', async (t) => {
  const { fake, producer } = await openOn(t, [1, 2], { sendTimeoutMs: 500 });
  await producer.send([record(0, 'a')]);
  fake.refuseWrites(0, notEnoughReplicas);

  await assert.rejects(producer.send([record(0, 'given up')]), {
    code: ErrorCode.logUnavailable,
    retryable: true,
  });
  await producer.send([record(1, 'b')]);
  fake.refuseWrites(0, 0);
  // Its last attempt may still be on its way.
  await eventually('the partition takes records again', async () =>
    producer.send([record(0, 'c')]).then(
      () => true,
      () => undefined,
    ),
  );

  assert.equal(fake.values(0)[0], 'a');
  assert.equal(fake.values(0).at(-1), 'c');
  assert.deepEqual(fake.values(1), ['b']);
});

test('leaders that move and answers that are lost lose, double and reorder nothing', async (t) => {
  const { fake, producer } = await openOn(t, [1, 2, 3], { sendTimeoutMs: 60_000 });
  const sends: Promise<void>[] = [];
  const total = 600;
  for (let i = 0; i < total; i += 1) {
    sends.push(producer.send([record(i % 3, String(i)), record((i + 1) % 3, `${i}+`)]));
    if (i % 40 === 10) fake.move(i % 3, 1 + ((i / 10) % 3));
    if (i % 100 === 50) {
      const id = 1 + ((i / 50) % 3);
      fake.stop(id);
      await sleep(20);
      await fake.restart(id);
    } else if (i % 3 === 0) await new Promise(setImmediate);
  }
  await Promise.all(sends);

  for (const partition of [0, 1, 2])
    assert.deepEqual(
      fake.values(partition),
      names(total).flatMap((name) => {
        const i = Number(name);
        if (i % 3 === partition) return [name];
        return (i + 1) % 3 === partition ? [`${name}+`] : [];
      }),
    );
});

test('closing waits for what was taken', async (t) => {
  const { fake, producer } = await openOn(t, [1, 2]);
  const sends = names(50).map((name) => producer.send([record(Number(name) % 2, name)]));

  await producer.close();

  await Promise.all(sends);
  assert.equal(fake.values(0).length + fake.values(1).length, 50);
  await assert.rejects(producer.send([record(0, 'late')]), { code: ErrorCode.logUnavailable });
});
