/** How a time is spread over the buckets of its histogram: shows two humps where a quantile shows one line. */

import { TooltipDisplayMode } from '@grafana/grafana-foundation-sdk/common';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  PanelBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { dress, type PanelSpec } from './panel.ts';
import { heatmapQueries } from './queries.ts';
import { prometheus } from './sources.ts';

export interface HeatmapSpec extends PanelSpec {
  readonly expr: string;
}

export const heatmap = (spec: HeatmapSpec): PanelBuilder =>
  dress(new PanelBuilder(), spec, prometheus, 8)
    .targets(heatmapQueries(spec.expr))
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(spec.unit))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .exponent(0.5)
        .steps(64),
    )
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true));
