/** Columns of a table: their unit, colour, words for numbers, link. Set by name, as the reader sees it. */
import type { DynamicConfigValue, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { type Levels, thresholds } from './levels.ts';

export interface Column {
  readonly title: string;
  readonly unit?: string;
  readonly decimals?: number;
  /** Colours the cell. */
  readonly levels?: Levels;
  readonly mappings?: readonly ValueMapping[];
  readonly width?: number;
  /** Where a click leads; `${__value.text}` is the cell. */
  readonly link?: { readonly title: string; readonly url: string };
  /** A bar of this length at most, in place of the bare number. */
  readonly bar?: { readonly max: number };
}

/** `custom.*` are options of the table, the others of any field. */
const properties = (column: Column): readonly (readonly [string, unknown] | undefined)[] => [
  column.unit === undefined ? undefined : ['unit', column.unit],
  column.decimals === undefined ? undefined : ['decimals', column.decimals],
  column.mappings === undefined ? undefined : ['mappings', column.mappings],
  column.width === undefined ? undefined : ['custom.width', column.width],
  column.link === undefined ? undefined : ['links', [{ ...column.link, targetBlank: false }]],
  column.levels === undefined ? undefined : ['thresholds', thresholds(column.levels).build()],
  column.levels === undefined
    ? undefined
    : ['custom.cellOptions', { type: 'color-background', mode: 'basic' }],
  column.bar === undefined ? undefined : ['custom.cellOptions', { type: 'gauge', mode: 'basic' }],
  column.bar === undefined ? undefined : ['min', 0],
  column.bar === undefined ? undefined : ['max', column.bar.max],
];

export const withColumns = (panel: PanelBuilder, columns: readonly Column[]): PanelBuilder => {
  for (const column of columns) {
    const set = properties(column).flatMap((property): DynamicConfigValue[] =>
      property === undefined ? [] : [{ id: property[0], value: property[1] }],
    );
    if (set.length > 0) panel.overrideByName(column.title, set);
  }
  return panel;
};
