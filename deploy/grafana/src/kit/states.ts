/** What was true when: one bar a series, for things that hold or do not. */
import {
  TooltipDisplayMode,
  VisibilityMode,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { dress, type PanelSpec } from './panel.ts';
import { type Query, rangeQueries } from './queries.ts';
import { prometheus } from './sources.ts';

export interface StatesSpec extends PanelSpec {
  readonly queries: readonly Query[];
  readonly mappings: readonly ValueMapping[];
}

export const states = (spec: StatesSpec): PanelBuilder =>
  dress(new PanelBuilder(), spec, prometheus, 8)
    .targets(rangeQueries(spec.queries))
    .mappings([...spec.mappings])
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single));
