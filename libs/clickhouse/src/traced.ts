/**
 * A client whose calls are spans, as a decorator: a call that belongs to a trace carries its context to the server, which
 * may write spans of its own (system.opentelemetry_span_log). What a span is, is the caller's.
 */
import type { CallOptions, ClickHouse } from './client.ts';

/** One call, in the words of OpenTelemetry's database conventions. */
export interface TracedCall {
  /** `INSERT decisions`, `SELECT`. */
  readonly name: string;
  readonly operation: string;
  readonly database: string;
  readonly table?: string;
  /** Without the values: those are parameters. */
  readonly sql?: string;
  readonly rows?: number;
}

/** Does the call; `traceparent` where it belongs to a trace. */
export type CallTracer = <T>(call: TracedCall, run: (traceparent?: string) => Promise<T>) => Promise<T>;

/** Without a tracer it is the client itself. */
export const tracedClickHouse = (clickhouse: ClickHouse, trace: CallTracer | undefined): ClickHouse => {
  if (trace === undefined) return clickhouse;
  const { database } = clickhouse;
  const insertion = (table: string, rows?: number): TracedCall => ({
    ...{ name: `INSERT ${table}`, operation: 'INSERT', database, table },
    ...(rows === undefined ? {} : { rows }),
  });
  const statement = (sql: string): TracedCall => {
    const operation = /^\s*([A-Za-z]+)/.exec(sql)?.[1]?.toUpperCase() ?? 'QUERY';
    return { name: operation, operation, database, sql };
  };
  return {
    ...clickhouse,
    query: (sql, params, options) =>
      trace(statement(sql), (context) => clickhouse.query(sql, params, withContext(options, context))),
    queryBinary: (sql, params, options) =>
      trace(statement(sql), (context) => clickhouse.queryBinary(sql, params, withContext(options, context))),
    command: (sql, params, options) =>
      trace(statement(sql), (context) => clickhouse.command(sql, params, withContext(options, context))),
    insert: (table, columns, rows, options) =>
      trace(insertion(table, rows.length), (context) =>
        clickhouse.insert(table, columns, rows, withContext(options, context)),
      ),
    insertBinary: (table, columns, rows, options) =>
      trace(insertion(table), (context) =>
        clickhouse.insertBinary(table, columns, rows, withContext(options, context)),
      ),
  };
};

const withContext = <O extends CallOptions>(options: O | undefined, traceparent: string | undefined): O =>
  ({ ...options, ...(traceparent === undefined ? {} : { headers: { traceparent } }) }) as O;
