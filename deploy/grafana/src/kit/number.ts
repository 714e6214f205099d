/** A number of now, coloured by its levels: the first row of each dashboard. */

import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { MappingType, SpecialValueMatch, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { dress, type PanelSpec } from './panel.ts';
import { instantQueries, type Query } from './queries.ts';
import { prometheus } from './sources.ts';

export interface NumberSpec extends PanelSpec {
  readonly expr?: string;
  /** Several numbers in one panel, each with its name. */
  readonly queries?: readonly Query[];
  readonly decimals?: number;
  readonly mappings?: readonly ValueMapping[];
}

/** A quantile of no requests, a share of none. */
const nothing: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: '–', color: 'text' } },
};

export const number = (spec: NumberSpec): PanelBuilder => {
  const queries = spec.queries ?? [{ expr: spec.expr ?? '', legend: spec.title }];
  const panel = dress(new PanelBuilder(), spec, prometheus, 4)
    .targets(instantQueries(queries))
    .colorMode(spec.levels === undefined ? BigValueColorMode.Value : BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(spec.queries === undefined ? BigValueTextMode.Value : BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false));
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  return panel.mappings([...(spec.mappings ?? []), nothing]);
};
