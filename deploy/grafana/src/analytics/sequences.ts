/** The sequences that stand out now, and one of them over time. */
import type { Column } from '../kit/columns.ts';
import type { AnyPanel } from '../kit/panel.ts';
import { sqlLines, sqlTable } from '../kit/sql.ts';
import { range, zone } from './parts.ts';

const columns: readonly Column[] = [
  {
    title: 'Sequence',
    link: {
      title: 'Its history',
      url: '/d/precede-analytics?${__url_time_range}&${clickhouse:queryparam}&${zone:queryparam}&${kind:queryparam}&var-sequence=${__value.text:percentencode}',
    },
  },
  { title: 'Score', unit: 'percentunit', decimals: 1, width: 140, bar: { max: 1 } },
  { title: 'At least', unit: 'percentunit', decimals: 1, width: 90 },
  { title: 'Support', unit: 'short', width: 90 },
  { title: 'Of', unit: 'short', width: 90 },
  { title: 'Sessions', unit: 'short', width: 90 },
];

const top = (order: string): string => `SELECT
    sequence AS "Sequence", score AS "Score", low AS "At least",
    support AS "Support", last_support AS "Of", sessions AS "Sessions"
FROM top_sequences
WHERE zone_id = ${zone} AND kind = \${kind:sqlstring}
ORDER BY ${order}, sequence
LIMIT 50`;

/** One row a time: a snapshot that was computed anew at the same time counts by its last generation. */
const history = (...names: readonly string[]): string => `SELECT
    computed_at AS time,
    ${names.map((name) => `argMax(h.${name}, h.generation) AS ${name}`).join(',\n    ')}
FROM score_history(${range}) AS h
WHERE kind = \${kind:sqlstring} AND sequence = \${sequence:sqlstring}
GROUP BY time
ORDER BY time`;

export const sequences: readonly AnyPanel[] = [
  sqlTable({
    title: 'Highest scores of the last 24 hours',
    says: 'Of the requests of the last operation, the score is the share that came directly after the others (precedence); for correlation how much more often than by chance; for lookback what an allow rule would let pass. "At least" is the lower end of its 99 % interval: few requests make it low. A click shows the history below.',
    unit: 'short',
    span: 12,
    sql: top('score DESC, support DESC'),
    columns,
  }),
  sqlTable({
    title: 'Most frequent of the last 24 hours',
    says: 'The same sequences by how often they occurred. Many occurrences and a low score: the last operation is reached on other ways too, a rule of it would deny those.',
    unit: 'short',
    span: 12,
    sql: top('support DESC, score DESC'),
    columns,
  }),
  sqlLines({
    title: 'Score of the chosen sequence',
    says: 'Each time it was computed, with its 99 % interval. Falling: clients have found another way, or an attacker has. Rising: a new release of a client. Gaps: it was not listed then.',
    unit: 'percentunit',
    span: 12,
    max: 1,
    colors: { score: 'blue', low: 'light-blue', high: 'light-blue' },
    sql: history('score', 'low', 'high'),
  }),
  sqlLines({
    title: 'Support of the chosen sequence',
    says: 'How often it occurred within the 24 hours before, and how often its last operation did. Both fall together: less traffic. support alone falls: the order has changed.',
    unit: 'short',
    span: 12,
    sql: history('support', 'last_support'),
  }),
];
