/** An analyst on a server of one's own: as SQL to read and run by hand, or run over a connection. */
import { createHash } from 'node:crypto';
import { analystStatements } from './analyst-sql.ts';
import { type Analyst, checkAnalyst, type Room } from './analysts.ts';
import type { ClickHouse } from './client.ts';
import { packageStatements } from './migration-files.ts';
import { zonedRelations } from './schema.ts';

type Place = Pick<Room, 'database' | 'cluster'>;

/** The password appears as its hash alone. Throws InputError for a wrong name or zone. */
export function printAnalyst(place: Place, analyst: Analyst, password: string): string[] {
  checkAnalyst(analyst);
  const hash = createHash('sha256').update(password).digest('hex');
  const room = { ...place, zoneId: analyst.zoneId };
  return analystStatements(room, analyst.name, hash, zonedRelations(packageStatements()));
}

/** Each statement may be repeated, so one that failed half way is run again. */
export async function applyAnalyst(clickhouse: ClickHouse, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await clickhouse.command(statement);
}
