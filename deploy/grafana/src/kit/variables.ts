/** The variables dashboards are read through. */
import {
  ConstantVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { runbookUrl } from './runbook.ts';
import { clickhouse, prometheus } from './sources.ts';

export const prometheusVariable = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus');

export const clickhouseVariable = (): DatasourceVariableBuilder =>
  new DatasourceVariableBuilder('clickhouse').label('ClickHouse').type(clickhouse.type);

export const runbookVariable = (): ConstantVariableBuilder =>
  new ConstantVariableBuilder('runbook').label('Where the runbook is').value(runbookUrl);

/** All of them unless some are chosen. */
const labelVariable = (name: string, label: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(prometheus)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: ['All'], value: ['$__all'] });

export const serviceVariable = (): QueryVariableBuilder =>
  labelVariable('service', 'Service', 'label_values(up{job="precede"}, service)');

/** `matcher`: of which service. A process that is down is one to choose too, so `up` is asked and no metric of ours. */
export const instanceVariable = (matcher: string): QueryVariableBuilder =>
  labelVariable('instance', 'Instance', `label_values(up{job="precede", ${matcher}}, instance)`);

/** `sql`: rows of a value and, where it reads differently, its text. */
export const sqlVariable = (name: string, label: string, sql: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(clickhouse)
    .query({ rawSql: sql, editorType: 'sql', refId: name })
    .hide(VariableHide.DontHide)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.Disabled);
