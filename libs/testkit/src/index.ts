export { type Authority, type Certificate, hasOpenssl, makeAuthority } from './certificates.ts';
export { callControl, clock, clockMs, type Deployment, querySql, sessionKey, token } from './deployment.ts';
export { deployEmbedded, type EmbeddedDeployment } from './embedded-deployment.ts';
export { describeEventLogContract } from './event-log-contract.ts';
export type { EventLogHarness, MakeHarness } from './event-log-harness.ts';
export { deployOnKafka, type KafkaAddresses, type KafkaDeployment } from './kafka-deployment.ts';
export { acquireKafka, type NoKafka, type TestKafka } from './kafka-harness.ts';
export { LiveDecisions } from './live-decisions.ts';
export { LiveEvents, type LiveRequest, shopOperations } from './live-events.ts';
export { eventually, freePort, type Running, root, run, start, startIn, startProgram } from './processes.ts';
export {
  acquirePrometheus,
  type NoPrometheus,
  type PrometheusSeries,
  type TestPrometheus,
} from './prometheus-harness.ts';
export {
  reauthenticateWithinMs,
  type SecureKafka,
  startSecureKafka,
  users as kafkaUsers,
} from './secure-kafka.ts';
export { acquireValkey, type NoValkey, type TestValkey } from './valkey-harness.ts';
