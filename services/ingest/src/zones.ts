/**
 * The zones as ingest needs them: session identifiers, hash secret, compiled matcher. Follows config.v1; a zone is
 * swapped whole when one of its revisions is complete, so that no request is ever matched by half a change.
 */
import {
  type ConfigRecord,
  type SessionIdentifier,
  Topic,
  ZoneConfigs,
  type ZoneId,
  type ZoneSnapshot,
} from '@precede/contracts';
import { compileMatcher, type Matcher } from '@precede/endpoints';
import { type EventLog, type LogRecord, tailConfig } from '@precede/log';
import { type Logger, zoneSecretOf } from '@precede/service';
import type { IngestMetrics } from './metrics.ts';

export interface Zone {
  readonly zoneId: ZoneId;
  /** Of the configuration this is made of. */
  readonly revision: number;
  readonly secret: Buffer;
  readonly identifiers: readonly SessionIdentifier[];
  readonly matcher: Matcher;
}

export interface Zones {
  get(zoneId: ZoneId): Zone | undefined;
  /** Whether everything that was configured before the start is known: until then an unknown zone may well exist. */
  isCaughtUp(): boolean;
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
  const onChanges = (changes: readonly ConfigRecord[]): void => {
    for (const zoneId of applyAll(configs, changes))
      swap(zones, zoneId, configs.get(zoneId), deps.sessionKey);
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
  let hasCaughtUp = false;
  const caughtUp = tail.caughtUp.then(() => {
    hasCaughtUp = true;
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
  sessionKey: Buffer,
): void => {
  if (snapshot === undefined) {
    zones.delete(zoneId);
    return;
  }
  zones.set(zoneId, {
    zoneId,
    revision: snapshot.revision,
    secret: zones.get(zoneId)?.secret ?? zoneSecretOf(sessionKey, zoneId),
    identifiers: snapshot.identifiers,
    matcher: compileMatcher(snapshot.operations.values()),
  });
};
