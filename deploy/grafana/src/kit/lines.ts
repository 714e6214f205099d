/** Numbers over time, as lines or stacked; levels are dashed lines across. */
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { dress, type PanelSpec } from './panel.ts';
import { type Query, rangeQueries } from './queries.ts';
import { prometheus } from './sources.ts';

export interface LinesSpec extends PanelSpec {
  readonly queries: readonly Query[];
  readonly stacked?: boolean;
  /** Top of the axis; without it the data decides. */
  readonly max?: number;
  /** Colours of series by name, where a colour has a meaning. */
  readonly colors?: Readonly<Record<string, string>>;
}

/** Everything but where the numbers come from. */
export const drawLines = (spec: Omit<LinesSpec, 'queries'>, source: object): PanelBuilder => {
  const panel = dress(new PanelBuilder(), spec, source, 8)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(1)
    .fillOpacity(spec.stacked === true ? 40 : 10)
    .showPoints(VisibilityMode.Never)
    // A rate below zero does not exist, and an axis that begins elsewhere makes noise look like an outage.
    .min(0)
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (spec.max !== undefined) panel.max(spec.max);
  if (spec.stacked === true) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (spec.levels !== undefined)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  for (const [name, color] of Object.entries(spec.colors ?? {}))
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  return panel;
};

const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .calcs(['lastNotNull', 'max']);

export const lines = (spec: LinesSpec): PanelBuilder =>
  drawLines(spec, prometheus).targets(rangeQueries(spec.queries));
