/** A gateway between an origin and the stand-in, over links that can be cut. */
import { eventually } from '@precede/testkit';
import { type GatewayKind, type GatewayProcess, startGateway } from './gateway-process.ts';
import { type Answered, type Asked, ask, hangUp } from './http-client.ts';
import { type Link, openLink } from './link.ts';
import { type Origin, startOrigin } from './origin.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

export interface Stand {
  readonly origin: Origin;
  readonly enforcer: StandIn;
  readonly http: Link;
  readonly grpc: Link;
  readonly process: GatewayProcess;
  ask(asked: Asked): Promise<Answered>;
  close(): Promise<void>;
}

export const openStand = async (kind: GatewayKind, isOpen: boolean): Promise<Stand> => {
  const [origin, enforcer] = [await startOrigin(), await startStandIn()];
  const [http, grpc] = [await openLink(enforcer.httpPort), await openLink(enforcer.grpcPort)];
  const ports = { origin: origin.port, http: http.port, grpc: grpc.port };
  const gateway = await startGateway(kind, ports, isOpen);
  return {
    ...{ origin, enforcer, http, grpc, process: gateway },
    ask: (asked) => ask(gateway.port, asked),
    close: async () => {
      hangUp();
      await gateway.stop();
      await Promise.all([http.cut(), grpc.cut()]);
      await enforcer.close();
      await origin.close();
    },
  };
};

/** A gateway listens before it knows that the enforcer is well. */
export const decided = (stand: Stand): Promise<unknown> =>
  eventually(
    'a decision',
    async () => ((await stand.ask({ path: '/block' })).status === 451 ? true : undefined),
    20_000,
  );
