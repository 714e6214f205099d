/** Who changed what: the table, and a mark over every panel. */
import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { AnyPanel } from '../kit/panel.ts';
import { clickhouse } from '../kit/sources.ts';
import { sqlQuery, sqlTable } from '../kit/sql.ts';
import { zone } from './parts.ts';

/** A record stored twice has the same revision and place; one change may be of hundreds of things, as an import makes them. */
const changed = (which: string): string => `FROM
(
    SELECT * FROM audit WHERE zone_id = ${zone} AND $__timeFilter(time)${which}
    ORDER BY time DESC
    LIMIT 1 BY revision, place
)
ORDER BY time DESC, revision DESC, place
LIMIT 3 BY revision, resource
LIMIT 200`;

export const changes: readonly AnyPanel[] = [
  sqlTable({
    title: 'Changes of the configuration',
    says: 'Who changed what in this zone within the range of this page; the name is that of the token. Of a change of many things at once three of a kind are shown; all are in the table audit.',
    unit: 'short',
    span: 24,
    sql: `SELECT
    time AS "Time", actor AS "Who", action AS "Did", resource AS "What", resource_id AS "Id",
    before AS "Before", after AS "After"
${changed('')}`,
    columns: [
      { title: 'Time', unit: 'dateTimeAsIso', width: 180 },
      { title: 'Who', width: 120 },
      { title: 'Did', width: 80 },
      { title: 'What', width: 160 },
      { title: 'Id', width: 280 },
    ],
    runbook: ['First aid'],
  }),
];

/** Operations come by the hundred with an import and are no change of what is decided. */
export const changeMarks = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('Change of the configuration')
    .datasource(clickhouse)
    .enable(true)
    .iconColor('purple')
    .target(
      sqlQuery(
        `SELECT time, concat(actor, ': ', action, ' ', resource, ' ', resource_id) AS text, resource AS tags
${changed(" AND resource != 'operation'")}`,
        'table',
      ),
    );
