/** What both runs of the scorer share: the clock, how a record is made, and what is waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { operationKey, type SequenceObserved, type ShortId, sequenceToAvro, Topic } from '@precede/contracts';
import type { EventLog, OutgoingRecord } from '@precede/log';
import type { Running } from '@precede/testkit';
import type { Database } from './database.ts';
import { zones } from './traffic.ts';
import type { Watch } from './watch.ts';

export const hourMs = 3_600_000;
/** Clock of every scorer: in the middle of an hour. */
export const nowMs = Date.UTC(2026, 2, 1, 18, 20);
/** Of event time: few hours, since the ranker reads each by itself and rests ten times as long. */
export const spanMs = 4 * hourMs;
export const group = 'precede.scorer';

export const recordOf = (log: EventLog, event: SequenceObserved): OutgoingRecord => ({
  topic: Topic.sequences,
  key: operationKey(event.zoneId, event.operations.at(-1) as ShortId),
  value: log.codec.encode(Topic.sequences, sequenceToAvro(event)),
});

/** No longer than the process lives. */
export const within = async (
  what: string,
  reached: Promise<void>,
  scorer: Running,
  limitMs = 60_000,
): Promise<void> => {
  const timeout = new AbortController();
  const outcome = await Promise.race([
    reached.then(() => undefined),
    scorer.exited.then((status) => `the scorer ended with ${status}:\n${scorer.output().slice(-4_000)}`),
    sleep(limitMs, `it did not come within ${limitMs} ms:\n${scorer.output().slice(-4_000)}`, {
      signal: timeout.signal,
    }),
  ]);
  timeout.abort();
  if (outcome !== undefined) throw new Error(`${what}: ${outcome}`);
};

export const sumOf = (maps: readonly ReadonlyMap<string, number>[]): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const map of maps) for (const [key, n] of map) sums.set(key, (sums.get(key) ?? 0) + n);
  return sums;
};

type Positions = Readonly<Record<string, number>>;

const areAt = (positions: Positions | undefined, ends: readonly number[]): boolean =>
  ends.every((end, partition) => (positions?.[partition] ?? 0) >= end);

/** By the scorers' own word, every record before these offsets is stored. */
export const isStored = async (database: Database, ends: readonly number[]): Promise<boolean> => {
  const rows = await database.client.query<{ partition: number; position: number }>(
    "SELECT partition, max(c.position) AS position FROM count_progress AS c WHERE zone_id = '' GROUP BY partition",
  );
  return areAt(Object.fromEntries(rows.map((row) => [row.partition, row.position])), ends);
};

export const isScored = (watch: Watch, ends: readonly number[]): boolean =>
  zones.every((zone) => areAt(watch.newest.get(zone)?.positions, ends));
