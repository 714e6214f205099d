/**
 * The one client of ClickHouse, for the embedded server and for any other. Settings that differ from the server's defaults
 * are all here, each with its reason.
 */
import { Agent } from 'node:https';
import { Readable } from 'node:stream';
import {
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
  type ClickHouseClient as Driver,
} from '@clickhouse/client';
import { ErrorCode, UnavailableError } from '@precede/contracts';
import { checkShards, SHARDS, type Shard } from './cluster-check.ts';
import { onCluster } from './cluster-ddl.ts';
import { toPrecedeError } from './errors.ts';
import { parseRow, printRow } from './json.ts';

export interface ClickHouseOptions {
  readonly url: string;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  readonly requestTimeoutMs: number;
  /** For an https address: PEM texts. Absent or {}: what Node trusts, and no certificate of our own. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** The cluster that the schema is laid out over, by its name in the server's configuration; empty or absent: one server. */
  readonly cluster?: string;
  /** Replicas of a shard that must have an insert before it counts: auto (most of them) or how many. Only on a cluster. */
  readonly insertQuorum?: string;
}

export interface CallOptions {
  /** Of the HTTP request, such as a trace context. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface QueryOptions extends CallOptions {
  /** Ends the query on the server too. */
  readonly signal?: AbortSignal;
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

export interface ClickHouse {
  readonly database: string;
  /** Empty or absent: one server. */
  readonly cluster?: string;
  /**
   * Rows as objects. Parameters are written {name:Type} in the SQL. 64-bit integers come as numbers; one that no number holds
   * exactly is refused. Times come as ISO 8601 in UTC.
   */
  query<T>(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<T[]>;
  /**
   * Resolves when the rows are stored. All or nothing for up to a million rows of one table partition (on a cluster: and of
   * one shard); a rejected insert may still have been stored, so writes must be repeatable. null is refused where the column is not Nullable.
   */
  insert(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly unknown[])[],
    options?: CallOptions,
  ): Promise<void>;
  /** The same for rows that are RowBinary already (row-binary.ts). */
  insertBinary(table: string, columns: readonly string[], rows: Buffer, options?: CallOptions): Promise<void>;
  /** The answer as RowBinary; for many rows. */
  queryBinary(sql: string, params?: Record<string, unknown>, options?: QueryOptions): Promise<Buffer>;
  command(sql: string, params?: Record<string, unknown>, options?: CallOptions): Promise<void>;
  /** Rejects with UnavailableError unless the server answers an authenticated query in time. */
  ping(timeoutMs: number): Promise<void>;
  /** Creates the database if it is missing. Throws ConfigError for a cluster that the server does not know. */
  createDatabase(): Promise<void>;
  close(): Promise<void>;
}

const SETTINGS: ClickHouseSettings = {
  // The default of 26.x answers before the rows are stored anywhere but in memory.
  async_insert: 0,
  // The status line tells the truth: the answer starts when the query has succeeded.
  wait_end_of_query: 1,
  // Plain numbers; parseRow refuses those that would be rounded.
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  date_time_output_format: 'iso',
  date_time_input_format: 'best_effort',
  // A null for a column that has none is our mistake and must not become a zero.
  input_format_null_as_default: 0,
  // One insert is one block, hence atomic.
  input_format_parallel_parsing: 0,
};

/** docs/adr/0007-cluster-layout.md says why, one by one. */
const clusterSettings = (insertQuorum: string): ClickHouseSettings => ({
  distributed_foreground_insert: 1,
  insert_quorum: insertQuorum,
  // All rows of a zone lie on one shard: joins are made there, and a question about one zone goes to its shard alone.
  distributed_product_mode: 'local',
  optimize_skip_unused_shards: 1,
  // Everybody reads from the same replica as long as it lives, also when connected to another.
  load_balancing: 'in_order',
  prefer_localhost_replica: 0,
});

/** Without these two an aborted query runs on. The order matters: readonly is what makes the other take effect. */
const READING: ClickHouseSettings = { readonly: '2', cancel_http_readonly_queries_on_client_close: 1 };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function checkedName(name: string): string {
  if (!NAME.test(name)) throw new TypeError(`"${name}" is no plain ClickHouse name`);
  return name;
}

const isCluster = ({ cluster = '' }: ClickHouseOptions): boolean => cluster !== '';

function createDriver(options: ClickHouseOptions, database: string): Driver {
  return createClient({
    url: options.url,
    database,
    username: options.username,
    password: options.password,
    request_timeout: options.requestTimeoutMs,
    application: 'precede',
    clickhouse_settings: {
      ...SETTINGS,
      ...(isCluster(options) ? clusterSettings(options.insertQuorum ?? 'auto') : {}),
    },
    compression: { request: false, response: false },
    keep_alive: { enabled: true, idle_socket_ttl: 2500 },
    ...secured(options),
    // Every error is thrown, so the library's own log would only say it twice.
    log: { level: ClickHouseLogLevel.OFF },
  });
}

/**
 * An agent of our own, as the library's takes no client certificate beside a password. Without a password the certificate is
 * who we are, which the server wants to be told.
 */
function secured({ url, tls = {}, password }: ClickHouseOptions): ClickHouseClientConfigOptions {
  if (!url.startsWith('https:') || Object.keys(tls).length === 0) return {};
  const isIdentity = tls.cert !== undefined && password === '';
  return {
    http_agent: new Agent({ keepAlive: true, ...tls }),
    ...(isIdentity ? { http_headers: { 'X-ClickHouse-SSL-Certificate-Auth': 'on' } } : {}),
  };
}

function firstWords(sql: string): string {
  return sql.trim().replace(/\s+/g, ' ').slice(0, 80);
}

async function translated<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toPrecedeError(error, what);
  }
}

