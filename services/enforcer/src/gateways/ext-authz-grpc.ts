/**
 * Envoy's external authorisation over gRPC (envoy.service.auth.v3), with the health service that Envoy's checks ask
 * (grpc.health.v1). A fault becomes a gRPC status, on which Envoy's failure_mode_allow decides; a denial never does.
 */
import { Attr, andThen, asSpan, type Health, type Logger, type Soon, type Tracing } from '@precede/service';
import { bearerCheck } from '../bearer.ts';
import type { Decision } from '../decision.ts';
import { callSpan } from '../decision-span.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import { readCheckRequest } from './check-request.ts';
import { checkResponse, deniedResponse } from './check-response.ts';
import type { GatewayDeps } from './gateway.ts';
import { GatewayInterface } from './gateway-metrics.ts';
import { type GrpcServer, startGrpcServer, type UnaryMethod } from './grpc-server.ts';
import { GrpcError, GrpcStatus } from './grpc-status.ts';
import { WireReader } from './wire-reader.ts';
import { integerField } from './wire-writer.ts';

export interface ExtAuthzDeps extends GatewayDeps {
  readonly logger: Logger;
  readonly health: Health;
  readonly tracing: Tracing;
}

export interface ExtAuthzAddress {
  readonly host: string;
  readonly port: number;
  readonly maxMessageBytes: number;
}

const authorisation = 'envoy.service.auth.v3.Authorization';

export const startExtAuthz = (deps: ExtAuthzDeps, address: ExtAuthzAddress): Promise<GrpcServer> =>
  startGrpcServer({
    ...address,
    logger: deps.logger,
    methods: new Map([
      [`/${authorisation}/Check`, checkMethod(deps)],
      ['/grpc.health.v1.Health/Check', healthMethod(deps.health)],
    ]),
  });

const face = GatewayInterface.extAuthzGrpc;

const call = {
  name: `${authorisation}/Check`,
  attributes: { [Attr.rpcSystemName]: 'grpc', [Attr.rpcMethod]: `${authorisation}/Check` },
};

const checkMethod = ({ decide, token, count, tracing }: ExtAuthzDeps): UnaryMethod => {
  const check = bearerCheck(token);
  const ask = (request: GatewayRequest, elapsedMs: () => number): Soon<Buffer> =>
    andThen(decide(request.zoneId, request, elapsedMs), (decision: Decision) => {
      count(face, decision.decision, elapsedMs());
      return checkResponse(decision, request.headers);
    });
  return {
    answer: (message, { headers, elapsedMs }) => {
      check(headers.authorization);
      const request = readCheckRequest(message);
      if (!tracing.isOn) return ask(request, elapsedMs);
      const startMs = performance.now() - elapsedMs();
      const span = callSpan(tracing, headers, request.headers, { ...call, startMs });
      return asSpan(tracing, span, () => ask(request, elapsedMs));
    },
    onFault: (elapsedMs) => count(face, 'fault', elapsedMs),
    // A fault would open the way under failure_mode_allow, and it is the client who chose the size.
    tooLarge: deniedResponse({ status: 413, headers: [], body: '' }),
  };
};

const Serving = { yes: 1, no: 2 } as const;

/** Of this server as a whole (no name) and of its one service. */
const healthMethod = (health: Health): UnaryMethod => ({
  answer: (message) => {
    const name = serviceIn(message);
    if (name !== '' && name !== authorisation)
      throw new GrpcError(GrpcStatus.notFound, 'there is no such service');
    return integerField(1, health.isReady() ? Serving.yes : Serving.no);
  },
  onFault: () => {},
  tooLarge: null,
});

const serviceIn = (message: Buffer): string => {
  const reader = new WireReader(message);
  let name = '';
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) name = reader.text();
    else reader.skip();
  return name;
};
