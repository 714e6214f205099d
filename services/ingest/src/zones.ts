/**
 * The zones as ingest needs them: session identifiers, hash secret, compiled matcher. Follows config.v1; a zone is
 * swapped whole when one of its revisions is complete, so that no request is ever matched by half a change.
 */
import {
  type ConfigRecord,
  RequestsOrigin,
  type SessionIdentifier,
  Topic,
  ZoneConfigs,
  type ZoneId,
  type ZoneSnapshot,
} from '@precede/contracts';
import { compileMatcher, type Matcher } from '@precede/endpoints';
import { type EventLog, type LogRecord, tailConfig } from '@precede/log';
import { type Logger, zoneSecretOf } from '@precede/service';
import type { TokenSessions, Tokens } from '@precede/tokens';
import type { IngestMetrics } from './metrics.ts';
import { createTokens } from './tokens.ts';

/** How long the start waits for keys of tokens; what is not there then is not identified until it is. */
const keysTimeoutMs = 5_000;

export interface Zone {
  readonly zoneId: ZoneId;
  /** Of the configuration this is made of. */
  readonly revision: number;
  readonly secret: Buffer;
  readonly identifiers: readonly SessionIdentifier[];
  /** Null: none of the identifiers is of type jwt. */
  readonly tokens: TokenSessions | null;
  readonly matcher: Matcher;
  /** Whether its live requests come by the enforcer, and by nobody else. */
  readonly isFedByEnforcer: boolean;
}

export interface Zones {
  get(zoneId: ZoneId): Zone | undefined;
  /** Whether everything that was configured before the start is known: until then an unknown zone may well exist. */
  isCaughtUp(): boolean;
  /** Resolves when it is, and each source of keys has been tried once. */
  readonly caughtUp: Promise<void>;
  close(): Promise<void>;
}

export interface ZonesDeps {
  readonly log: EventLog;
  readonly sessionKey: Buffer;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
}

export const followZones = async (deps: ZonesDeps): Promise<Zones> => {
  const { log, logger, metrics } = deps;
  const configs = new ZoneConfigs();
  const zones = new Map<ZoneId, Zone>();
  const tokens = createTokens(metrics, logger);
  let hasCaughtUp = false;
  const onChanges = (changes: readonly ConfigRecord[]): void => {
    for (const zoneId of applyAll(configs, changes)) {
      swap(zones, zoneId, configs.get(zoneId), { ...deps, tokens });
      // Before that a later change may do away with what would be loaded.
      if (hasCaughtUp) void zones.get(zoneId)?.tokens?.ready(0);
    }
    metrics.zones.set(zones.size);
  };
  const onUnreadable = (err: unknown, { topic, partition, offset }: LogRecord): void => {
    metrics.configFaults.inc();
    logger.warn({ err, topic, partition, offset }, 'configuration record cannot be read, passed over');
  };
  const onError = (err: unknown): void => {
    metrics.configFaults.inc();
    logger.warn({ err, topic: Topic.config }, 'configuration cannot be followed for now, the last one stays');
  };
  const tail = await tailConfig(log, { onChanges, onUnreadable, onError });
  const caughtUp = tail.caughtUp.then(async () => {
    hasCaughtUp = true;
    await Promise.all([...zones.values()].map((zone) => zone.tokens?.ready(keysTimeoutMs)));
  });
  return {
    get: (zoneId) => zones.get(zoneId),
    isCaughtUp: () => hasCaughtUp,
    caughtUp,
    close: () => tail.close(),
  };
};

/** The zones that the changes completed. */
const applyAll = (configs: ZoneConfigs, changes: readonly ConfigRecord[]): ReadonlySet<ZoneId> => {
  const changed = new Set<ZoneId>();
  for (const change of changes) {
    const zoneId = configs.apply(change);
    if (zoneId !== undefined) changed.add(zoneId);
  }
  return changed;
};

const swap = (
  zones: Map<ZoneId, Zone>,
  zoneId: ZoneId,
  snapshot: ZoneSnapshot | undefined,
  deps: ZonesDeps & { readonly tokens: Tokens },
): void => {
  if (snapshot === undefined) {
    zones.delete(zoneId);
    return;
  }
  zones.set(zoneId, {
    zoneId,
    revision: snapshot.revision,
    secret: zones.get(zoneId)?.secret ?? zoneSecretOf(deps.sessionKey, zoneId),
    identifiers: snapshot.identifiers,
    tokens: tokensOf(snapshot, deps),
    matcher: compileMatcher(snapshot.operations.values()),
    isFedByEnforcer: snapshot.settings.requestsOrigin === RequestsOrigin.enforcer,
  });
};

/** An identifier that cannot be used does not count; the others of the zone do. */
const tokensOf = (
  snapshot: ZoneSnapshot,
  { tokens, metrics, logger }: ZonesDeps & { readonly tokens: Tokens },
): TokenSessions | null => {
  if (!snapshot.identifiers.some(({ type }) => type === 'jwt')) return null;
  const { sessions, faults } = tokens.forZone(snapshot);
  for (const { subject, message } of faults) {
    metrics.configFaults.inc();
    logger.warn(
      { zoneId: snapshot.zoneId, subject, message },
      'tokens cannot be read as they are configured',
    );
  }
  return sessions;
};
