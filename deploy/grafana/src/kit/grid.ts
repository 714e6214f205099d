/** A table with one row a value of a label (a service, an instance) and one query a column. */
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type Column, withColumns } from './columns.ts';
import { dress, type PanelSpec } from './panel.ts';
import { refId, tableQueries } from './queries.ts';
import { prometheus } from './sources.ts';

export interface GridColumn extends Column {
  readonly expr: string;
}

export interface GridSpec extends PanelSpec {
  /** The labels that name a row, with the titles of their columns. */
  readonly rows: readonly (Column & { readonly label: string })[];
  readonly columns: readonly GridColumn[];
}

/** Grafana calls the number of query B `Value #B`, and drops the letter where there is one query alone. */
const fieldOf = (columns: readonly GridColumn[], place: number): string =>
  columns.length === 1 ? 'Value' : `Value #${refId(place)}`;

export const grid = (spec: GridSpec): PanelBuilder => {
  const { rows, columns } = spec;
  const fields = [
    ...rows.map(({ label, title }) => [label, title] as const),
    ...columns.map(({ title }, place) => [fieldOf(columns, place), title] as const),
  ];
  const panel = dress(new PanelBuilder(), spec, prometheus, 8).targets(tableQueries(columns));
  // Several labels name a row together: joining wants one field, merging takes all that frames have in common.
  const together =
    rows.length === 1
      ? { id: 'joinByField', options: { byField: rows[0]?.label, mode: 'outer' } }
      : { id: 'merge', options: {} };
  return withColumns(
    panel
      .withTransformation(together)
      .withTransformation({
        id: 'filterFieldsByName',
        options: { include: { names: fields.map(([name]) => name) } },
      })
      .withTransformation({
        id: 'organize',
        options: {
          renameByName: Object.fromEntries(fields),
          indexByName: Object.fromEntries(fields.map(([name], place) => [name, place])),
        },
      }),
    [...rows, ...columns],
  );
};
