/** Decisions of the enforcers as a list, newest first: filters as SQL with parameters, of a bounded span of time. */
import type { ClickHouse } from '@precede/clickhouse';
import {
  DecidedAction,
  isOperationId,
  isRuleId,
  isSessionId,
  parseShortId,
  Verdict,
  type ZoneSnapshot,
} from '@precede/contracts';
import { z } from 'zod';
import { timestamp } from './envelope.ts';
import { type Page, pageOf, pageQuery } from './paging.ts';
import { instant, repeated } from './parse.ts';

const day = 24 * 3_600_000;

const lower = z.string().toLowerCase();
export const decisionsQuery = z.strictObject({
  verdict: repeated(z.enum(Verdict)),
  action: repeated(z.enum(DecidedAction)),
  rule_id: repeated(lower.refine(isRuleId, 'must be the UUID of a rule')),
  operation: repeated(
    lower.refine(
      (text) => isOperationId(text) || parseShortId(text) !== undefined,
      'must be the UUID or the short id of an operation',
    ),
  ),
  session: lower.refine(isSessionId, 'must be the 32 hex digits of a session id').optional(),
  since: instant.optional(),
  before: instant.optional(),
  ...pageQuery,
});
export type DecisionsQuery = z.infer<typeof decisionsQuery>;

export interface DecisionRow {
  readonly decision_id: string;
  readonly time_ms: number;
  readonly verdict: string;
  readonly action: string;
  readonly rule_id: string;
  readonly rule_source: string;
  readonly status: number;
  readonly reason: string;
  readonly session_id: string;
  readonly operation_id: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly revision: number;
}

export const decisionColumns = `toString(decision_id) AS decision_id, toUnixTimestamp64Milli(time) AS time_ms, verdict, action,
  rule_id, rule_source, status, reason, session_id, operation_id, method, host, path, revision`;

/** A time of a query, as the columns have it. */
export const momentSql = (name: string): string => `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`;

const conditionsOf = (query: DecisionsQuery): readonly string[] => [
  'zone_id = {zone:String}',
  `time >= ${momentSql('since')}`,
  `time < ${momentSql('before')}`,
  ...(query.verdict === undefined ? [] : ['verdict IN {verdicts:Array(String)}']),
  ...(query.action === undefined ? [] : ['action IN {actions:Array(String)}']),
  ...(query.rule_id === undefined ? [] : ['rule_id IN {rules:Array(String)}']),
  // A short id is how a UUID begins.
  ...(query.operation === undefined
    ? []
    : [
        '(operation_id IN {operations:Array(String)} OR left(operation_id, 8) IN {operations:Array(String)})',
      ]),
  ...(query.session === undefined ? [] : ['session_id = {session:String}']),
];

export interface RowPage<T> {
  readonly items: readonly T[];
  readonly page: Page;
  readonly total: number;
}

/** Of the last 24 hours where `since` does not say otherwise, so that a question without filters stays cheap. */
export const listDecisions = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  query: DecisionsQuery,
  nowMs: number,
): Promise<RowPage<object>> => {
  const page = pageOf(query);
  const before = query.before ?? nowMs + day;
  const from = `FROM decisions FINAL WHERE ${conditionsOf(query).join(' AND ')}`;
  const params = {
    zone: zone.zoneId,
    since: query.since ?? Math.min(before, nowMs) - day,
    before,
    verdicts: query.verdict ?? [],
    actions: query.action ?? [],
    rules: query.rule_id ?? [],
    operations: query.operation ?? [],
    session: query.session ?? '',
  };
  const [counted] = await clickhouse.query<{ total: number }>(`SELECT count() AS total ${from}`, params);
  const rows = await clickhouse.query<DecisionRow>(
    `SELECT ${decisionColumns} ${from} ORDER BY time DESC, decisions.decision_id DESC LIMIT {limit:UInt32} OFFSET {offset:UInt64}`,
    { ...params, limit: page.perPage, offset: (page.page - 1) * page.perPage },
  );
  return { items: rows.map(decisionView), page, total: counted?.total ?? 0 };
};

const orNull = (text: string): string | null => (text === '' ? null : text);

export const decisionView = (row: DecisionRow) => ({
  id: row.decision_id,
  time: timestamp(row.time_ms),
  verdict: row.verdict,
  action: orNull(row.action),
  rule_id: orNull(row.rule_id),
  rule_source: orNull(row.rule_source),
  status: row.status === 0 ? null : row.status,
  reason: row.reason,
  session_id: orNull(row.session_id),
  operation_id: orNull(row.operation_id),
  request: { method: row.method, host: row.host, path: row.path },
  revision: row.revision,
});
