/** The SQL that makes an analyst of one zone on a server of one's own. Text only. */
import {
  doorGrants,
  FIXED,
  LIMITS,
  policed,
  policyOf,
  type Room,
  roomName,
  roomStatements,
} from './analysts.ts';
import { onCluster } from './cluster-ddl.ts';
import type { Relation } from './schema.ts';

/** Has every door, so that the services' users can be all others. */
const DOORS = 'precede_zone_door';
const PROFILE = 'precede_zone_analyst';

const settings = (): string =>
  [
    'readonly = 2',
    'cancel_http_readonly_queries_on_client_close = 1',
    ...Object.entries(LIMITS).map(([name, max]) => `${name} = ${max} MIN 1 MAX ${max}`),
    ...Object.entries(FIXED).map(([name, value]) => `${name} = '${value}' READONLY`),
  ].join(', ');

/** Without the second policy a server with users_without_row_policies_can_read_rows = 0 would hide all rows from the services. */
function policies(room: Room, table: string): string[] {
  const door = roomName(room);
  const on = onCluster(room.cluster);
  const place = `ON ${room.database}.${table}`;
  return [
    `CREATE ROW POLICY OR REPLACE precede_services${on} ${place} USING 1 TO ALL EXCEPT ${DOORS}`,
    `CREATE ROW POLICY OR REPLACE ${door}${on} ${place} USING ${policyOf(room.zoneId)} TO ${door}`,
  ];
}

/** In order; each may be repeated. Whoever runs them needs access management and SET DEFINER. */
export function analystStatements(
  room: Room,
  name: string,
  passwordSha256: string,
  relations: readonly Relation[],
): string[] {
  const door = roomName(room);
  const on = onCluster(room.cluster);
  return [
    `CREATE ROLE IF NOT EXISTS ${DOORS}${on}`,
    `CREATE USER IF NOT EXISTS ${door}${on} HOST NONE`,
    `GRANT${on} ${DOORS} TO ${door}`,
    ...policed(room, relations).flatMap((table) => policies(room, table)),
    ...doorGrants(room, relations).map((grant) => `${grant.replace('GRANT', `GRANT${on}`)} TO ${door}`),
    ...roomStatements(room, relations),
    `CREATE SETTINGS PROFILE OR REPLACE ${PROFILE}${on} SETTINGS ${settings()}`,
    `CREATE USER OR REPLACE \`${name}\`${on} IDENTIFIED WITH sha256_hash BY '${passwordSha256}' DEFAULT DATABASE ${door} SETTINGS PROFILE ${PROFILE}`,
    `GRANT${on} SELECT ON ${door}.* TO \`${name}\``,
  ];
}
