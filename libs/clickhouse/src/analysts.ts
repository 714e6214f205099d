/**
 * Analysts of one zone. Row policies alone do not keep tenants apart: mergeTreeIndex() shows keys of every zone to who may
 * read the table. So an analyst may read no table at all, only the zone's room: a database of views that run as the zone's
 * door, a user nobody can log in as, to whom row policies show that zone and nothing else. Pure text; docs/operations.md.
 */
import { InputError } from '@precede/contracts';
import { localName, onCluster } from './cluster-ddl.ts';
import type { Relation } from './schema.ts';

export interface Analyst {
  readonly name: string;
  readonly zoneId: string;
}

export interface Room {
  readonly database: string;
  readonly zoneId: string;
  /** Empty: one server. */
  readonly cluster: string;
}

const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const TAKEN = new Set(['precede', 'analyst', 'default']);

/** Throws InputError. A name is also a file and a part of XML, so it is kept plain. */
export function checkAnalyst({ name, zoneId }: Analyst): void {
  if (!NAME.test(name) || TAKEN.has(name) || name.includes('_zone_'))
    throw new InputError(
      '/name',
      `${JSON.stringify(name)} is no name for an analyst: 1 to 32 of a-z, 0-9, _ and -, beginning with a letter, and none of ${[...TAKEN].join(', ')}`,
    );
  if (!/^[0-9a-f]{32}$/.test(zoneId))
    throw new InputError('/zone', `${JSON.stringify(zoneId)} is no id of a zone`);
}

/** The room and its door have one name. */
export const roomName = ({ database, zoneId }: Pick<Room, 'database' | 'zoneId'>): string =>
  `${database}_zone_${zoneId}`;
export const policyOf = (zoneId: string): string => `zone_id = '${zoneId}'`;

/** Upper bounds of one analyst; each may ask for less, none for more or for no bound (0). */
export const LIMITS: Readonly<Record<string, number>> = {
  max_execution_time: 60,
  max_memory_usage: 1024 ** 3,
  max_memory_usage_for_user: 1024 ** 3,
  max_result_rows: 1_000_000,
  max_result_bytes: 256 * 1024 ** 2,
  max_concurrent_queries_for_user: 4,
};
/** What would turn a bound into a hint. */
export const FIXED: Readonly<Record<string, string>> = {
  result_overflow_mode: 'throw',
  timeout_overflow_mode: 'throw',
};

function select(room: Room, { name, isReplacing, parameters }: Relation): string {
  const from = `${room.database}.${name}`;
  if (parameters.size === 0)
    return `SELECT * FROM ${from}${isReplacing ? ' FINAL' : ''} WHERE ${policyOf(room.zoneId)}`;
  const values = [...parameters].map(([parameter, type]) => `${parameter} = {${parameter}:${type}}`);
  return `SELECT * FROM ${from}(${values.join(', ')})`;
}

/** Makes the room or brings it up to date. The door must be there. */
export function roomStatements(room: Room, relations: readonly Relation[]): string[] {
  const name = roomName(room);
  const on = onCluster(room.cluster);
  return [
    `CREATE DATABASE IF NOT EXISTS ${name}${on}`,
    ...relations.map(
      (relation) =>
        `CREATE OR REPLACE VIEW ${name}.${relation.name}${on} DEFINER = ${name} SQL SECURITY DEFINER AS ${select(room, relation)}` +
        (relation.comment === undefined ? '' : ` COMMENT ${relation.comment}`),
    ),
  ];
}

/** What the door may do, without `TO` it. */
export const doorGrants = (room: Room, relations: readonly Relation[]): string[] =>
  relations.flatMap((relation) => [
    ...stored(room, relation).map((name) => `GRANT SELECT ON ${room.database}.${name}`),
    ...(relation.kind === 'dictionary' ? [`GRANT dictGet ON ${room.database}.${relation.name}`] : []),
  ]);

/** Under which names the relation is in the database; a view with parameters has no local one. */
const stored = ({ cluster }: Room, { name, kind, parameters }: Relation): string[] =>
  cluster === '' || kind === 'dictionary' || parameters.size > 0 ? [name] : [name, localName(name)];

/** What has rows of its own, hence a policy: the views read these. */
export const policed = (room: Room, relations: readonly Relation[]): string[] =>
  relations.filter(({ kind }) => kind !== 'view').flatMap((relation) => stored(room, relation));
