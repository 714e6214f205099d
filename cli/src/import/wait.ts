/**
 * `--wait`: until everything that stood in the log when the import ended is in a stored score snapshot.
 * Follows offsets through the stages: requests committed by the sessionizer, then sequences counted and scored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import type { ApiClient, Pipeline } from '../api-client.ts';

const pollMs = 250;
/** Longer than a large zone rests between two scorings, a minute. Who gets no snapshot even so need not wait for ever. */
const graceForSnapshotMs = 120_000;

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Share done, 0 … 1, and what is awaited. */
  onProgress(share: number, stage: string): void;
}

export const waitUntilScored = async (
  api: ApiClient,
  zoneId: string,
  options: WaitOptions,
): Promise<void> => {
  const path = `/zones/${zoneId}/api_gateway/pipeline`;
  const deadline = Date.now() + options.timeoutMs;
  const requestsEnd = endsOf((await persistently(api, path, deadline)).requests);
  let sequencesEnd: ReadonlyMap<number, number> | undefined;
  let countedSinceMs: number | undefined;
  for (;;) {
    const now = await persistently(api, path, deadline);
    const sessionized = shareOf(
      requestsEnd,
      new Map(now.requests.map((p) => [p.partition, p.committed ?? 0])),
    );
    if (sessionized >= 1) sequencesEnd ??= endsOf(now.sequences);
    if (sequencesEnd !== undefined) {
      const scored = shareOf(sequencesEnd, scoredOf(now));
      if (scored >= 1) return;
      const isCounted =
        shareOf(sequencesEnd, new Map(now.sequences.map((p) => [p.partition, p.stored ?? 0]))) >= 1;
      countedSinceMs = isCounted ? (countedSinceMs ?? Date.now()) : undefined;
      if (countedSinceMs !== undefined && Date.now() - countedSinceMs > graceForSnapshotMs) return;
      options.onProgress(0.5 + scored / 2, 'scoring');
    } else options.onProgress(sessionized / 2, 'ordering sessions');
    if (Date.now() > deadline) throw timedOut(options.timeoutMs);
    await sleep(pollMs);
  }
};

const endsOf = (partitions: readonly { partition: number; end: number }[]): ReadonlyMap<number, number> =>
  new Map(partitions.map((each) => [each.partition, each.end]));

const scoredOf = (now: Pipeline): ReadonlyMap<number, number> =>
  new Map(
    Object.entries(now.snapshot?.positions ?? {}).map(([partition, position]) => [
      Number(partition),
      position,
    ]),
  );

const shareOf = (wanted: ReadonlyMap<number, number>, reached: ReadonlyMap<number, number>): number => {
  let total = 0;
  let done = 0;
  for (const [partition, end] of wanted) {
    total += end;
    done += Math.min(end, reached.get(partition) ?? 0);
  }
  return total === 0 ? 1 : done / total;
};

const persistently = async (api: ApiClient, path: string, deadline: number): Promise<Pipeline> => {
  for (;;) {
    try {
      return await api.get<Pipeline>(path);
    } catch (error) {
      if (!(error instanceof UnavailableError) || Date.now() > deadline) throw error;
      await sleep(1_000);
    }
  }
};

const timedOut = (timeoutMs: number): UnavailableError =>
  new UnavailableError(
    ErrorCode.logUnavailable,
    `not all of it was scored within ${Math.round(timeoutMs / 1000)} s; it goes on in the background, "precede doctor" shows how far it is`,
  );
