/**
 * Traces as services know them; OpenTelemetry stands behind in otlp/, loaded only where PRECEDE_OTLP_ENDPOINT is set.
 * What is not sampled has no span: every way in answers undefined, nothing is made, and no context goes on
 * (docs/adr/0012-traces-follow-a-request-through-the-log.md).
 */
import type { TraceContext } from './trace-context.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
/** Names as OpenTelemetry's semantic conventions have them (trace-attributes.ts), or `precede.…`; undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What a span continues; null: nothing, it begins a trace. */
export type Origin = { readonly context: TraceContext | null };

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: readonly TraceContext[];
  /** Of performance.now(), where it began before it was known to be sampled. */
  readonly startMs?: number;
}

export interface Span {
  readonly context: TraceContext;
  /** The context as it travels: a header of requests and records. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  link(context: TraceContext): void;
  /** Once; with an error it is marked as failed. */
  end(error?: unknown): void;
}

export interface Tracing {
  /** False: nothing is ever traced. Hot paths ask this and nothing else. */
  readonly isOn: boolean;
  /** `messaging.system.name` of the event log. */
  readonly messagingSystem: string;
  /** Whether what enters from outside is traced, by the traceparent that it brought or by chance. */
  enter(traceparent: string | readonly string[] | undefined): Origin | undefined;
  /** Whether what a record belongs to is traced: by its header alone. */
  follow(headers: Readonly<Record<string, string>>): Origin | undefined;
  start(name: string, origin: Origin, options?: SpanOptions): Span;
  /** A span below the active one; undefined where none is active. */
  child(name: string, options?: SpanOptions): Span | undefined;
  /** Whatever `work` does, and waits for, has the span active. */
  within<T>(span: Span, work: () => T): T;
  active(): Span | undefined;
  /** Tells of spans that a bound has left out. */
  leaveOut(count: number): void;
  /** Sends what waits, for a bounded time. */
  close(): Promise<void>;
}

/** Begins a trace. */
export const newTrace: Origin = Object.freeze({ context: null });

export const noTracing: Tracing = Object.freeze({
  isOn: false,
  messagingSystem: '',
  enter: () => undefined,
  follow: () => undefined,
  start: (): Span => {
    throw new Error('nothing can be traced: no endpoint is set');
  },
  child: () => undefined,
  within: <T>(_span: Span, work: () => T): T => work(),
  active: () => undefined,
  leaveOut: () => {},
  close: () => Promise.resolve(),
});

/** Does the work as the span, and ends it with what came of it. Without a span it is the work alone. */
export const asSpan = <T>(tracing: Tracing, span: Span | undefined, work: (span?: Span) => T): T => {
  if (span === undefined) return work();
  let result: T;
  try {
    result = tracing.within(span, () => work(span));
  } catch (error) {
    span.end(error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then(
    (value: unknown) => {
      span.end();
      return value;
    },
    (error: unknown) => {
      span.end(error);
      throw error;
    },
  ) as T;
};

/** What a log line says of the span that is active. A new object each time: the logger writes into it. */
export const logFieldsOf = (tracing: Tracing): Record<string, string> => {
  const context = tracing.active()?.context;
  return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId };
};
