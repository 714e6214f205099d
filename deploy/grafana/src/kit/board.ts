/** One dashboard: rows of panels under headings, placed in order, with the variables, links and marks all of ours have. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import type { AnyPanel } from './panel.ts';
import { prometheus } from './sources.ts';
import { runbookVariable } from './variables.ts';

/**
 * The newest that Grafana 11.6 and 12.0 know. Later ones bring an older dashboard forward by themselves; an older one need
 * not understand a newer.
 */
const schemaVersion = 41;

/** Raised with each change of what a reader sees, so that Grafana's history tells them apart. */
const version = 1;

export interface BoardSpec {
  /** For ever: addresses and bookmarks hold it. */
  readonly uid: string;
  readonly title: string;
  readonly says: string;
  readonly variables: readonly Builder<VariableModel>[];
  readonly sections: readonly Section[];
  readonly from?: string;
  readonly refresh?: string;
  /** Further tags, besides `precede`, by which dashboards find each other. */
  readonly tags?: readonly string[];
  /** Marks over all panels; none unless told. */
  readonly marks?: readonly AnnotationQueryBuilder[];
}

export interface Section {
  /** Without one the panels stand at the very top. */
  readonly title?: string;
  readonly panels: readonly AnyPanel[];
}

export const board = (spec: BoardSpec): Dashboard => {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.says)
    .tags(['precede', ...(spec.tags ?? [])])
    .version(version)
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: spec.from ?? 'now-1h', to: 'now' })
    .refresh(spec.refresh ?? '30s')
    .variables([...spec.variables, runbookVariable()])
    .annotations([...(spec.marks ?? [])])
    .links(headLinks());
  for (const section of spec.sections) {
    if (section.title !== undefined) builder.withRow(new RowBuilder(section.title));
    for (const panel of section.panels) builder.withPanel(panel);
  }
  return numbered(builder.build());
};

/** Addresses of single panels hold their ids. */
const numbered = (dashboard: Dashboard): Dashboard => ({
  ...dashboard,
  schemaVersion,
  panels: (dashboard.panels ?? []).map((panel, place) => ({ ...panel, id: place + 1 })),
});

const headLinks = (): DashboardLinkBuilder[] => [
  new DashboardLinkBuilder('Precede')
    .type(DashboardLinkType.Dashboards)
    .tags(['precede'])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(false),
  new DashboardLinkBuilder('Runbook')
    .type(DashboardLinkType.Link)
    .url('${runbook}')
    .icon('doc')
    .targetBlank(true),
];

/** A mark wherever the expression has a value. */
export const mark = (name: string, color: string, expr: string, text: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(prometheus)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step('30s')
    .titleFormat(name)
    .textFormat(text)
    .target(new DataqueryBuilder().refId('A').expr(expr).range());
