/**
 * One decision, explained: the operations it saw by name with their times, the rule and whether it is still there, how its
 * expression came to its value, and what would have let the request pass.
 */
import type { ClickHouse } from '@precede/clickhouse';
import type { ShortId, ZoneSnapshot } from '@precede/contracts';
import { type DecisionRow, decisionColumns, decisionView, momentSql } from './decisions.ts';
import { timestamp } from './envelope.ts';
import { type Names, namesOf, operationOf } from './sequence-view.ts';

interface ReceiptRow extends DecisionRow {
  readonly lookback: readonly ShortId[];
  readonly lookback_ms: readonly number[];
  readonly raw: readonly ShortId[];
  readonly raw_ms: readonly number[];
  readonly rules: readonly string[];
  readonly trace: string;
  readonly remedy: string;
  readonly trace_id: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isDecisionId = (text: string): boolean => uuid.test(text);

/** The time that a UUIDv7 begins with (RFC 9562, 5.7) is that of its decision: rows are sorted by it. */
const timeOf = (decisionId: string): number =>
  Number.parseInt(decisionId.slice(0, 8) + decisionId.slice(9, 13), 16);
const slackMs = 60_000;

const times = (column: string): string => `arrayMap(t -> toUnixTimestamp64Milli(t), ${column})`;

const receiptSql = `SELECT ${decisionColumns}, lookback, ${times('lookback_times')} AS lookback_ms,
  raw, ${times('raw_times')} AS raw_ms, rules, trace, remedy, trace_id
  FROM decisions
  WHERE zone_id = {zone:String} AND time >= ${momentSql('from')} AND time <= ${momentSql('to')}
    AND decisions.decision_id = {id:UUID}
  LIMIT 1`;

/** Undefined: no such decision is kept of this zone. */
export const readReceipt = async (
  clickhouse: ClickHouse,
  zone: ZoneSnapshot,
  decisionId: string,
): Promise<object | undefined> => {
  const time = timeOf(decisionId);
  const params = { zone: zone.zoneId, id: decisionId, from: time - slackMs, to: time + slackMs };
  const [row] = await clickhouse.query<ReceiptRow>(receiptSql, params);
  if (row === undefined) return undefined;
  const names = await namesOf(clickhouse, zone, [...row.lookback, ...row.raw]);
  return receiptView(zone, row, names);
};

const receiptView = (zone: ZoneSnapshot, row: ReceiptRow, names: Names) => ({
  ...decisionView(row),
  operation: operationView(zone, row.operation_id),
  rule: ruleView(zone, row),
  lookback: seenView(row.lookback, row.lookback_ms, row.time_ms, names),
  raw: seenView(row.raw, row.raw_ms, row.time_ms, names),
  rules: row.rules.map(matchView),
  trace: row.trace === '' ? [] : row.trace.split('\n'),
  remedy: row.remedy === '' ? null : row.remedy,
  trace_id: row.trace_id === '' ? null : row.trace_id,
});

/** Null where none matched, or the one that did is deleted. */
const operationView = (zone: ZoneSnapshot, id: string) => {
  const operation = [...zone.operations.values()].find((each) => each.operationId === id);
  if (operation === undefined) return null;
  const { method, host, endpoint } = operation;
  return { operation_id: id, method, host, endpoint };
};

/** Oldest first. */
const seenView = (ids: readonly ShortId[], seenMs: readonly number[], timeMs: number, names: Names) =>
  ids.map((id, i) => {
    const at = seenMs[i] ?? timeMs;
    return { ...operationOf(names, id), time: timestamp(at), msec_before: timeMs - at };
  });

const ruleView = (zone: ZoneSnapshot, row: ReceiptRow) => {
  if (row.rule_id === '') return null;
  const sequence = zone.rules.find((rule) => rule.ruleId === row.rule_id);
  const expression = zone.expressionRules.find((rule) => rule.ruleId === row.rule_id);
  const now = sequence ?? expression;
  return {
    id: row.rule_id,
    source: row.rule_source,
    name: sequence?.title ?? expression?.description ?? null,
    /** `changed` since, so that what it says now may not be what decided. */
    state: now === undefined ? 'gone' : now.lastUpdatedMs > row.time_ms ? 'changed' : 'present',
  };
};

/** `source/rule id/what it did or would do`. */
const matchView = (text: string) => {
  const [source = '', ruleId = '', ...action] = text.split('/');
  return { source, rule_id: ruleId, action: action.join('/') };
};
