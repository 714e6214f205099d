import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { acquireKafka, describeEventLogContract, type EventLogHarness } from '@precede/testkit';
import { type TestOptions, testOptions } from './kafka.test-child.ts';
import { openKafkaLog } from './kafka.ts';

const kafka = await acquireKafka();

if ('skip' in kafka) test('the contract on Kafka', { skip: kafka.skip }, () => {});
else {
  const { brokers, registryUrl } = kafka;
  after(() => kafka.release());

  const makeHarness = async (): Promise<EventLogHarness> => {
    const topicPrefix = `${randomBytes(4).toString('hex')}.`;
    const options: TestOptions = { brokers, registryUrl, topicPrefix };
    return {
      open: ({ partitions = 4 } = {}) => openKafkaLog(testOptions(options, partitions)),
      child: { module: new URL('./kafka.test-child.ts', import.meta.url), argument: JSON.stringify(options) },
      dispose: async () => {},
    };
  };

  describeEventLogContract('kafka', makeHarness);
}