/** Connects lazily: nothing is sent before the first call. */
export function connectClickHouse(options: ClickHouseOptions): ClickHouse {
  const driver = createDriver(options, options.database);
  return {
    database: options.database,
    cluster: options.cluster ?? '',
    query: (sql, params, queryOptions) => query(driver, sql, params, queryOptions),
    insert: (table, columns, rows, callOptions) => insert(driver, table, columns, rows, callOptions),
    insertBinary: (table, columns, rows, callOptions) =>
      insertBinary(driver, table, columns, rows, callOptions),
    queryBinary: (sql, params, queryOptions) => queryBinary(driver, sql, params, queryOptions),
    command: (sql, params, callOptions) => command(driver, sql, params, callOptions),
    ping: (timeoutMs) => ping(driver, timeoutMs),
    createDatabase: () => createDatabase(options),
    close: () => driver.close(),
  };
}

function query<T>(
  driver: Driver,
  sql: string,
  params: Record<string, unknown> = {},
  { signal, settings = {}, headers }: QueryOptions = {},
): Promise<T[]> {
  return translated(firstWords(sql), async () => {
    const result = await driver.query({
      query: sql,
      query_params: params,
      format: 'JSONEachRow',
      clickhouse_settings: { ...READING, ...settings },
      ...(signal === undefined ? {} : { abort_signal: signal }),
      ...sentWith(headers),
    });
    const text = await result.text();
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => parseRow(line) as T);
  });
}

const sentWith = (headers: CallOptions['headers']) =>
  headers === undefined ? {} : { http_headers: { ...headers } };

/** Rows are printed here and not by the library, which would refuse a bigint. */
async function insert(
  driver: Driver,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  { headers }: CallOptions = {},
): Promise<void> {
  if (rows.length === 0) return;
  const statement = insertInto(table, columns, 'JSONCompactEachRow');
  await translated(`insert into ${table}`, async () => {
    await driver.command({
      query: `${statement}\n${rows.map(printRow).join('\n')}`,
      ...sentWith(headers),
    });
  });
}

const insertInto = (table: string, columns: readonly string[], format: string): string => {
  const names = columns.map(checkedName).join(', ');
  return `INSERT INTO ${table.split('.').map(checkedName).join('.')} (${names}) FORMAT ${format}`;
};

async function insertBinary(
  driver: Driver,
  table: string,
  columns: readonly string[],
  rows: Buffer,
  { headers }: CallOptions = {},
): Promise<void> {
  if (rows.length === 0) return;
  const query = insertInto(table, columns, 'RowBinary');
  await translated(`insert into ${table}`, async () => {
    const values = Readable.from([rows], { objectMode: false });
    const { stream } = await driver.exec({ query, values, ...sentWith(headers) });
    await drained(stream);
  });
}

function queryBinary(
  driver: Driver,
  sql: string,
  params: Record<string, unknown> = {},
  { signal, settings = {}, headers }: QueryOptions = {},
): Promise<Buffer> {
  return translated(firstWords(sql), async () => {
    const { stream } = await driver.exec({
      query: `${sql} FORMAT RowBinary`,
      query_params: params,
      clickhouse_settings: { ...READING, ...settings },
      ...(signal === undefined ? {} : { abort_signal: signal }),
      ...sentWith(headers),
    });
    return drained(stream);
  });
}

async function drained(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function command(
  driver: Driver,
  sql: string,
  params: Record<string, unknown> = {},
  { headers }: CallOptions = {},
): Promise<void> {
  return translated(firstWords(sql), async () => {
    await driver.command({ query: sql, query_params: params, ...sentWith(headers) });
  });
}

async function ping(driver: Driver, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () =>
      reject(new UnavailableError(ErrorCode.clickhouseUnavailable, `ping: no answer within ${timeoutMs} ms`)),
    );
  });
  await Promise.race([query(driver, 'SELECT 1', {}, { signal }), late]);
}

async function createDatabase(options: ClickHouseOptions): Promise<void> {
  const { cluster = '', database } = options;
  const driver = createDriver(options, 'default');
  try {
    if (cluster !== '') checkShards(cluster, await query<Shard>(driver, SHARDS, { cluster }));
    // Asked first: on a cluster a change waits for every server, and a start must not need those that are down.
    const there = await query(driver, 'SELECT name FROM system.databases WHERE name = {database:String}', {
      database,
    });
    if (there.length > 0) return;
    await command(driver, `CREATE DATABASE IF NOT EXISTS ${checkedName(database)}${onCluster(cluster)}`);
  } finally {
    await driver.close();
  }
}
