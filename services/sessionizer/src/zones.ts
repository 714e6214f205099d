/** Gap and grace of every zone, following config.v1. */
import {
  configFromAvro,
  ErrorCode,
  PrecedeError,
  Topic,
  ZoneConfigs,
  type ZoneId,
  zoneDefaults,
} from '@precede/contracts';
import type { EventLog, LogRecord } from '@precede/log';
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
  const apply = (record: LogRecord): void => {
    const value = record.value === null ? null : log.codec.decode(Topic.config, record.value);
    const change = configFromAvro(value, record.headers);
    if (change === undefined)
      throw new PrecedeError(ErrorCode.recordUnreadable, 'The record is no configuration.');
    const zoneId = configs.apply(change);
    if (zoneId === undefined) return;
    const known = configs.get(zoneId)?.settings;
    if (known === undefined) settings.delete(zoneId);
    else settings.set(zoneId, known);
  };
  const tail = await log.tail({
    topic: Topic.config,
    onRecords: async (records) => {
      await log.codec.prepare(
        Topic.config,
        records.map((record) => record.value),
      );
      for (const record of records) {
        try {
          apply(record);
        } catch (err) {
          metrics.configFaults.inc();
          logger.warn({ err, offset: record.offset }, 'configuration record cannot be read');
        }
      }
    },
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
