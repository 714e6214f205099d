/** Whether rows of ClickHouse fill the panel that asked, and the values that variables take by themselves. */
import type { Asked, Board, Variable } from './board.ts';
import { type Account, ask, expand, plain, type Range, type Table } from './clickhouse.ts';

type Values = Readonly<Record<string, string>>;

/**
 * In their order, as Grafana does: a constant choice as it stands, a query by its first row; `chosen`: what a reader chose. Of two columns the first is the
 * value and the second what is shown.
 */
export const valuesOf = async (
  board: Board,
  account: Account,
  range: Range,
  chosen: Values = {},
): Promise<Values> => {
  const values: Record<string, string> = {};
  for (const variable of board.templating.list) {
    const value = chosen[variable.name] ?? (await choice(variable, account, values, range));
    if (value !== undefined) values[variable.name] = value;
  }
  return values;
};

const choice = async (
  { name, type, query, current }: Variable,
  account: Account,
  values: Values,
  range: Range,
): Promise<string | undefined> => {
  if (type === 'custom') return String(current?.value);
  const sql = typeof query === 'object' ? query.rawSql : undefined;
  if (type !== 'query' || sql === undefined) return undefined;
  const { meta, data } = await ask(account, expand(sql, values, range));
  const value = data[0]?.[meta[0]?.name ?? ''];
  if (typeof value !== 'string' || value === '')
    throw new Error(`the variable ${name} has no value:\n${sql}`);
  return value;
};

const timeseriesFault = ({ meta, data }: Table): string | undefined => {
  const [time, ...others] = meta.map(({ type }) => plain(type));
  if (time !== 'time') return 'the first column is no time';
  if (!others.includes('number')) return 'no column is a number';
  if (others.filter((kind) => kind === 'text').length > 1) return 'more than one label';
  const times = data.map((row) => String(row[meta[0]?.name ?? '']));
  return times.every((each, i) => i === 0 || (times[i - 1] ?? '') <= each)
    ? undefined
    : 'not in the order of time';
};

/** Widths, units and links are set by the name of a column: one that is not there is set on nothing. */
const tableFault = ({ panel }: Asked, { meta }: Table): string | undefined => {
  const names = meta.map(({ name }) => name);
  const missing = (panel.fieldConfig?.overrides ?? [])
    .map(({ matcher }) => matcher.options)
    .filter((name) => !names.includes(name));
  return missing.length === 0 ? undefined : `no column ${missing.join(', ')} in ${names.join(', ')}`;
};

const statFault = ({ meta, data }: Table): string | undefined =>
  data.length === 1 && meta.length === 1 && plain(meta[0]?.type ?? '') === 'number'
    ? undefined
    : 'not one number';

/** What a mark needs: when, and what to say. */
const markFault = ({ meta }: Table): string | undefined =>
  meta.map(({ name }) => name).join() === 'time,text,tags' ? undefined : 'not time, text and tags';

const fits: Readonly<Record<string, (asked: Asked, table: Table) => string | undefined>> = {
  timeseries: (_asked, table) => timeseriesFault(table),
  table: tableFault,
  stat: (_asked, table) => statFault(table),
  mark: (_asked, table) => markFault(table),
};

/** What is wrong with an answer; undefined: nothing. */
export const faultOfTable = (asked: Asked, table: Table): string | undefined => {
  if (table.data.length === 0) return 'no rows';
  const odd = table.meta.find(({ type }) => plain(type) === 'other');
  if (odd !== undefined) return `column ${odd.name} is ${odd.type}`;
  return fits[asked.panel.type]?.(asked, table);
};
