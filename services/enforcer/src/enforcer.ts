/** The enforcer as a service: its engine, then the servers that gateways ask, then, in the background, the log. */
import { listen, noTracing, type RunningService } from '@precede/service';
import type { EnforcerConfig } from './config.ts';
import { type EngineDeps, openEngine } from './engine.ts';
import { type ExtAuthzDeps, startExtAuthz } from './gateways/ext-authz-grpc.ts';
import type { GrpcServer } from './gateways/grpc-server.ts';
import { buildServer } from './http.ts';
import type { LogSource } from './log-link.ts';

export interface EnforcerDeps extends EngineDeps {
  readonly log: LogSource;
}

export interface RunningEnforcer extends RunningService {
  /** Null: Envoy is not listened to. */
  readonly grpcPort: number | null;
}

export const startEnforcer = async (config: EnforcerConfig, deps: EnforcerDeps): Promise<RunningEnforcer> => {
  const { logger, registry, health, tracing = noTracing } = deps;
  const engine = await openEngine(config, deps);
  const { tables, failModes, decide, metrics } = engine;
  const { countGateway } = metrics;
  const app = buildServer({
    ...{ config, logger, health, registry, tracing },
    ...{ tables, failModes, decide, countGateway },
  });
  const address = await listen(app, config.PRECEDE_ENFORCER_HOST, config.PRECEDE_ENFORCER_PORT);
  const grpc = await listenToEnvoy(config, { decide, count: countGateway, logger, health, tracing });
  engine.connect();
  return {
    name: 'enforcer',
    address,
    grpcPort: grpc?.port ?? null,
    health,
    close: async () => {
      health.drain();
      await Promise.all([app.close(), grpc?.close()]);
      await engine.close();
    },
  };
};

const listenToEnvoy = async (
  config: EnforcerConfig,
  deps: Omit<ExtAuthzDeps, 'token'>,
): Promise<GrpcServer | null> => {
  const { PRECEDE_ENFORCER_GRPC_PORT: port, PRECEDE_ENFORCER_HOST: host } = config;
  if (port === null) return null;
  const maxMessageBytes = config.PRECEDE_ENFORCER_MAX_CHECK;
  return startExtAuthz({ ...deps, token: config.PRECEDE_ENFORCER_TOKEN }, { host, port, maxMessageBytes });
};
