/** Traces of one service: off, or the room that knows OpenTelemetry, which is loaded here and nowhere else. */
import type { Registry } from 'prom-client';
import type { Logger } from './logger.ts';
import { noTracing, type Tracing } from './tracing.ts';
import type { TracingConfig } from './tracing-config.ts';

export interface TracingDeps {
  /** Of the service: `ingest`. */
  readonly name: string;
  /** What spans name the event log: `kafka`, or `precede` for the embedded one. */
  readonly messagingSystem: string;
  readonly logger: Logger;
  readonly registry: Registry;
}

export interface TracingSettings {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Share of what comes without a context. */
  readonly sample: number;
  readonly perSecond: number;
}

export const startTracing = async (config: TracingConfig, deps: TracingDeps): Promise<Tracing> => {
  if (config.PRECEDE_OTLP_ENDPOINT === '') return noTracing;
  const { openTracing } = await import('./otlp/index.ts');
  const settings = {
    endpoint: config.PRECEDE_OTLP_ENDPOINT,
    headers: config.PRECEDE_OTLP_HEADERS,
    sample: config.PRECEDE_TRACE_SAMPLE,
    perSecond: config.PRECEDE_TRACE_LIMIT,
  };
  deps.logger.info({ endpoint: settings.endpoint, sample: settings.sample }, 'traces are exported');
  return openTracing(settings, deps);
};
