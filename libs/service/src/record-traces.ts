/**
 * The traces of records that are read one by one and take effect together: each record's span lasts from its reading
 * until what became of it is stored. Beside the state and never part of it: what is lost with a restart are spans.
 */
import { Attr } from './trace-attributes.ts';
import type { TraceContext } from './trace-context.ts';
import { type Attributes, newTrace, type Span, type Tracing } from './tracing.ts';

/** What a span tells of a record; that of the log's port. */
export interface TracedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Spans that may be open for one partition; further records are not followed. */
const maxOpen = 256;
/** A span of a batch links to so many. */
const maxLinks = 32;

export const recordSpan = (tracing: Tracing, record: TracedRecord): Span | undefined => {
  const origin = tracing.follow(record.headers);
  if (origin === undefined) return undefined;
  const { topic, partition, offset } = record;
  return tracing.start(`process ${topic}`, origin, {
    kind: 'consumer',
    attributes: {
      ...topicAttributes(tracing, topic, 'process'),
      [Attr.messagingDestinationPartitionId]: String(partition),
      [Attr.kafkaOffset]: offset,
    },
  });
};

export const topicAttributes = (
  tracing: Tracing,
  topic: string,
  operation: 'send' | 'process',
): Attributes => ({
  [Attr.messagingSystemName]: tracing.messagingSystem,
  [Attr.messagingDestinationName]: topic,
  [Attr.messagingOperationName]: operation,
  [Attr.messagingOperationType]: operation,
});

/** A span of its own trace for what many records share: a step, an insert. */
export const batchSpan = (
  tracing: Tracing,
  name: string,
  of: readonly TraceContext[],
  attributes: Attributes,
  startMs?: number,
): Span =>
  tracing.start(name, newTrace, {
    attributes,
    links: of.slice(0, maxLinks),
    ...(startMs === undefined ? {} : { startMs }),
  });

export class RecordTraces {
  readonly #tracing: Tracing;
  #open: Span[] = [];

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  take(record: TracedRecord): void {
    if (this.#open.length >= maxOpen) {
      if (this.#tracing.follow(record.headers) !== undefined) this.#tracing.leaveOut(1);
      return;
    }
    const span = recordSpan(this.#tracing, record);
    if (span !== undefined) this.#open.push(span);
  }

  /** The work that stores what was taken, as a span that its records and it link to each other. */
  async stored<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
    if (this.#open.length === 0) return work();
    const open = this.#open;
    this.#open = [];
    const batch = batchSpan(
      this.#tracing,
      name,
      open.map(({ context }) => context),
      { ...attributes, [Attr.messagingBatchMessageCount]: open.length },
    );
    for (const span of open) span.link(batch.context);
    const end = (error?: unknown): void => {
      for (const span of [batch, ...open]) span.end(error);
    };
    try {
      const result = await this.#tracing.within(batch, work);
      end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  /** The partition goes: whoever reads the records again makes spans of its own. */
  close(): void {
    for (const span of this.#open) span.end({ code: 'given_up' });
    this.#open = [];
  }
}
