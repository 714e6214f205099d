export { type ControlConfig, controlFields } from './config.ts';
export { type ControlDeps, startControl } from './control.ts';
export { faultKinds } from './errors.ts';
export { createControlMetrics } from './metrics.ts';
