export { type EnforcerConfig, enforcerFields } from './config.ts';
export type { Decision } from './decision.ts';
export { type EnforcerDeps, startEnforcer } from './enforcer.ts';
export type { GatewayRequest } from './gateway-request.ts';
export { startExtAuthz } from './gateways/ext-authz-grpc.ts';
export { createGatewayMetrics } from './gateways/gateway-metrics.ts';
export { gatewayRoutes } from './gateways/http-routes.ts';
export { createEnforcerMetrics } from './metrics.ts';
export { MemorySessions } from './stores/memory-sessions.ts';
