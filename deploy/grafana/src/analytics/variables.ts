/** What an analyst chooses: the zone, a kind of score, one sequence, the steps of a journey. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { CustomVariableBuilder, type VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { clickhouseVariable, sqlVariable } from '../kit/variables.ts';
import { range } from './parts.ts';

/** A zone that was renamed or deleted has several rows: the last of them counts. */
const zones = `SELECT zone_id, argMax(name, revision) AS name
FROM zones
GROUP BY zone_id
HAVING argMax(is_deleted, revision) = 0
ORDER BY name`;

const sequences = `SELECT sequence
FROM score_history(${range})
WHERE kind = \${kind:sqlstring}
GROUP BY sequence
ORDER BY max(score) DESC, sequence
LIMIT 500`;

const firstSteps = `SELECT name FROM first_last_operations(${range}) ORDER BY first_in DESC, name LIMIT 500`;

/** Where clients went most often from the step before, then all others; what was chosen already is not offered again. */
const nextSteps = (before: string, chosen: readonly string[]): string => `SELECT o.name AS name
FROM first_last_operations(${range}) AS o
LEFT ANY JOIN
(
    SELECT end, transitions FROM transitions(${range}) WHERE start = \${${before}:sqlstring}
) AS t ON o.name = t.end
WHERE o.name NOT IN (${chosen.map((name) => `\${${name}:sqlstring}`).join(', ')})
ORDER BY t.transitions DESC, o.windows DESC, name
LIMIT 500`;

export const variables = (): readonly Builder<VariableModel>[] => [
  clickhouseVariable(),
  sqlVariable('zone', 'Zone', zones),
  new CustomVariableBuilder('kind')
    .label('Score')
    .values('precedence, correlation, lookback')
    .current({ text: 'precedence', value: 'precedence' }),
  sqlVariable('sequence', 'Sequence', sequences),
  sqlVariable('step1', 'Journey: first', firstSteps),
  sqlVariable('step2', 'then', nextSteps('step1', ['step1'])),
  sqlVariable('step3', 'then', nextSteps('step2', ['step1', 'step2'])),
  new CustomVariableBuilder('within')
    .label('within')
    .values('1 minute : 60, 10 minutes : 600, 1 hour : 3600, 1 day : 86400')
    .current({ text: '10 minutes', value: '600' }),
];
