/**
 * Panels on ClickHouse. Queries use what any analyst may read, one of a single zone too (docs/operations.md, Analysts): views,
 * and tables without FINAL.
 */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { type Column, withColumns } from './columns.ts';
import { drawLines, type LinesSpec } from './lines.ts';
import { dress, type PanelSpec } from './panel.ts';
import { clickhouse } from './sources.ts';

/** What the plugin calls a query of its editor; the SDK has no builder for it. */
export const sqlQuery = (sql: string, kind: 'table' | 'timeseries'): Builder<Dataquery> => ({
  build: () => ({
    _implementsDataqueryVariant: () => {},
    refId: 'A',
    datasource: clickhouse,
    editorType: 'sql',
    queryType: kind,
    format: kind === 'timeseries' ? 0 : 1,
    // Of the form of this query, not of the plugin that runs: without it the plugin takes the query for one of version 3.
    pluginVersion: '4.0.0',
    rawSql: sql,
  }),
});

interface WithSql {
  readonly sql: string;
}

export const sqlNumber = (spec: PanelSpec & WithSql): StatBuilder =>
  dress(new StatBuilder(), spec, clickhouse, 4)
    .withTarget(sqlQuery(spec.sql, 'table'))
    .colorMode(spec.levels === undefined ? BigValueColorMode.Value : BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false));

export const sqlTable = (spec: PanelSpec & WithSql & { readonly columns: readonly Column[] }): TableBuilder =>
  withColumns(dress(new TableBuilder(), spec, clickhouse, 9), spec.columns).withTarget(
    sqlQuery(spec.sql, 'table'),
  );

export interface SqlLinesSpec extends Omit<LinesSpec, 'queries'>, WithSql {
  /** The label that names a series; without it the column does. */
  readonly label?: string;
  /** Counts of an interval, which are no line. */
  readonly bars?: boolean;
}

export const sqlLines = (spec: SqlLinesSpec): LinesBuilder => {
  const panel = drawLines(spec, clickhouse).withTarget(sqlQuery(spec.sql, 'timeseries'));
  if (spec.label !== undefined) panel.displayName(`\${__field.labels.${spec.label}}`);
  return spec.bars === true ? panel.drawStyle(GraphDrawStyle.Bars).fillOpacity(80) : panel;
};
