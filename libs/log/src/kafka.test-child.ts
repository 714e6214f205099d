/** How tests open the log on Kafka, in their own process and in the contract suite's children. */
import { openKafkaLog } from './kafka.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import type { EventLog } from './port.ts';

export type TestOptions = Pick<KafkaLogOptions, 'brokers' | 'registryUrl' | 'topicPrefix'>;

/** One replica, four partitions unless told otherwise. */
export const testOptions = (options: TestOptions, partitions = 4): KafkaLogOptions => ({
  ...options,
  clientId: 'precede-test',
  partitions,
  replicationFactor: 1,
});

/** The argument is TestOptions as JSON. */
export const openForChild = (argument: string): Promise<EventLog> =>
  openKafkaLog(testOptions(JSON.parse(argument) as TestOptions));
