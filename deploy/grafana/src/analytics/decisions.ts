/** What the rules deny, whom, and what would have let it pass. Allows are stored by sample only and are left out. */
import type { AnyPanel } from '../kit/panel.ts';
import { sqlLines, sqlTable } from '../kit/sql.ts';
import { denials, ruleNames, zone } from './parts.ts';

const overTime = (label: string, expression: string, join = ''): string => `SELECT
    $__timeInterval(time) AS bucket,
    ${expression} AS ${label},
    uniqExact(decision_id) AS decisions
FROM decisions AS d${join}
WHERE ${denials}
GROUP BY bucket, ${label}
ORDER BY bucket, ${label}`;

const byRule = `
LEFT ANY JOIN
(
${ruleNames}
) AS r ON d.rule_id = r.rule_id`;

/** A request that matched no saved operation is told by its method and host. */
const operationNames = `
LEFT ANY JOIN
(
    SELECT short_id, concat(method, ' ', host, endpoint) AS name FROM operations WHERE zone_id = ${zone}
) AS o ON d.operation = o.short_id`;
const operation = "if(o.name = '', concat(d.method, ' ', d.host, ' (no saved operation)'), o.name)";

/** The short id of an operation is the first part of its id; a computed column of the table that a view need not have. */
const decisionsWithOperation = `(
    SELECT *, reinterpretAsUInt32(reverse(unhex(leftPad(substring(operation_id, 1, 8), 8, '0')))) AS operation
    FROM decisions
    WHERE ${denials}
) AS d`;

const deniedOperations = `SELECT
    ${operation} AS "Operation",
    verdict AS "Verdict",
    uniqExact(decision_id) AS "Requests",
    uniqExactIf(session_id, session_id != '') AS "Sessions",
    max(time) AS "Last"
FROM ${decisionsWithOperation}${operationNames}
GROUP BY "Operation", "Verdict"
ORDER BY "Requests" DESC, "Operation", "Verdict"
LIMIT 100`;

const receipts = `SELECT
    time AS "Time",
    verdict AS "Verdict",
    action AS "Action",
    ${operation} AS "Operation",
    if(r.rule = '', d.rule_id, r.rule) AS "Rule",
    reason AS "Why",
    remedy AS "What would have let it pass",
    session_id AS "Session",
    toString(decision_id) AS "Decision"
FROM ${decisionsWithOperation}${operationNames}${byRule}
ORDER BY time DESC
LIMIT 1 BY decision_id
LIMIT 100`;

export const decisions: readonly AnyPanel[] = [
  sqlLines({
    title: 'Decisions by action',
    says: 'What was done, or would have been: block, limit, redirect, log. A step up at one moment is a new rule or a new release of a client; the marks are changes of the configuration.',
    unit: 'short',
    span: 12,
    stacked: true,
    bars: true,
    label: 'action',
    colors: { block: 'red', log: 'orange', limit: 'purple', redirect: 'blue' },
    sql: overTime('action', "concat(verdict, if(action IN ('', verdict), '', concat(', ', action)))"),
  }),
  sqlLines({
    title: 'Decisions by rule',
    says: 'Which rule decided, by its title or description. A rule that denies more than you meant: set it to log, then look at its receipts below.',
    unit: 'short',
    span: 12,
    stacked: true,
    bars: true,
    label: 'rule',
    sql: overTime('rule', "if(r.rule = '', if(d.rule_id = '', 'no rule', d.rule_id), r.rule)", byRule),
  }),
  sqlTable({
    title: 'Denied operations',
    says: 'The operations most often denied, or logged. Many sessions: customers are hurt, or a rule is too narrow. One session: somebody tries.',
    unit: 'short',
    span: 24,
    sql: deniedOperations,
    columns: [
      { title: 'Verdict', width: 90 },
      { title: 'Requests', width: 110 },
      { title: 'Sessions', width: 110 },
      { title: 'Last', unit: 'dateTimeAsIso', width: 180 },
    ],
  }),
  sqlTable({
    title: 'Last denials',
    says: 'Single decisions, the newest first: why, and what would have let the request pass. The decision id is in the answer that the client got.',
    unit: 'short',
    span: 24,
    sql: receipts,
    columns: [
      { title: 'Time', unit: 'dateTimeAsIso', width: 180 },
      { title: 'Verdict', width: 80 },
      { title: 'Action', width: 80 },
    ],
    runbook: ['First aid'],
  }),
];
