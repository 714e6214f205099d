/** What was asked over each interface, what became of it and how long it took. */
import type { Registry } from '@precede/service';
import { Counter } from 'prom-client';
import { FastHistogram } from '../fast-histogram.ts';

export const GatewayInterface = {
  decide: 'decide',
  extAuthzGrpc: 'ext_authz_grpc',
  extAuthzHttp: 'ext_authz_http',
  authRequest: 'auth_request',
  forwardAuth: 'forward_auth',
} as const;
export type GatewayInterface = (typeof GatewayInterface)[keyof typeof GatewayInterface];

const outcomes = ['allow', 'deny', 'fault', 'refused'] as const;

/** `fault`: no decision, so the gateway's own setting counts. `refused`: no question that can be asked, or not by them. */
export type GatewayOutcome = (typeof outcomes)[number];

/** `elapsedMs` since the request came. */
export type CountGateway = (face: GatewayInterface, outcome: GatewayOutcome, elapsedMs: number) => void;

/** From a fifth of a millisecond, what one decision over HTTP takes in an idle process, to well over the usual deadline. */
const buckets = [0.000_2, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** The series are looked up once, not at each request. */
export const createGatewayMetrics = (registry: Registry): CountGateway => {
  const faces = Object.values(GatewayInterface);
  const registers = [registry];
  const counts = new Map(
    faces.map((face) => [
      face,
      { allow: 0, deny: 0, fault: 0, refused: 0 } as Record<GatewayOutcome, number>,
    ]),
  );
  new Counter({
    name: 'precede_enforcer_gateway_requests_total',
    help: 'Requests for a decision, by interface and outcome: allow, deny, fault (no decision, so the setting of the gateway counts), refused (a request that is none, or without its token).',
    labelNames: ['interface', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [face, byOutcome] of counts)
        for (const outcome of outcomes) this.inc({ interface: face, outcome }, byOutcome[outcome]);
    },
  });
  const times = new FastHistogram(
    {
      name: 'precede_enforcer_gateway_request_seconds',
      help: 'Time from a request for a decision to its answer, reading and rendering included, by interface.',
      labelNames: ['interface'],
      buckets,
      registers,
    },
    faces,
  );
  const timesOf = new Map(faces.map((face) => [face, times.series(face)]));
  return (face, outcome, elapsedMs) => {
    const byOutcome = counts.get(face);
    if (byOutcome !== undefined) byOutcome[outcome] += 1;
    timesOf.get(face)?.observe(elapsedMs / 1000);
  };
};
