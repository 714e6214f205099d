/** Calls of ClickHouse as spans below the active one; without one they are calls alone. */
import { Attr } from './trace-attributes.ts';
import { asSpan, type Tracing } from './tracing.ts';

/** A call as @precede/clickhouse tells it. */
interface DatabaseCall {
  readonly name: string;
  readonly operation: string;
  readonly database: string;
  readonly table?: string;
  readonly sql?: string;
  readonly rows?: number;
}

type CallTracer = <T>(call: DatabaseCall, run: (traceparent?: string) => Promise<T>) => Promise<T>;

/** What tracedClickHouse of @precede/clickhouse takes; undefined where nothing is traced. */
export const clickhouseCalls = (tracing: Tracing | undefined): CallTracer | undefined => {
  if (tracing === undefined || !tracing.isOn) return undefined;
  return (call, run) => {
    const span = tracing.active() && tracing.child(call.name, optionsOf(call));
    return asSpan(tracing, span, () => run(span?.traceparent));
  };
};

const optionsOf = ({ operation, database, table, sql, rows }: DatabaseCall) =>
  ({
    kind: 'client',
    attributes: {
      [Attr.dbSystemName]: 'clickhouse',
      [Attr.dbNamespace]: database,
      [Attr.dbOperationName]: operation,
      [Attr.dbCollectionName]: table,
      [Attr.dbQueryText]: sql,
      'precede.rows': rows,
    },
  }) as const;
