/** Reads one partition of a compacted topic from its beginning to where it ends now. */
import { ErrorCode, type TopicName, UnavailableError } from '@precede/contracts';
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
  readonly onError: (error: unknown) => void;
}

/** Waits through an outage. Rejects where onRecords throws, where the topic is cut meanwhile, and when aborted. */
export const restorePartition = async (kafka: KafkaAccess, options: RestoreOptions): Promise<void> => {
  const { topic, signal } = options;
  signal.throwIfAborted();
  // Whatever is waited for then ends with an error.
  const sockets = kafka.sockets.branch();
  const end = (): void => sockets.close();
  signal.addEventListener('abort', end, { once: true });
  let reader: KafkaReader | undefined;
  try {
    reader = await KafkaReader.open({ ...kafka, sockets }, topic, options.onError).catch((error) => {
      throw toLogError(error, `restore ${topic}`);
    });
    await readAll(reader, options);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    await reader?.close();
  }
};

const readAll = async (reader: KafkaReader, options: RestoreOptions): Promise<void> => {
  const { partition, signal } = options;
  const first = (await reader.link.offsets([partition], 'earliest', signal)).get(partition) ?? 0;
  // Earlier owners are fenced, so nothing of theirs is still open below it.
  const end = (await reader.link.offsets([partition], 'end', signal)).get(partition) ?? 0;
  signal.throwIfAborted();
  if (first < end) await readUntil(reader, first, end, options);
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
    const deliver = ({ count, read, position, end: endsNow }: Fetched): void => {
      try {
        // A leader that follows may have less. What was read of it is no longer so, and the rest will never come.
        if (endsNow < end) throw new UnavailableError(ErrorCode.logUnavailable, cutOf(options, endsNow));
        if (count > 0) onRecords(read());
        if (position >= end) done(resolve);
      } catch (error) {
        done(() => reject(error));
      }
    };
    reader.start(partition, first, { hasRoom: () => true, deliver });
  });
};

const cutOf = ({ topic, partition }: RestoreOptions, end: number): string =>
  `${topic}/${partition} lost records while it was read: it ends at ${end} now.`;
