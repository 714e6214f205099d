/**
 * The list of sequences with their scores, from the newest complete snapshot of the zone in ClickHouse. Only reads; the
 * marker is read first, so that a list never mixes two snapshots.
 */
import type { ClickHouse } from '@precede/clickhouse';
import {
  formatShortId,
  isOperationId,
  parseShortId,
  type ShortId,
  shortIdOf,
  type ZoneSnapshot,
} from '@precede/contracts';
import { z } from 'zod';
import { timestamp } from './envelope.ts';
import { listing, publishedOrder } from './listing.ts';
import { directionQuery, type Page, pageOf, pageQuery } from './paging.ts';
import { issue, repeated } from './parse.ts';

const share = z
  .string()
  .regex(/^(0(\.\d{1,15})?|1(\.0{1,15})?)$/, 'must be a number from 0 to 1')
  .transform(Number);
const count = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().max(max));

const operation = z.string().transform((text, context): ShortId => {
  const id = text.toLowerCase();
  const short = isOperationId(id) ? shortIdOf(id) : parseShortId(id);
  if (short !== undefined) return short;
  context.addIssue(issue('queryInvalid', 'must be the UUID or the short id of an operation'));
  return z.NEVER;
});

export const sequencesQuery = z.strictObject({
  kind: z.enum(['precedence', 'correlation', 'lookback']).default('precedence'),
  min_support: count(Number.MAX_SAFE_INTEGER).optional(),
  min_score: share.optional(),
  length: count(9).optional(),
  host: repeated(z.string().toLowerCase().max(255)),
  operation: repeated(operation),
  listed: z.enum(['true', 'all']).default('true'),
  order: z.enum(['score', 'support', 'last_support', 'sessions', 'length']).default('score'),
  direction: directionQuery.default('desc'),
  ...pageQuery,
});
export type SequencesQuery = z.infer<typeof sequencesQuery>;

export interface SnapshotMarker {
  readonly computed_ms: number;
  readonly generation: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly cut_count: number;
  readonly min_sessions: number;
}

interface ScoreRow {
  readonly operations: readonly ShortId[];
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly support: number;
  readonly last_support: number;
  readonly sessions: number;
}

interface Named {
  readonly operation_id: string;
  readonly method: string;
  readonly host: string;
  readonly endpoint: string;
}

export const markerSql = `SELECT
  toUnixTimestamp64Milli(computed_at) AS computed_ms,
  generation,
  toUnixTimestamp(window_from) * 1000 AS from_ms,
  toUnixTimestamp64Milli(window_to) AS to_ms,
  positions,
  cut_count,
  min_sessions
FROM newest_snapshots WHERE zone_id = {zone:String}`;

export const newestMarker = async (
  clickhouse: ClickHouse,
  zoneId: string,
): Promise<SnapshotMarker | undefined> =>
  (await clickhouse.query<SnapshotMarker>(markerSql, { zone: zoneId }))[0];

const orderColumns = {
  score: 'score',
  support: 'support',
  last_support: 'last_support',
  sessions: 'sessions',
  length: 'length(operations)',
} as const;

/** SQL after FROM and its parameters; no text of the client's gets into the SQL. */
export const sequencesFilter = (zone: ZoneSnapshot, marker: SnapshotMarker, query: SequencesQuery) => {
  const conditions = [
    '1',
    ...(query.min_score === undefined ? [] : ['score >= {min_score:Float64}']),
    ...(query.length === undefined ? [] : ['length(operations) = {length:UInt8}']),
    ...(query.host === undefined ? [] : ['hasAny(operations, {hosts:Array(UInt32)})']),
    ...(query.operation === undefined ? [] : ['hasAll(operations, {with:Array(UInt32)})']),
  ];
  return {
    sql: `(${listing(query.kind, query.listed, query.min_support)}) WHERE ${conditions.join(' AND ')}`,
    params: {
      zone: zone.zoneId,
      computed: marker.computed_ms,
      generation: marker.generation,
      kind: query.kind,
      min_support: query.min_support ?? 0,
      min_sessions: marker.min_sessions,
      min_score: query.min_score ?? 0,
      length: query.length ?? 0,
      hosts: query.host === undefined ? [] : shortIdsOfHosts(zone, query.host),
      with: query.operation ?? [],
    },
  };
};

