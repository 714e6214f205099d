export { type IngestConfig, ingestFields } from './config.ts';
export { type IngestDeps, startIngest } from './ingest.ts';
