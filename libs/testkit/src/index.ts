export { describeEventLogContract } from './event-log-contract.ts';
export type { EventLogHarness, MakeHarness } from './event-log-harness.ts';