const shortIdsOfHosts = (zone: ZoneSnapshot, hosts: readonly string[]): readonly ShortId[] =>
  [...zone.operations.values()].filter((each) => hosts.includes(each.host)).map((each) => each.shortId);

/** Total, so that pages neither overlap nor miss: by the wanted column, then as the published order says. */
const orderBy = ({ order, direction }: SequencesQuery): string =>
  `ORDER BY ${orderColumns[order]} ${direction === 'asc' ? 'ASC' : 'DESC'}, ${publishedOrder}`;

export interface SequenceList {
  readonly items: readonly object[];
  readonly total: number;
  readonly page: Page;
  readonly messages: readonly object[];
}

export const listSequences = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  query: SequencesQuery,
): Promise<SequenceList> => {
  const page = pageOf(query);
  const marker = await newestMarker(clickhouse, zone.zoneId);
  if (marker === undefined)
    return { items: [], total: 0, page, messages: [{ message: 'no scores are computed for this zone yet' }] };
  const { sql, params } = sequencesFilter(zone, marker, query);
  const counted = await clickhouse.query<{ total: number }>(`SELECT count() AS total FROM ${sql}`, params);
  const rows = await clickhouse.query<ScoreRow>(
    `SELECT operations, score, low, high, support, last_support, sessions FROM ${sql} ${orderBy(query)} LIMIT {limit:UInt32} OFFSET {offset:UInt64}`,
    { ...params, limit: page.perPage, offset: (page.page - 1) * page.perPage },
  );
  const names = await namesOf(clickhouse, zone, rows);
  return {
    items: rows.map((row) => sequenceView(query.kind, row, names)),
    total: counted[0]?.total ?? 0,
    page,
    messages: [snapshotMessage(marker)],
  };
};

const snapshotMessage = (marker: SnapshotMarker) => ({
  message: `scores computed at ${timestamp(marker.computed_ms)}`,
  computed_at: timestamp(marker.computed_ms),
  window: { from: timestamp(marker.from_ms), to: timestamp(marker.to_ms) },
  is_exact: marker.cut_count === 0,
});

/** Of the configuration; what was deleted since is asked of ClickHouse, which keeps it for its name. */
const namesOf = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  rows: readonly ScoreRow[],
): Promise<ReadonlyMap<ShortId, Named>> => {
  const names = new Map<ShortId, Named>();
  for (const o of zone.operations.values())
    names.set(o.shortId, {
      operation_id: o.operationId,
      method: o.method,
      host: o.host,
      endpoint: o.endpoint,
    });
  const missing = [...new Set(rows.flatMap((row) => row.operations))].filter((id) => !names.has(id));
  if (missing.length === 0) return names;
  const found = await clickhouse.query<Named & { short_id: ShortId }>(
    'SELECT short_id, toString(operation_id) AS operation_id, method, host, endpoint FROM operations FINAL WHERE zone_id = {zone:String} AND short_id IN {ids:Array(UInt32)}',
    { zone: zone.zoneId, ids: missing },
  );
  for (const { short_id, ...named } of found) names.set(short_id, named);
  return names;
};

const sequenceView = (kind: string, row: ScoreRow, names: ReadonlyMap<ShortId, Named>) => ({
  id: [kind, ...row.operations.map(formatShortId)].join('.'),
  operations: row.operations.map((id) => ({
    ...(names.get(id) ?? { operation_id: null, method: null, host: null, endpoint: null }),
    short_id: formatShortId(id),
  })),
  score: row.score,
  low: row.low,
  high: row.high,
  support: row.support,
  last_support: row.last_support,
  sessions: row.sessions,
});
