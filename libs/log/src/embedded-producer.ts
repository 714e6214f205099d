/** Producers of the embedded log: a bound on what is in flight, and one living writer a transactional id. */
import { ErrorCode, FencedError, UnavailableError } from '@precede/contracts';
import type { EmbeddedStore } from './embedded-store.ts';
import type { EmbeddedWriter } from './embedded-writer.ts';
import type { LogProducer, OutgoingRecord, ProducerOptions } from './port.ts';

const defaultMaxBufferedBytes = 64 * 1024 * 1024;

/** Epochs of transactional ids. They live in memory: one process owns the directory, so no older writer outlives it. */
export type Epochs = Map<string, number>;

export const createEmbeddedProducer = (
  store: EmbeddedStore,
  writer: EmbeddedWriter,
  epochs: Epochs,
  options: ProducerOptions,
): LogProducer => {
  const maxBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes;
  const admit = options.transactionalId === undefined ? undefined : fence(epochs, options.transactionalId);
  let bufferedBytes = 0;
  let isClosed = false;
  return {
    async send(records) {
      if (isClosed) throw new UnavailableError(ErrorCode.logUnavailable, 'The producer is closed.');
      const fenced = admit?.();
      if (fenced !== undefined) throw fenced;
      if (records.length === 0) return;
      const size = sizeOf(records);
      if (bufferedBytes + size > maxBytes) throw full(maxBytes);
      const placed = records.map((record) => store.place(record));
      bufferedBytes += size;
      try {
        await writer.write({ records: placed }, admit);
      } finally {
        bufferedBytes -= size;
      }
    },
    async close() {
      isClosed = true;
    },
  };
};

const fence = (epochs: Epochs, id: string): (() => FencedError | undefined) => {
  const mine = (epochs.get(id) ?? 0) + 1;
  epochs.set(id, mine);
  return () =>
    epochs.get(id) === mine
      ? undefined
      : new FencedError(`A newer producer of the transactional id ${id} has taken over.`);
};

const sizeOf = (records: readonly OutgoingRecord[]): number => {
  let size = 0;
  for (const { key, value } of records) size += key.length + (value?.length ?? 0);
  return size;
};

const full = (maxBytes: number): UnavailableError =>
  new UnavailableError(
    ErrorCode.logFull,
    `More than ${maxBytes} bytes are waiting to be written to the event log; send again when some are through.`,
  );
