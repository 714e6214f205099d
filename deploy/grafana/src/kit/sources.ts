/** The two data sources, each by a variable: Grafana of the reader decides which. */

export const prometheus = { type: 'prometheus', uid: '${datasource}' } as const;
export const clickhouse = { type: 'grafana-clickhouse-datasource', uid: '${clickhouse}' } as const;
