/** Who changed what of a zone, newest first, as the scorer has stored it from audit.v1. */
import type { ClickHouse } from '@precede/clickhouse';
import { AuditAction, type ConfigKind, type ZoneId } from '@precede/contracts';
import { z } from 'zod';
import { momentSql, type RowPage } from './decisions.ts';
import { timestamp } from './envelope.ts';
import { pageOf, pageQuery } from './paging.ts';
import { instant, repeated } from './parse.ts';

const resources = [
  'operation',
  'session_identifiers',
  'sequence_rule',
  'expression_rule',
  'phase',
  'named_list',
  'token_configuration',
  'zone',
] as const satisfies readonly ConfigKind[];

export const auditQuery = z.strictObject({
  actor: repeated(z.string().max(256)),
  resource: repeated(z.enum(resources)),
  resource_id: repeated(z.string().max(256)),
  action: repeated(z.enum(AuditAction)),
  since: instant.optional(),
  before: instant.optional(),
  ...pageQuery,
});
export type AuditQuery = z.infer<typeof auditQuery>;

interface AuditRow {
  readonly time_ms: number;
  readonly revision: number;
  readonly place: number;
  readonly actor: string;
  readonly resource: string;
  readonly resource_id: string;
  readonly action: string;
  readonly before_json: string;
  readonly after_json: string;
}

const columns = `toUnixTimestamp64Milli(time) AS time_ms, revision, place, actor, resource, resource_id, action,
  before AS before_json, after AS after_json`;

const conditionsOf = (query: AuditQuery): readonly string[] => [
  'zone_id = {zone:String}',
  ...(query.since === undefined ? [] : [`time >= ${momentSql('since')}`]),
  ...(query.before === undefined ? [] : [`time < ${momentSql('until')}`]),
  ...(query.actor === undefined ? [] : ['actor IN {actors:Array(String)}']),
  ...(query.resource === undefined ? [] : ['resource IN {resources:Array(String)}']),
  ...(query.resource_id === undefined ? [] : ['resource_id IN {ids:Array(String)}']),
  ...(query.action === undefined ? [] : ['action IN {actions:Array(String)}']),
];

export const listAudit = async (
  clickhouse: ClickHouse,
  zoneId: ZoneId,
  query: AuditQuery,
): Promise<RowPage<object>> => {
  const page = pageOf(query);
  const from = `FROM audit FINAL WHERE ${conditionsOf(query).join(' AND ')}`;
  const params = {
    zone: zoneId,
    since: query.since ?? 0,
    until: query.before ?? 0,
    actors: query.actor ?? [],
    resources: query.resource ?? [],
    ids: query.resource_id ?? [],
    actions: query.action ?? [],
  };
  const [counted] = await clickhouse.query<{ total: number }>(`SELECT count() AS total ${from}`, params);
  const rows = await clickhouse.query<AuditRow>(
    `SELECT ${columns} ${from} ORDER BY time DESC, revision DESC, place LIMIT {limit:UInt32} OFFSET {offset:UInt64}`,
    { ...params, limit: page.perPage, offset: (page.page - 1) * page.perPage },
  );
  return { items: rows.map(auditView), page, total: counted?.total ?? 0 };
};

const thing = (json: string): unknown => (json === '' ? null : JSON.parse(json));

const auditView = (row: AuditRow) => ({
  id: `${row.revision}-${row.place}`,
  time: timestamp(row.time_ms),
  actor: row.actor,
  revision: row.revision,
  resource: { type: row.resource, id: row.resource_id },
  action: row.action,
  before: thing(row.before_json),
  after: thing(row.after_json),
});
