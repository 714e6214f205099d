/** What gateways asked and got, by interface. */
import type { Registry } from '@precede/service';
import { Counter } from 'prom-client';

export const GatewayInterface = {
  extAuthzGrpc: 'ext_authz_grpc',
  extAuthzHttp: 'ext_authz_http',
  authRequest: 'auth_request',
  forwardAuth: 'forward_auth',
} as const;
export type GatewayInterface = (typeof GatewayInterface)[keyof typeof GatewayInterface];

/** `fault`: no decision, so the gateway's own setting counts. */
export type GatewayOutcome = 'allow' | 'deny' | 'fault';

export type CountGateway = (face: GatewayInterface, outcome: GatewayOutcome) => void;

const outcomes = ['allow', 'deny', 'fault'] as const;

/** The series are looked up once, not at each request. */
export const createGatewayMetrics = (registry: Registry): CountGateway => {
  const counter = new Counter({
    name: 'precede_enforcer_gateway_requests_total',
    help: 'Requests of gateways, by interface and outcome: allow, deny, fault (no decision, so the setting of the gateway counts).',
    labelNames: ['interface', 'outcome'],
    registers: [registry],
  });
  const series = new Map(
    Object.values(GatewayInterface).map((face) => [
      face,
      Object.fromEntries(outcomes.map((outcome) => [outcome, counter.labels(face, outcome)])),
    ]),
  );
  return (face, outcome) => series.get(face)?.[outcome]?.inc();
};
