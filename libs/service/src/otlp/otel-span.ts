/** A span of the SDK behind our port. */
import {
  ROOT_CONTEXT,
  SpanKind as SdkKind,
  type Span as SdkSpan,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { Attr } from '../trace-attributes.ts';
import { type TraceContext, traceparentOf } from '../trace-context.ts';
import type { Attributes, Origin, Span, SpanKind, SpanOptions } from '../tracing.ts';

const kinds: Readonly<Record<SpanKind, SdkKind>> = {
  internal: SdkKind.INTERNAL,
  server: SdkKind.SERVER,
  client: SdkKind.CLIENT,
  producer: SdkKind.PRODUCER,
  consumer: SdkKind.CONSUMER,
};

const sdkContextOf = ({ traceId, spanId, isSampled }: TraceContext): SpanContext => ({
  traceId,
  spanId,
  traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

const maxDriftMs = 20;
let anchorMs = performance.timeOrigin;

/**
 * The monotonic clock as time of day, the same for all spans of a process: a parent begins before its child. The SDK would
 * read the system's milliseconds for each. Follows the system's clock where the two have drifted apart.
 */
const wallMs = (atMs: number): number => {
  const driftMs = Date.now() - (anchorMs + performance.now());
  if (Math.abs(driftMs) > maxDriftMs) anchorMs += driftMs;
  return anchorMs + atMs;
};

/** Named by their code: a message may hold what a client has written. */
const errorTypeOf = (error: unknown): string => {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return ([code, name].find((each) => typeof each === 'string' && each !== '') as string) ?? '_OTHER';
};

export const startOtelSpan = (
  tracer: Tracer,
  name: string,
  { context }: Origin,
  { kind = 'internal', attributes = {}, links = [], startMs }: SpanOptions = {},
): SdkSpan =>
  tracer.startSpan(
    name,
    {
      kind: kinds[kind],
      attributes: { ...attributes },
      links: links.map((each) => ({ context: sdkContextOf(each) })),
      startTime: wallMs(startMs ?? performance.now()),
    },
    context === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, sdkContextOf(context)),
  );

export class OtelSpan implements Span {
  readonly context: TraceContext;
  readonly #span: SdkSpan;
  #isOver = false;

  constructor(span: SdkSpan) {
    const { traceId, spanId } = span.spanContext();
    this.#span = span;
    this.context = { traceId, spanId, isSampled: true };
  }

  get traceparent(): string {
    return traceparentOf(this.context);
  }

  set(attributes: Attributes): void {
    if (!this.#isOver) this.#span.setAttributes({ ...attributes });
  }

  link(context: TraceContext): void {
    if (!this.#isOver) this.#span.addLink({ context: sdkContextOf(context) });
  }

  end(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (error !== undefined) {
      this.#span.setAttribute(Attr.errorType, errorTypeOf(error));
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end(wallMs(performance.now()));
  }
}
