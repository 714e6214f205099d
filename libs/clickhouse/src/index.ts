export { type ClickHouse, type ClickHouseOptions, connectClickHouse, type QueryOptions } from './client.ts';
export {
  type EmbeddedClickHouse,
  type EmbeddedLogger,
  type EmbeddedOptions,
  startEmbeddedClickHouse,
} from './embedded-server.ts';
export { type MigrateOptions, migrate } from './migrations.ts';
export { RowBinaryReader, RowBinaryWriter } from './row-binary.ts';
