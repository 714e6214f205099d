/**
 * What stands between spans and the collector: so many wait at most, those on their way included; more are dropped and
 * counted. Batching and sending are the SDK's. Says once that the collector is away, and once that it is back.
 */
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { Counter } from 'prom-client';
import type { Logger } from '../logger.ts';

export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  readonly maxSpans: number;
  readonly maxBatch: number;
  readonly everyMs: number;
  readonly spans: Counter<'outcome'>;
  readonly logger: Logger;
  /** For the log. */
  readonly endpoint: string;
}

type Done = Parameters<SpanExporter['export']>[1];

export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;
  #isAway = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
    const { exporter, maxSpans, maxBatch, everyMs } = options;
    this.#batches = new BatchSpanProcessor({
      maxQueueSize: maxSpans,
      maxExportBatchSize: maxBatch,
      scheduledDelayMillis: everyMs,
      exporter: {
        export: (spans, done) => this.#export(spans, done),
        shutdown: () => exporter.shutdown(),
      },
    });
  }

  get waiting(): number {
    return this.#waiting;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= this.#options.maxSpans) {
      this.#options.spans.inc({ outcome: 'dropped' });
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #export(batch: ReadableSpan[], done: Done): void {
    this.#options.exporter.export(batch, (result) => {
      this.#waiting -= batch.length;
      const isSent = result.code === 0;
      this.#options.spans.inc({ outcome: isSent ? 'exported' : 'failed' }, batch.length);
      this.#tell(!isSent, result.error);
      done(result);
    });
  }

  #tell(isAway: boolean, err: Error | undefined): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    const { logger, endpoint } = this.#options;
    if (isAway) logger.warn({ err, endpoint }, 'traces cannot be exported and are dropped');
    else logger.info({ endpoint }, 'traces are exported again');
  }
}
