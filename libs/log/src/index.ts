export { configRecordOf } from './config-record.ts';
export { type ConfigTailHandlers, tailConfig } from './config-tail.ts';
export { deadLetterOf } from './dead-letter.ts';
export type { EmbeddedLogOptions } from './embedded.ts';
export { openEmbeddedLog } from './embedded-entry.ts';
export { openKafkaLog } from './kafka.ts';
export type { KafkaLogger, KafkaLogOptions } from './kafka-options.ts';
export { partitionOf } from './partition.ts';
export * from './port.ts';
