export { applyAnalyst, printAnalyst } from './analyst-apply.ts';
export { addAnalyst, analystsFile, readAnalysts, removeAnalyst } from './analyst-files.ts';
export { openRooms } from './analyst-rooms.ts';
export {
  type CallOptions,
  type ClickHouse,
  type ClickHouseOptions,
  connectClickHouse,
  type QueryOptions,
} from './client.ts';
export {
  type EmbeddedClickHouse,
  type EmbeddedLogger,
  type EmbeddedOptions,
  runningEmbedded,
  startEmbeddedClickHouse,
} from './embedded-server.ts';
export { type ClickHouseObserver, measuredClickHouse } from './measured.ts';
export { assertMigrated, type SchemaState, schemaState } from './migration-state.ts';
export { type MigrateOptions, type MigrationDone, migrate } from './migrations.ts';
export { RowBinaryReader, RowBinaryWriter } from './row-binary.ts';
export { type CallTracer, tracedClickHouse } from './traced.ts';
