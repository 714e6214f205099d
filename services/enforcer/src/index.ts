export { type EnforcerConfig, enforcerFields } from './config.ts';
export { type EnforcerDeps, startEnforcer } from './enforcer.ts';
export { createEnforcerMetrics } from './metrics.ts';
export { MemorySessions } from './stores/memory-sessions.ts';
