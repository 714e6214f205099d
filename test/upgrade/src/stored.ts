/** What ClickHouse holds in the end, in the words of the recount. */
import type { Recount } from './recount.ts';

export interface Database {
  sql(query: string): Promise<Record<string, unknown>[]>;
}

export const storedCounts = async (database: Database, zoneId: string): Promise<Map<string, number>> => {
  const rows = await database.sql(
    `SELECT form, toUnixTimestamp(hour) * 1000 AS at, operations, occurrences FROM sequence_hours
     WHERE zone_id = '${zoneId}' AND form != 'pair'`,
  );
  return new Map(
    rows.map((row) => [
      `${row['form']} ${row['at']} ${(row['operations'] as number[]).join('>')}`,
      Number(row['occurrences']),
    ]),
  );
};

export const storedWindows = async (database: Database, zoneId: string): Promise<string[]> => {
  const rows = await database.sql(
    `SELECT toUnixTimestamp64Milli(first) AS a, toUnixTimestamp64Milli(last) AS b, length
     FROM sessions FINAL WHERE zone_id = '${zoneId}'`,
  );
  return rows.map((row) => `${row['a']} ${row['b']} ${row['length']}`).sort();
};

/** Ids of denials, and how often each is there. */
export const storedDenials = async (database: Database, zoneId: string): Promise<string[]> => {
  const rows = await database.sql(
    `SELECT decision_id FROM decisions FINAL WHERE zone_id = '${zoneId}' AND verdict = 'block'`,
  );
  return rows.map((row) => String(row['decision_id']));
};

interface Score {
  readonly operations: readonly number[];
  readonly support: string;
}

/** Listed scores that say something else than the recount. */
export const differingScores = async (
  database: Database,
  zoneId: string,
  { counts }: Recount,
): Promise<string[]> => {
  const rows = (await database.sql(
    `SELECT operations, support FROM newest_scores
     WHERE zone_id = '${zoneId}' AND kind = 'precedence' AND is_listed = 1`,
  )) as unknown as Score[];
  if (rows.length === 0) return ['nothing is listed'];
  const totals = new Map<string, number>();
  for (const [key, n] of counts) {
    const [form, , ids = ''] = key.split(' ');
    if (form === 'collapsed') totals.set(ids, (totals.get(ids) ?? 0) + n);
  }
  return rows
    .filter((row) => Number(row.support) !== totals.get(row.operations.join('>')))
    .map(
      (row) => `${row.operations.join('>')}: ${row.support}, recount ${totals.get(row.operations.join('>'))}`,
    );
};

export const differencesOf = (
  expected: ReadonlyMap<string, number>,
  seen: ReadonlyMap<string, number>,
): string[] =>
  [...new Set([...expected.keys(), ...seen.keys()])]
    .filter((key) => expected.get(key) !== seen.get(key))
    .map((key) => `${key}: recount ${expected.get(key) ?? 0}, stored ${seen.get(key) ?? 0}`);
