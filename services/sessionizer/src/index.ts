export { type SessionizerConfig, sessionizerFields } from './config.ts';
export { type SessionizerDeps, sessionizerGroup, startSessionizer } from './service.ts';
