/**
 * Follows config.v1: prepare → decode → records of configuration. What cannot be read is passed: stopping there would
 * stop every later change of every zone. What it means to the service (a count, a line) is the service's.
 */
import { type ConfigRecord, configFromAvro, Topic } from '@precede/contracts';
import type { EventLog, LogRecord, Tail } from './port.ts';

export interface ConfigTailHandlers {
  /**
   * The readable ones of a batch, in log order; perhaps none, when nothing of it was readable. A throw brings the whole
   * batch again, its unreadable records too.
   */
  onChanges(changes: readonly ConfigRecord[]): void | Promise<void>;
  /** Bytes that are no record of the topic. Must not throw. */
  onUnreadable(error: unknown, record: LogRecord): void;
  /** Readable, but of no kind that is known here. Must not throw. */
  onUnknown?(record: LogRecord): void;
  /** As that of `tail`: away, or `onChanges` threw; following goes on by itself. */
  onError?(error: unknown): void;
}

export const tailConfig = (
  log: Pick<EventLog, 'codec' | 'tail'>,
  handlers: ConfigTailHandlers,
): Promise<Tail> => {
  const read = (record: LogRecord): ConfigRecord | undefined => {
    try {
      const value = record.value === null ? null : log.codec.decode(Topic.config, record.value);
      const change = configFromAvro(value, record.headers);
      if (change === undefined) handlers.onUnknown?.(record);
      return change;
    } catch (error) {
      handlers.onUnreadable(error, record);
      return undefined;
    }
  };
  return log.tail({
    topic: Topic.config,
    onRecords: async (records) => {
      await log.codec.prepare(
        Topic.config,
        records.map((record) => record.value),
      );
      await handlers.onChanges(records.map(read).filter((change) => change !== undefined));
    },
    onError: (error) => handlers.onError?.(error),
  });
};
