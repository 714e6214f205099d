export { type SessionizerConfig, sessionizerFields } from './config.ts';
export { createSessionizerMetrics } from './metrics.ts';
export { type SessionizerDeps, sessionizerGroup, startSessionizer } from './service.ts';
