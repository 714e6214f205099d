/**
 * How long ClickHouse keeps rows: settings against the TTL that each table has now. A table that has what is wanted is left
 * alone, as a changed TTL makes the server go through all of its rows.
 */
import type { ClickHouse } from './client.ts';
import { localName, onCluster } from './cluster-ddl.ts';
import { isWord, tokenize } from './sql-tokens.ts';

export interface Retention {
  readonly countsMs: number;
  readonly scoresMs: number;
  readonly sessionsMs: number;
  readonly decisionsMs: number;
  readonly requestsMs: number;
}

export interface RetentionChange {
  readonly table: string;
  readonly ttl: string;
  readonly statement: string;
}

const DAY = 86_400_000;
const UNITS = [
  ['Day', DAY],
  ['Hour', 3_600_000],
  ['Minute', 60_000],
] as const;

/** As the server prints it, in the largest unit that is whole: the TTL of the migrations is then the same text. */
function interval(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? (['Second', 1_000] as const);
  return `toInterval${unit}(${Math.ceil(ms / size)})`;
}

/**
 * All by time of writing: an old log replayed under a fixed clock must not expire while it is read. Unlisted scores go after
 * 3 hours however long the listed ones stay; an idle zone is ranked anew each hour, so the newest snapshot is always whole.
 */
export const ttls = (keep: Retention): Readonly<Record<string, string>> => ({
  sequence_counts: `written_at + ${interval(keep.countsMs)}`,
  count_progress: `written_at + ${interval(keep.countsMs)}`,
  // A marker outlives the rows it speaks for.
  epochs: `toDateTime(closed_at) + ${interval(keep.countsMs + 4 * DAY)}`,
  sequence_scores: `written_at + toIntervalHour(3) WHERE is_listed = 0, written_at + ${interval(keep.scoresMs)}`,
  score_snapshots: `written_at + ${interval(keep.scoresMs)}`,
  sessions: `written_at + ${interval(keep.sessionsMs)}`,
  decisions: `written_at + ${interval(keep.decisionsMs)}`,
  requests: `written_at + ${interval(keep.requestsMs)}`,
});

const AFTER_TTL = new Set(['SETTINGS', 'COMMENT']);

/** The TTL of a table out of the statement that the server says would create it; empty: none. */
export function ttlOf(createQuery: string): string {
  const tokens = tokenize(createQuery).filter((token) => token.depth === 0);
  const from = tokens.find((token) => isWord(token, 'TTL'));
  if (from === undefined) return '';
  const to = tokens.find((token) => token.at > from.at && AFTER_TTL.has(token.text.toUpperCase()));
  return createQuery.slice(from.end, to?.at).replace(/\s+/g, ' ').trim();
}

/** What has to change, in order of names; tables that are not there are passed. */
export async function differingRetention(
  clickhouse: ClickHouse,
  keep: Retention,
): Promise<RetentionChange[]> {
  const { cluster = '' } = clickhouse;
  const nameOf = (table: string): string => (cluster === '' ? table : localName(table));
  const rows = await clickhouse.query<{ name: string; query: string }>(
    'SELECT name, create_table_query AS query FROM system.tables WHERE database = currentDatabase()',
  );
  const present = new Map(rows.map(({ name, query }) => [name, ttlOf(query)]));
  return Object.entries(ttls(keep))
    .filter(([table, ttl]) => (present.get(nameOf(table)) ?? ttl) !== ttl)
    .map(([table, ttl]) => ({
      table,
      ttl,
      statement: `ALTER TABLE ${nameOf(table)}${onCluster(cluster)} MODIFY TTL ${ttl}`,
    }));
}
