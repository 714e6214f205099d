export { partitionOf } from './partition.ts';
export * from './port.ts';
