/**
 * Traces over OpenTelemetry: the only room that knows it. Imported by start-tracing.ts where an endpoint is set, so that
 * a process without one loads nothing of it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { Counter } from 'prom-client';
import type { TracingDeps, TracingSettings } from '../start-tracing.ts';
import { parseTraceparent, traceparentHeader } from '../trace-context.ts';
import { TraceSampler } from '../trace-sampler.ts';
import type { Span, Tracing } from '../tracing.ts';
import { versionOf } from '../version.ts';
import { OtelSpan, startOtelSpan } from './otel-span.ts';
import { SpanQueue } from './span-queue.ts';

/** Some 2 MiB. */
const maxSpans = 2_048;
/** Encoding so many takes about a millisecond, in which nothing is decided. */
const maxBatch = 128;
const everyMs = 1_000;
const exportTimeoutMs = 10_000;
/** Of the ten seconds that a stop may take. */
const closeTimeoutMs = 2_000;
const maxAttributeLength = 2_048;
export const maxLinks = 32;

export const openTracing = (settings: TracingSettings, deps: TracingDeps): Tracing => {
  const spans = new Counter({
    name: 'precede_trace_spans_total',
    help: 'Spans by what became of them: exported, failed (the collector did not take them), dropped (too many waited), left_out (beyond a bound, not begun).',
    labelNames: ['outcome'] as const,
    registers: [deps.registry],
  });
  const leaveOut = (count: number): void => spans.inc({ outcome: 'left_out' }, count);
  const queue = queueOf(settings, deps, spans);
  const provider = new TracerProvider({
    resource: resourceOf(deps.name),
    // What is not sampled never gets here.
    sampler: new AlwaysOnSampler(),
    spanLimits: { linkCountLimit: maxLinks, attributeValueLengthLimit: maxAttributeLength },
    spanProcessors: [queue],
  });
  const tracer = provider.getTracer('precede', versionOf().version);
  const sampler = new TraceSampler({
    ratio: settings.sample,
    perSecond: settings.perSecond,
    random: Math.random,
    now: () => performance.now(),
    onLimit: () => leaveOut(1),
  });
  const activeSpan = new AsyncLocalStorage<Span>();
  const start: Tracing['start'] = (name, origin, options) =>
    new OtelSpan(startOtelSpan(tracer, name, origin, options));
  return {
    isOn: true,
    messagingSystem: deps.messagingSystem,
    enter: (traceparent) => sampler.enter(traceparent),
    follow: (headers) => followed(headers[traceparentHeader]),
    start,
    child: (name, options) => {
      const parent = activeSpan.getStore();
      return parent === undefined ? undefined : start(name, parent, options);
    },
    within: (span, work) => activeSpan.run(span, work),
    active: () => activeSpan.getStore(),
    leaveOut,
    close: () => closed(provider),
  };
};

const followed = (traceparent: string | undefined) => {
  const context = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return context?.isSampled ? { context } : undefined;
};

const queueOf = (
  { endpoint, headers }: TracingSettings,
  { logger }: TracingDeps,
  spans: Counter<'outcome'>,
): SpanQueue => {
  const url = `${endpoint}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportTimeoutMs });
  return new SpanQueue({ exporter, maxSpans, maxBatch, everyMs, spans, logger, endpoint });
};

/** Who the process is. Attributes of OTEL_RESOURCE_ATTRIBUTES, as platforms set it, stand beside ours. */
const resourceOf = (name: string) =>
  detectResources({ detectors: [resourceAttributesEnvDetector] }).merge(
    resourceFromAttributes({
      'service.namespace': 'precede',
      'service.name': `precede-${name}`,
      'service.version': versionOf().version,
      'service.instance.id': randomUUID(),
      'process.pid': process.pid,
    }),
  );

/** What the collector has not taken by then is lost: a stop does not wait for it. */
const closed = async (provider: TracerProvider): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeTimeoutMs);
  });
  await Promise.race([provider.shutdown().catch(() => {}), late]);
  clearTimeout(timer);
};
