/** First row: of when the scores are, how whole they are, how much was seen and denied. */
import type { AnyPanel } from '../kit/panel.ts';
import { sqlNumber } from '../kit/sql.ts';
import { zone } from './parts.ts';

const snapshot = (column: string): string => `SELECT ${column} FROM newest_snapshots WHERE zone_id = ${zone}`;
const inRange = (column: string, table: string, time: string): string =>
  `SELECT ${column} FROM ${table} WHERE zone_id = ${zone} AND $__timeFilter(${time})`;

export const now: readonly AnyPanel[] = [
  sqlNumber({
    title: 'Age of the scores',
    says: 'Since the scores of this zone were computed. With traffic they are a minute old, without it at most an hour. Older: the scorer or ClickHouse, see the scorer dashboard.',
    unit: 's',
    span: 4,
    levels: { warn: 3_900, bad: 7_800 },
    sql: snapshot("dateDiff('second', computed_at, now64(3)) AS age"),
    runbook: ['First aid'],
  }),
  sqlNumber({
    title: 'Sequences listed',
    says: 'Sequences with enough support within the last 24 hours. 0: less than 10 occurrences in 5 sessions of anything, or nothing is matched; precede doctor says which.',
    unit: 'short',
    span: 4,
    sql: snapshot('listed_count'),
    runbook: ['First aid'],
  }),
  sqlNumber({
    title: 'Counts may be short by',
    says: '0: the scores are exact. Else rare sequences were given up for memory, and no count is short by more than this.',
    unit: 'short',
    span: 4,
    levels: { warn: 1 },
    sql: snapshot('max_undercount'),
  }),
  sqlNumber({
    title: 'Session windows',
    says: 'Session windows that ended within the range of this page.',
    unit: 'short',
    span: 4,
    sql: inRange('uniqExact((topic, partition, offset)) AS windows', 'sessions', 'last'),
  }),
  sqlNumber({
    title: 'Requests denied',
    says: 'Decisions to block within the range of this page. What would have been blocked in log-only mode is not among them.',
    unit: 'short',
    span: 4,
    sql: inRange("uniqExactIf(decision_id, verdict = 'block') AS denied", 'decisions', 'time'),
  }),
  sqlNumber({
    title: 'Sessions denied',
    says: 'Different sessions among them. Many requests of few sessions: a script. Few requests of many sessions: a rule that hurts customers.',
    unit: 'short',
    span: 4,
    sql: inRange(
      "uniqExactIf(session_id, verdict = 'block' AND session_id != '') AS sessions",
      'decisions',
      'time',
    ),
  }),
];
