/** What every panel has, whatever draws it: a title, a sentence for the reader, a unit, levels, a place, links. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { DashboardLinkBuilder, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder as HeatmapBuilder } from '@grafana/grafana-foundation-sdk/heatmap';
import type { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { type Levels, thresholds } from './levels.ts';
import { runbookLink } from './runbook.ts';

export interface PanelSpec {
  readonly title: string;
  /** What the number means, and what to do where it is bad. */
  readonly says: string;
  /** One of Grafana's units, such as `s`, `reqps`, `bytes`, `percentunit`, `short`. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly span: number;
  readonly height?: number;
  readonly levels?: Levels;
  /** Headings of docs/operations.md; an alert's section has the alert's name. */
  readonly runbook?: readonly string[];
  readonly links?: readonly DashboardLinkBuilder[];
}

export type AnyBuilder = StatBuilder | StatesBuilder | TimeseriesBuilder | HeatmapBuilder | TableBuilder;
export type AnyPanel = Builder<Panel>;

export const dress = <B extends AnyBuilder>(
  builder: B,
  spec: PanelSpec,
  source: object,
  height: number,
): B => {
  const links = [...(spec.links ?? []), ...(spec.runbook ?? []).map(runbookLink)];
  builder.title(spec.title).description(spec.says).unit(spec.unit).datasource(source);
  builder.span(spec.span).height(spec.height ?? height);
  builder.thresholds(thresholds(spec.levels));
  if (links.length > 0) builder.links(links);
  return builder;
};
