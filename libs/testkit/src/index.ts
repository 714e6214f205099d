export { clock, clockMs, type Deployment } from './deployment.ts';
export { deployEmbedded } from './embedded-deployment.ts';
export { describeEventLogContract } from './event-log-contract.ts';
export type { EventLogHarness, MakeHarness } from './event-log-harness.ts';
export { deployOnKafka, type KafkaAddresses } from './kafka-deployment.ts';
export { acquireKafka, type NoKafka, type TestKafka } from './kafka-harness.ts';
export { eventually, freePort, type Running, root, run, start } from './processes.ts';
export { acquireValkey, type NoValkey, type TestValkey } from './valkey-harness.ts';
