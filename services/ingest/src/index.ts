export { type IngestConfig, ingestFields } from './config.ts';
export { EventFaultCode } from './event.ts';
export { type IngestDeps, startIngest } from './ingest.ts';
export { createIngestMetrics } from './metrics.ts';
export { type Body, type PrepareDeps, type Prepared, prepareBody } from './pipeline.ts';
