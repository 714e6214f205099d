/** Grafana and its ClickHouse plugin, as far as our queries use them: variables, macros, and what comes back. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A bucket of a chart. */
const intervalSeconds = 600;

const at = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`;
const exactly = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`;

/** `$__name(column)` and `$__name`, as the plugin writes them (pkg/macros of grafana/clickhouse-datasource). */
const macros = ({ fromMs, toMs }: Range): Readonly<Record<string, (column: string) => string>> => ({
  timeFilter: (column) => `${column} >= ${at(fromMs)} AND ${column} <= ${at(toMs)}`,
  timeInterval: (column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalSeconds} second)`,
  fromTime_ms: () => exactly(fromMs),
  toTime_ms: () => exactly(toMs),
});

export const expand = (sql: string, values: Readonly<Record<string, string>>, range: Range): string => {
  const textOf = (name: string): string => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for the variable ${name}`);
    return value;
  };
  const known = macros(range);
  return sql
    .replaceAll(/\$\{(\w+):sqlstring\}/g, (_all, name) => `'${textOf(name).replaceAll("'", "''")}'`)
    .replaceAll(/\$\{(\w+)\}/g, (_all, name) => textOf(name))
    .replaceAll(/\$__(\w+)(?:\(([^)]*)\))?/g, (all, name, column = '') => {
      const macro = known[name];
      if (macro === undefined) throw new Error(`${all} is no macro of ours`);
      return macro(column);
    });
};

export interface Table {
  readonly meta: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly Readonly<Record<string, unknown>>[];
}

export interface Account {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Of the server's session: no answer may depend on it. */
  readonly timeZone?: string;
}

export const ask = async (account: Account, sql: string): Promise<Table> => {
  const { url, user, password, database, timeZone } = account;
  const query = new URLSearchParams({
    ...{ database, default_format: 'JSON', wait_end_of_query: '1' },
    ...(timeZone === undefined ? {} : { session_timezone: timeZone }),
  });
  const response = await fetch(`${url}/?${query}`, {
    method: 'POST',
    headers: { 'x-clickhouse-user': user, 'x-clickhouse-key': password },
    body: sql,
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${text}\n${sql}`);
  return JSON.parse(text) as Table;
};

/** The type that a panel sees. */
export const plain = (type: string): 'time' | 'number' | 'text' | 'other' => {
  const bare = type
    .replace(/^(?:LowCardinality|Nullable)\((.*)\)$/, '$1')
    .replace(/^Nullable\((.*)\)$/, '$1');
  if (/^(DateTime|Date)/.test(bare)) return 'time';
  if (/^(U?Int|Float|Decimal)/.test(bare)) return 'number';
  return /^(String|Enum)/.test(bare) ? 'text' : 'other';
};
