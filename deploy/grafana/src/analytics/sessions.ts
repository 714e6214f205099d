/** Sessions whose order is unusual, and journeys: how many get how far. */
import type { AnyPanel } from '../kit/panel.ts';
import { sqlLines, sqlTable } from '../kit/sql.ts';
import { range, zone } from './parts.ts';

const share = { unit: 'percentunit', decimals: 1, width: 130, bar: { max: 1 } } as const;

const strange = `SELECT
    last AS "Ended",
    anomaly AS "Strangeness",
    length AS "Requests",
    rarest_from AS "From",
    rarest_to AS "To",
    rarest_probability AS "Probability",
    session_id AS "Session"
FROM strange_sessions(${range})
WHERE steps > 0
ORDER BY anomaly DESC, last DESC
LIMIT 50`;

const strangeness = `SELECT
    $__timeInterval(last) AS bucket,
    quantileExact(0.5)(anomaly) AS median,
    quantileExact(0.99)(anomaly) AS p99
FROM sessions
WHERE zone_id = ${zone} AND $__timeFilter(last) AND model_at > toDateTime64(0, 3, 'UTC')
GROUP BY bucket
ORDER BY bucket`;

const windows = `SELECT $__timeInterval(last) AS bucket, uniqExact((topic, partition, offset)) AS windows
FROM sessions
WHERE zone_id = ${zone} AND $__timeFilter(last)
GROUP BY bucket
ORDER BY bucket`;

const steps = '[${step1:sqlstring}, ${step2:sqlstring}, ${step3:sqlstring}]';

const funnel = `SELECT
    step AS "Step", name AS "Operation", windows AS "Windows",
    share_of_first AS "Of the first", share_of_previous AS "Of the one before"
FROM funnel(${range}, seconds = \${within}, steps = ${steps})
ORDER BY step`;

const nextSteps = `SELECT
    end AS "Then", transitions AS "Times", share AS "Share",
    dwell_p50_ms AS "Median", dwell_p95_ms AS "p95", sessions AS "Sessions"
FROM transitions(${range})
WHERE start = \${step1:sqlstring}
ORDER BY transitions DESC, end
LIMIT 50`;

const dropOffs = `SELECT
    last_name AS "Stopped at", windows AS "Windows", share AS "Share",
    sessions AS "Sessions", median_requests AS "Median requests"
FROM drop_offs(${range}, goal = \${step3:sqlstring})
ORDER BY windows DESC, last_name
LIMIT 50`;

export const sessions: readonly AnyPanel[] = [
  sqlTable({
    title: 'Strangest sessions',
    says: 'Session windows whose order is the least usual first, with the step that hardly anybody takes. Strangeness says how much the order speaks against the session: look at the first ten, then at the operation in To. New operations are strange for a day.',
    unit: 'short',
    span: 24,
    sql: strange,
    columns: [
      { title: 'Ended', unit: 'dateTimeAsIso', width: 180 },
      { title: 'Strangeness', decimals: 1, width: 110 },
      { title: 'Requests', width: 90 },
      { title: 'Probability', unit: 'percentunit', decimals: 2, width: 110 },
      { title: 'Session', width: 280 },
    ],
  }),
  sqlLines({
    title: 'Strangeness over time',
    says: 'Median and 99th percentile over the session windows. p99 up alone: few sessions do something new. Both up: a new release of a client, or the API has changed.',
    unit: 'short',
    span: 12,
    sql: strangeness,
  }),
  sqlLines({
    title: 'Session windows over time',
    says: 'Session windows that ended. Far more than usual: a scanner, or a session identifier that changes with every request.',
    unit: 'short',
    span: 12,
    bars: true,
    sql: windows,
  }),
];

export const journeys: readonly AnyPanel[] = [
  sqlTable({
    title: 'Journey',
    says: 'How many session windows get how far through the steps chosen above, in this order, with anything between, within the time chosen above of the first step.',
    unit: 'short',
    span: 8,
    sql: funnel,
    columns: [
      { title: 'Step', width: 60 },
      { title: 'Windows', width: 90 },
      { title: 'Of the first', ...share },
      { title: 'Of the one before', ...share },
    ],
  }),
  sqlTable({
    title: 'From the first step, where to',
    says: 'Direct steps away from the first step of the journey, and how long clients stay before them. A person reads, a script does not: look for small medians.',
    unit: 'short',
    span: 8,
    sql: nextSteps,
    columns: [
      { title: 'Times', width: 80 },
      { title: 'Share', ...share },
      { title: 'Median', unit: 'ms', width: 90 },
      { title: 'p95', unit: 'ms', width: 90 },
      { title: 'Sessions', width: 90 },
    ],
  }),
  sqlTable({
    title: 'Where those stop that never reach the last step',
    says: 'The last operation of session windows that do not hold the last step of the journey.',
    unit: 'short',
    span: 8,
    sql: dropOffs,
    columns: [
      { title: 'Windows', width: 90 },
      { title: 'Share', ...share },
      { title: 'Sessions', width: 90 },
      { title: 'Median requests', width: 130 },
    ],
  }),
];
