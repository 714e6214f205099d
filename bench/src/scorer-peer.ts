/**
 * The peer of scorer-day.bench.ts: ClickHouse alone. Sessions lie there as arrays, and every asking for the list takes them
 * apart with arrayJoin, counts all sequences of 1 to 9 operations and divides. No pruning, no folding, no intervals.
 */
import type { ClickHouse } from '@precede/clickhouse';
import type { SequenceObserved } from '@precede/contracts';

/** Slices of each length, one after the other: arrayFlatten would take the slices apart too. */
const slices = `arrayFold(
    (all, len) -> arrayConcat(all, arrayMap(i -> arraySlice(whole, i, len), range(1, length(whole) - len + 2))),
    range(1, least(10, length(whole) + 1)),
    CAST([], 'Array(Array(UInt32))'))`;
const listSql = `WITH counted AS (
    SELECT sequence, count() AS support
    FROM (SELECT arrayJoin(${slices}) AS sequence FROM (SELECT arrayCompact(operations) AS whole FROM peer_sessions))
    GROUP BY sequence)
  SELECT s.sequence AS sequence, s.support AS support, s.support / l.support AS score
  FROM (SELECT * FROM counted WHERE length(sequence) > 1 AND support >= 10) AS s
  INNER JOIN (SELECT sequence[1] AS last, support FROM counted WHERE length(sequence) = 1) AS l
    ON s.sequence[-1] = l.last
  ORDER BY score DESC, support DESC, length(sequence) DESC, sequence LIMIT 100`;

export interface PeerRow {
  readonly sequence: number[];
  readonly support: number;
  readonly score: number;
}

export const createPeer = (clickhouse: ClickHouse): Promise<void> =>
  clickhouse.command(
    'CREATE TABLE peer_sessions (session String, operations Array(UInt32)) ENGINE = MergeTree ORDER BY session',
  );

/** Puts requests together to sessions again, and stores those that are at their end. */
export class PeerSessions {
  readonly #clickhouse: ClickHouse;
  readonly #open = new Map<string, number[]>();

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse;
  }

  async add(events: readonly SequenceObserved[]): Promise<void> {
    const seen = new Set<string>();
    for (const { pseudonym, operations } of events) {
      seen.add(pseudonym);
      const steps = this.#open.get(pseudonym) ?? [];
      steps.push(operations.at(-1) as number);
      this.#open.set(pseudonym, steps);
    }
    await this.#store((pseudonym) => !seen.has(pseudonym));
  }

  end(): Promise<void> {
    return this.#store(() => true);
  }

  async #store(isAtEnd: (pseudonym: string) => boolean): Promise<void> {
    const rows = [...this.#open].filter(([pseudonym]) => isAtEnd(pseudonym));
    for (const [pseudonym] of rows) this.#open.delete(pseudonym);
    await this.#clickhouse.insert('peer_sessions', ['session', 'operations'], rows);
  }
}

export const askPeer = (clickhouse: ClickHouse): Promise<PeerRow[]> =>
  clickhouse.query<PeerRow>(listSql, {}, { settings: { max_memory_usage: '12000000000' } });
