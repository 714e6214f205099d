/** Reads one partition of a compacted topic from its beginning to where it ends now. */
import type { TopicName } from '@precede/contracts';
import { toLogError } from './kafka-errors.ts';
import type { Fetched } from './kafka-fetched.ts';
import type { KafkaAccess } from './kafka-options.ts';
import { KafkaReader } from './kafka-reader.ts';
import type { LogRecord } from './port.ts';

export interface RestoreOptions {
  readonly topic: TopicName;
  readonly partition: number;
  readonly onRecords: (records: readonly LogRecord[]) => void;
  readonly signal: AbortSignal;
}

/** Waits through an outage. Rejects where onRecords throws, and when aborted. */
export const restorePartition = async (kafka: KafkaAccess, options: RestoreOptions): Promise<void> => {
  const { topic, partition, signal } = options;
  signal.throwIfAborted();
  const reader = await KafkaReader.open(kafka, topic, () => {}).catch((error) => {
    throw toLogError(error, `restore ${topic}`);
  });
  try {
    const first = (await reader.link.offsets([partition], 'earliest')).get(partition) ?? 0;
    // Earlier owners are fenced, so nothing of theirs is still open below it.
    const end = (await reader.link.offsets([partition], 'end')).get(partition) ?? 0;
    if (first < end) await readUntil(reader, first, end, options);
  } finally {
    await reader.close();
  }
};

const readUntil = (
  reader: KafkaReader,
  first: number,
  end: number,
  options: RestoreOptions,
): Promise<void> => {
  const { partition, signal, onRecords } = options;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    const done = (finish: () => void): void => {
      reader.stop(partition);
      signal.removeEventListener('abort', abort);
      finish();
    };
    signal.addEventListener('abort', abort, { once: true });
    const deliver = ({ count, read, position }: Fetched): void => {
      try {
        if (count > 0) onRecords(read());
        if (position >= end) done(resolve);
      } catch (error) {
        done(() => reject(error));
      }
    };
    reader.start(partition, first, { hasRoom: () => true, deliver });
  });
};
