export { type EmbeddedLogOptions, openEmbeddedLog } from './embedded.ts';
export { partitionOf } from './partition.ts';
export * from './port.ts';
