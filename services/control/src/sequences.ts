/**
 * The list of sequences with their scores, from the newest complete snapshot of the zone in ClickHouse or the one of a past
 * time. Only reads; the marker is read first, so that a list never mixes two snapshots.
 */
import type { ClickHouse } from '@precede/clickhouse';
import { isOperationId, parseShortId, type ShortId, shortIdOf, type ZoneSnapshot } from '@precede/contracts';
import { z } from 'zod';
import { timestamp } from './envelope.ts';
import { listing, needsUnlisted, publishedOrder } from './listing.ts';
import { directionQuery, type Page, pageOf, pageQuery } from './paging.ts';
import { instant, issue, repeated, wholeNumber } from './parse.ts';
import {
  formatSequenceId,
  type Names,
  namesOf,
  operationOf,
  type ScoreNumbers,
  scoreColumns,
} from './sequence-view.ts';
import {
  expiredText,
  type Kept,
  keptOf,
  markerAt,
  missingText,
  type SnapshotMarker,
  snapshotParams,
  snapshotView,
} from './snapshots.ts';

const share = z
  .string()
  .regex(/^(0(\.\d{1,15})?|1(\.0{1,15})?)$/, 'must be a number from 0 to 1')
  .transform(Number);
const operation = z.string().transform((text, context): ShortId => {
  const id = text.toLowerCase();
  const short = isOperationId(id) ? shortIdOf(id) : parseShortId(id);
  if (short !== undefined) return short;
  context.addIssue(issue('queryInvalid', 'must be the UUID or the short id of an operation'));
  return z.NEVER;
});

export const sequencesQuery = z.strictObject({
  kind: z.enum(['precedence', 'correlation', 'lookback']).default('precedence'),
  min_support: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  min_score: share.optional(),
  length: wholeNumber(0, 9).optional(),
  host: repeated(z.string().toLowerCase().max(255)),
  operation: repeated(operation),
  first_operation: repeated(operation),
  last_operation: repeated(operation),
  at: instant.optional(),
  listed: z.enum(['true', 'all']).default('true'),
  order: z.enum(['score', 'support', 'last_support', 'sessions', 'length']).default('score'),
  direction: directionQuery.default('desc'),
  ...pageQuery,
});
export type SequencesQuery = z.infer<typeof sequencesQuery>;

type ScoreRow = ScoreNumbers & { readonly operations: readonly ShortId[] };

const orderColumns = {
  score: 'score',
  support: 'support',
  last_support: 'last_support',
  sessions: 'sessions',
  length: 'length(operations)',
} as const;

/** SQL after FROM and its parameters; no text of the client's gets into the SQL. */
const sequencesFilter = (
  zone: ZoneSnapshot,
  marker: SnapshotMarker,
  query: SequencesQuery,
  { hasUnlisted }: Kept,
) => {
  const conditions = [
    '1',
    ...(query.min_score === undefined ? [] : ['score >= {min_score:Float64}']),
    ...(query.length === undefined ? [] : ['length(operations) = {length:UInt8}']),
    ...(query.host === undefined ? [] : ['hasAny(operations, {hosts:Array(UInt32)})']),
    ...(query.operation === undefined ? [] : ['hasAll(operations, {with:Array(UInt32)})']),
    ...(query.first_operation === undefined ? [] : ['has({firsts:Array(UInt32)}, operations[1])']),
    ...(query.last_operation === undefined ? [] : ['has({lasts:Array(UInt32)}, operations[-1])']),
  ];
  return {
    sql: `(${listing(query, hasUnlisted)}) WHERE ${conditions.join(' AND ')}`,
    params: {
      ...snapshotParams(zone.zoneId, marker),
      kind: query.kind,
      min_support: query.min_support ?? 0,
      min_sessions: marker.min_sessions,
      min_score: query.min_score ?? 0,
      length: query.length ?? 0,
      hosts: query.host === undefined ? [] : shortIdsOfHosts(zone, query.host),
      with: query.operation ?? [],
      firsts: query.first_operation ?? [],
      lasts: query.last_operation ?? [],
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
  const nothing = (message: string) => ({ items: [], total: 0, page, messages: [{ message }] });
  const marker = await markerAt(clickhouse, zone.zoneId, query.at);
  if (marker === undefined) return nothing(await missingText(clickhouse, zone.zoneId, query.at));
  const kept = await keptOf(clickhouse, zone.zoneId, marker);
  if (!kept.hasListed) return nothing(expiredText(marker));
  const { sql, params } = sequencesFilter(zone, marker, query, kept);
  const counted = await clickhouse.query<{ total: number }>(`SELECT count() AS total FROM ${sql}`, params);
  const rows = await clickhouse.query<ScoreRow>(
    `SELECT operations, ${scoreColumns} FROM ${sql} ${orderBy(query)} LIMIT {limit:UInt32} OFFSET {offset:UInt64}`,
    { ...params, limit: page.perPage, offset: (page.page - 1) * page.perPage },
  );
  const names = await namesOf(
    clickhouse,
    zone,
    rows.flatMap((row) => row.operations),
  );
  return {
    items: rows.map((row) => sequenceView(query, row, names)),
    total: counted[0]?.total ?? 0,
    page,
    messages: messagesOf(marker, query, kept),
  };
};

const messagesOf = (marker: SnapshotMarker, query: SequencesQuery, { hasUnlisted }: Kept) => {
  const told = { ...snapshotView(marker), has_unlisted: hasUnlisted };
  const first = { message: `scores computed at ${timestamp(marker.computed_ms)}`, ...told };
  if (hasUnlisted || !needsUnlisted(query)) return [first];
  const message =
    'the unlisted sequences of these scores are no longer kept (3 hours): only those that the scorer listed are here';
  return [first, { message }];
};

const sequenceView = ({ kind }: SequencesQuery, { operations, ...numbers }: ScoreRow, names: Names) => ({
  id: formatSequenceId({ kind, operations }),
  operations: operations.map((id) => operationOf(names, id)),
  ...numbers,
});
