/**
 * The one writer of the embedded log. What is asked for while a commit runs, or in the same turn, goes into one
 * transaction, so a hundred small sends cost one sync of the disk. A commit blocks the event loop for that sync; on a
 * disk that syncs slowly the writer then waits as long again, so that it gets larger groups and not a blocked process.
 */
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { storageError } from './embedded-failure.ts';
import type { Change, EmbeddedStore } from './embedded-store.ts';

interface Job {
  readonly change: Change;
  /** Asked in the transaction's turn: an error here fails this job alone. */
  readonly admit: (() => Error | undefined) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

// One transaction is bounded, as it holds up everything else of the process.
const maxGroupRecords = 10_000;
const maxGroupBytes = 8 * 1024 * 1024;
// What a record costs without the sync, and the sync from which on it is worth to wait for company.
const recordMs = 0.01;
const slowSyncMs = 5;
const maxPauseMs = 20;

const pauseAfter = (commitMs: number, group: readonly Job[]): number => {
  const syncMs = commitMs - group.reduce((count, { change }) => count + change.records.length, 0) * recordMs;
  return syncMs < slowSyncMs ? 0 : Math.min(syncMs, maxPauseMs);
};

const bytesOf = ({ records }: Change): number => {
  let size = 0;
  for (const { record } of records) size += record.key.length + (record.value?.length ?? 0);
  return size;
};

export class EmbeddedWriter {
  readonly #store: EmbeddedStore;
  readonly #clock: { now(): number };
  readonly #onCommit: (changes: readonly Change[]) => void;
  #queue: Job[] = [];
  #isScheduled = false;
  #pauseMs = 0;
  #isClosed = false;
  #idle: (() => void)[] = [];

  constructor(
    store: EmbeddedStore,
    clock: { now(): number },
    onCommit: (changes: readonly Change[]) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#onCommit = onCommit;
  }

  /** Resolves when the change is on disk. */
  write(change: Change, admit?: () => Error | undefined): Promise<void> {
    if (this.#isClosed)
      return Promise.reject(new UnavailableError(ErrorCode.logUnavailable, 'The event log is closed.'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, admit, resolve, reject });
      this.#schedule();
    });
  }

  /** Writes what is asked for already, then nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#isScheduled) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#pauseMs < 1) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), this.#pauseMs);
  }

  #flush(): void {
    const group = this.#takeGroup();
    const startedAt = performance.now();
    if (group.length > 0) this.#commit(group);
    this.#pauseMs = pauseAfter(performance.now() - startedAt, group);
    this.#isScheduled = false;
    if (this.#queue.length > 0) this.#schedule();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  #takeGroup(): Job[] {
    let count = 0;
    let records = 0;
    let size = 0;
    for (const { change } of this.#queue) {
      if (count > 0 && (records >= maxGroupRecords || size >= maxGroupBytes)) break;
      count += 1;
      records += change.records.length;
      size += bytesOf(change);
    }
    const group = this.#queue.splice(0, count);
    return group.filter(({ admit, reject }) => {
      const error = admit?.();
      if (error !== undefined) reject(error);
      return error === undefined;
    });
  }

  #commit(group: readonly Job[]): void {
    const nowMs = this.#clock.now();
    try {
      this.#store.transact(() => {
        for (const { change } of group) this.#store.apply(change, nowMs);
      });
    } catch (error) {
      const failure = storageError(
        error,
        this.#store.dir,
        group.reduce((size, { change }) => size + bytesOf(change), 0),
      );
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const { resolve } of group) resolve();
    this.#onCommit(group.map((job) => job.change));
  }
}
