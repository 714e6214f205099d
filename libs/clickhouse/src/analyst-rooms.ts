/** Brings the rooms of an embedded server's analysts up to date: after its start, once the tables are there. */
import { analystZones, readAnalysts } from './analyst-files.ts';
import { roomName, roomStatements } from './analysts.ts';
import type { ClickHouse } from './client.ts';
import { packageStatements } from './migration-files.ts';
import { type Relation, zonedRelations } from './schema.ts';

/** Data that an older version has left may lack the newest ones. */
async function relationsIn(clickhouse: ClickHouse): Promise<Relation[]> {
  const rows = await clickhouse.query<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase()',
  );
  const present = new Set(rows.map(({ name }) => name));
  return zonedRelations(packageStatements()).filter(({ name }) => present.has(name));
}

/**
 * Views of the tables and views of this version; rooms of zones that have no analyst any more go. Repeatable. The engine must
 * have been started with the analysts as they are in `dir` now.
 */
export async function openRooms(clickhouse: ClickHouse, dir: string): Promise<void> {
  const { database } = clickhouse;
  const zones = analystZones(readAnalysts(dir));
  const wanted = zones.map((zoneId) => ({ database, zoneId, cluster: '' }));
  const relations = zones.length === 0 ? [] : await relationsIn(clickhouse);
  for (const room of wanted)
    for (const statement of roomStatements(room, relations)) await clickhouse.command(statement);
  const names = new Set(wanted.map(roomName));
  const present = await clickhouse.query<{ name: string }>(
    'SELECT name FROM system.databases WHERE startsWith(name, {prefix:String})',
    { prefix: roomName({ database, zoneId: '' }) },
  );
  for (const { name } of present)
    if (!names.has(name)) await clickhouse.command(`DROP DATABASE ${name} SYNC`);
}
