/**
 * A transaction as Kafka 4.3 leaves it behind where it ends one while its partitions have no leader: written, offset and
 * all, over for its coordinator, and without an end in its partitions. A race with the stop of a broker makes one; here
 * it is certain: the partitions are written to and the coordinator never hears of it, which a broker takes only while it
 * does not verify.
 */
import { Topic } from '@precede/contracts';
import { Brokers } from './kafka-brokers.ts';
import { createClient } from './kafka-client.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { initProducerId } from './kafka-wire.ts';
import { insist, Numbering, sendSets } from './kafka-writer.ts';

const broker = 4;
const verification = 'transaction.partition.verification.enable';

/** One record in sessions.v1/0, and `offset` of requests.v1/0 for the group, both left open. */
export const forgetTransaction = async (kafka: KafkaAccess, group: string, offset: number): Promise<void> => {
  await verify(kafka, false);
  const brokers = new Brokers(kafka);
  try {
    await write(brokers, kafka.topicPrefix, group, offset);
  } finally {
    await brokers.drop();
    await verify(kafka, true);
  }
};

const write = async (brokers: Brokers, prefix: string, group: string, offset: number): Promise<void> => {
  const transactionalId = `${prefix}${group}-${Topic.requests}-0`;
  // The coordinators of a fresh broker come late.
  const patiently = <T>(attempt: () => Promise<T>): Promise<T> => insist(brokers, attempt, () => false);
  const identity = await patiently(async () => {
    const coordinator = await brokers.coordinator('transaction', transactionalId);
    return initProducerId(coordinator, { transactionalId, timeoutMs: 60_000 });
  });
  const records = [{ key: Buffer.from('forgotten'), value: Buffer.from('v') }];
  const sets = new Numbering(identity).take([{ topic: prefix + Topic.sessions, partition: 0, records }]);
  await patiently(() => sendSets(brokers, transactionalId, new Set(sets)));
  const groupId = prefix + group;
  const producer = { producerId: String(identity.producerId), producerEpoch: identity.producerEpoch };
  const topics = [{ topic: prefix + Topic.requests, partitions: [{ partition: 0, offset: String(offset) }] }];
  await patiently(async () => {
    const coordinator = await brokers.coordinator('group', groupId);
    await coordinator.txnOffsetCommit({ transactionalId, ...producer, groupId, topics });
  });
};

const verify = async (kafka: KafkaAccess, isOn: boolean): Promise<void> => {
  const admin = createClient(kafka).admin();
  await admin.connect();
  try {
    const { brokers } = await admin.describeCluster();
    const configEntries = [{ name: verification, value: String(isOn) }];
    const resources = brokers.map(({ nodeId }) => ({ type: broker, name: String(nodeId), configEntries }));
    await admin.alterConfigs({ validateOnly: false, resources });
  } finally {
    await admin.disconnect();
  }
};
