/**
 * The way in to the embedded log. LMDB is native and an optional dependency: it is loaded by whoever opens such a log, so
 * that the services on Kafka do without it, in memory and in their images.
 */
import { ConfigError } from '@precede/contracts';
import type { EmbeddedLogOptions } from './embedded.ts';
import type { EventLog } from './port.ts';

/** As in embedded.ts, and ConfigError where the engine is not installed. */
export const openEmbeddedLog = async (options: EmbeddedLogOptions): Promise<EventLog> => {
  const embedded = await import('./embedded.ts').catch(explain);
  return await embedded.openEmbeddedLog(options);
};

const explain = (error: NodeJS.ErrnoException): never => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new ConfigError([
    'The embedded log is not installed here: run npm ci without --omit=optional, or the image precede/precede.',
  ]);
};
