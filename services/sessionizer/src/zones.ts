/** Gap and grace of every zone, following config.v1. */
import {
  type ConfigRecord,
  ErrorCode,
  PrecedeError,
  ZoneConfigs,
  type ZoneId,
  zoneDefaults,
} from '@precede/contracts';
import { type EventLog, type LogRecord, tailConfig } from '@precede/log';
import type { WindowSettings, ZoneWindows } from '@precede/sequence';
import type { Logger } from '@precede/service';
import type { SessionizerMetrics } from './metrics.ts';

export interface FollowedZones extends ZoneWindows {
  /** Resolves when everything that was configured at the start is known. */
  readonly caughtUp: Promise<void>;
  close(): Promise<void>;
}

/** A zone that is not known has the defaults; a record that cannot be read is counted, logged and passed. */
export const followZones = async (
  log: EventLog,
  logger: Logger,
  metrics: SessionizerMetrics,
): Promise<FollowedZones> => {
  const configs = new ZoneConfigs();
  const settings = new Map<ZoneId, WindowSettings>();
  const apply = (change: ConfigRecord): void => {
    const zoneId = configs.apply(change);
    if (zoneId === undefined) return;
    const known = configs.get(zoneId)?.settings;
    if (known === undefined) settings.delete(zoneId);
    else settings.set(zoneId, known);
  };
  const onUnreadable = (err: unknown, { offset }: LogRecord): void => {
    metrics.configFaults.inc();
    logger.warn({ err, offset }, 'configuration record cannot be read');
  };
  const tail = await tailConfig(log, {
    onChanges: (changes) => changes.forEach(apply),
    onUnreadable,
    onUnknown: (record) =>
      onUnreadable(new PrecedeError(ErrorCode.recordUnreadable, 'The record is no configuration.'), record),
    onError: (err) => {
      metrics.configFaults.inc();
      logger.warn({ err }, 'configuration cannot be followed');
    },
  });
  return {
    caughtUp: tail.caughtUp,
    settingsOf: (zoneId) => settings.get(zoneId) ?? zoneDefaults,
    close: () => tail.close(),
  };
};
