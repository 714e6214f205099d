/** Queries of Prometheus as panels hold them, named A, B, C in their order. */
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus';
import { prometheus } from './sources.ts';

export interface Query {
  readonly expr: string;
  /** `{{label}}` stands for the value of a label. */
  readonly legend?: string;
}

export const refId = (place: number): string => String.fromCharCode(65 + place);

const query = ({ expr, legend }: Query, place: number): DataqueryBuilder =>
  new DataqueryBuilder()
    .datasource(prometheus)
    .editorMode(QueryEditorMode.Code)
    .refId(refId(place))
    .expr(expr)
    .legendFormat(legend ?? '__auto');

export const rangeQueries = (queries: readonly Query[]): DataqueryBuilder[] =>
  queries.map((each, place) => query(each, place).range());

/** The value of now: what a series had before it ended is no answer. */
export const instantQueries = (queries: readonly Query[]): DataqueryBuilder[] =>
  queries.map((each, place) => query(each, place).instant());

export const tableQueries = (queries: readonly Query[]): DataqueryBuilder[] =>
  instantQueries(queries).map((each) => each.format(PromQueryFormat.Table));

export const heatmapQueries = (expr: string): DataqueryBuilder[] => [
  query({ expr, legend: '{{le}}' }, 0).range().format(PromQueryFormat.Heatmap),
];
