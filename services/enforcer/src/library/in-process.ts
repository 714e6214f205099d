/**
 * The enforcer inside a Node server: the same engine as the service, without its HTTP. `decide` is asked once for each
 * request, by the fastify plugin, the express middleware or one's own code. Whoever opens it closes it.
 */
import { ConfigError, ErrorCode, isZoneId, UnavailableError, type ZoneId } from '@precede/contracts';
import {
  type Clock,
  createHealth,
  createLogger,
  type Environment,
  type Health,
  type Logger,
  loadConfig,
  type Registry,
  type Soon,
  systemClock,
} from '@precede/service';
import { Registry as PrometheusRegistry } from 'prom-client';
import { enforcerFields } from '../config.ts';
import type { Decision } from '../decision.ts';
import { openEngine } from '../engine.ts';
import type { GatewayRequest } from '../gateway-request.ts';
import type { LogSource } from '../log-link.ts';
import type { Stores } from '../stores/open.ts';

export interface InProcessOptions {
  /** 32 lower-case hex digits. */
  readonly zoneId: string;
  /** 64 hex digits, the same as PRECEDE_SESSION_KEY of ingest. */
  readonly sessionKey: string;
  /** Followed for the configuration and written with decisions. Without it the snapshots in `snapshotDir` stay in force. */
  readonly log?: LogSource | undefined;
  /** Of this process alone: the last good snapshots, from which it starts while the log is away. */
  readonly snapshotDir?: string | undefined;
  /** Host of the saved operations that this server answers for. Without it the Host header counts, which a client chooses. */
  readonly host?: string | undefined;
  /** Further settings of the service by their names in docs/configuration.md; those of its HTTP server mean nothing here. */
  readonly env?: Environment | undefined;
  /** Default: warnings, as JSON lines on stderr. */
  readonly logger?: Logger | undefined;
  /** Where the instruments of the enforcer are registered. Default: one of its own. */
  readonly registry?: Registry | undefined;
  readonly clock?: Clock | undefined;
  /** In place of those that PRECEDE_ENFORCER_SESSION_STORE and PRECEDE_ENFORCER_RATE_STORE name; closed with the enforcer. */
  readonly stores?: Stores | undefined;
}

export interface InProcessEnforcer {
  /** A promise only where a store or a token waits for the network. Throws or rejects where the fail mode is `error`. */
  decide(request: GatewayRequest): Soon<Decision>;
  /** Resolves with the first configuration in force; rejects if it is closed before. */
  readonly ready: Promise<void>;
  readonly health: Health;
  readonly registry: Registry;
  /** Writes waiting decisions, for at most PRECEDE_ENFORCER_FLUSH_TIMEOUT. Close the server first. */
  close(): Promise<void>;
}

/**
 * In one's own server most of the lag is that of one's own handlers: the 50 ms of the service would take a busy handler
 * for an overload.
 */
const defaults: Environment = { PRECEDE_ENFORCER_DEADLINE: '1s' };

/** Resolves before the log is open. Throws ConfigError with all faults of the settings. */
export const openEnforcer = async (options: InProcessOptions): Promise<InProcessEnforcer> => {
  const zoneId = checkedZone(options);
  const registry = options.registry ?? new PrometheusRegistry();
  const { health, ready, end } = watchedHealth();
  const engine = await openEngine(configOf(options), {
    ...{ registry, health, log: options.log ?? null, stores: options.stores },
    logger: options.logger ?? createLogger('enforcer', 'warn'),
    clock: options.clock ?? systemClock,
  });
  engine.connect();
  let closed: Promise<void> | undefined;
  const enforcer: InProcessEnforcer = {
    ...{ ready, health, registry },
    decide: (request) => {
      const startedMs = performance.now();
      return engine.decide(zoneId, hosted(request, options.host), () => performance.now() - startedMs);
    },
    close: () => {
      health.drain();
      end();
      closed ??= engine.close();
      return closed;
    },
  };
  return health.isReady() || options.log !== undefined ? enforcer : refuse(enforcer);
};

const hosted = (request: GatewayRequest, host: string | undefined): GatewayRequest =>
  host === undefined ? request : { ...request, host };

const checkedZone = ({ zoneId, log, snapshotDir = '' }: InProcessOptions): ZoneId => {
  const faults: string[] = [];
  if (log === undefined && snapshotDir === '')
    faults.push('log, snapshotDir: one of the two must say where the configuration comes from');
  if (!isZoneId(zoneId)) faults.push('zoneId: must be 32 lower-case hex digits');
  if (isZoneId(zoneId) && faults.length === 0) return zoneId;
  throw new ConfigError(faults);
};

const configOf = ({ env, sessionKey, snapshotDir }: InProcessOptions) =>
  loadConfig(enforcerFields, {
    ...defaults,
    ...env,
    PRECEDE_SESSION_KEY: sessionKey,
    ...(snapshotDir === undefined ? {} : { PRECEDE_ENFORCER_SNAPSHOT_DIR: snapshotDir }),
  });

/** A health that also tells when it is well for the first time. */
const watchedHealth = () => {
  const health = createHealth();
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  // Nobody has to wait for it.
  ready.catch(() => {});
  const watched: Health = {
    ...health,
    set: (...condition) => {
      health.set(...condition);
      if (health.conditions()['snapshot']?.ok === true) resolve();
    },
  };
  const end = () =>
    reject(new UnavailableError(ErrorCode.logUnavailable, 'closed before there was any configuration'));
  return { health: watched, ready, end };
};

/** Without a log there will never be a snapshot. */
const refuse = async (enforcer: InProcessEnforcer): Promise<never> => {
  await enforcer.close();
  throw new ConfigError(['snapshotDir: has no snapshot that can be used, and there is no log to follow']);
};
