/**
 * The traces of one partition: a sampled request's span lasts from its reading until the step that emits its sequence is
 * committed, which may be many steps later, and the sequence carries it on. Beside the windows and unknown to them:
 * nothing here is stored, and after a restart or a replay only spans are missing or come again.
 */
import type { RequestEvent, SequenceObserved } from '@precede/contracts';
import type { LogRecord } from '@precede/log';
import { Attr, batchSpan, recordSpan, type Span, type Tracing } from '@precede/service';

/** Requests whose spans wait for their sequence; beyond it the oldest is given up: an import may hold some for hours. */
const maxHeld = 256;

/** How the span of a request ends whose sequence is not seen. */
const givenUp = { code: 'given_up' };

interface Held {
  readonly span: Span;
  readonly zoneId: string;
  readonly pseudonym: string;
  readonly operation: number;
}

export class RequestTraces {
  readonly #tracing: Tracing;
  readonly #partition: number;
  /** By event time: the one number that a request and its sequence share. */
  readonly #held = new Map<number, Held[]>();
  #size = 0;
  /** Of the running step: those that it ends, and those that it has read. */
  #ended: Span[] = [];
  #read: Span[] = [];
  #stepMs = 0;
  #step: Span | undefined;

  constructor(tracing: Tracing, partition: number) {
    this.#tracing = tracing;
    this.#partition = partition;
  }

  begin(): void {
    this.#stepMs = performance.now();
  }

  /** `isTaken`: its sequence comes, now or later; otherwise the step is the end of it. */
  read(record: LogRecord, event: RequestEvent | undefined, isTaken: boolean): void {
    const span = recordSpan(this.#tracing, record);
    if (span === undefined) return;
    if (this.#size >= maxHeld) this.#giveUpOldest();
    this.#read.push(span);
    if (event?.kind === 'request' && isTaken) this.#hold(event, span);
    else this.#ended.push(span);
  }

  /** The context that the sequence carries on, where its request is traced. Asked once for each. */
  contextOf(sequence: SequenceObserved): string | undefined {
    if (this.#size === 0) return undefined;
    const held = this.#held.get(sequence.timeMs);
    if (held === undefined) return undefined;
    const operation = sequence.operations[sequence.operations.length - 1];
    const at = held.findIndex(
      (each) =>
        each.pseudonym === sequence.pseudonym &&
        each.operation === operation &&
        each.zoneId === sequence.zoneId,
    );
    const [found] = at === -1 ? [] : held.splice(at, 1);
    if (found === undefined) return undefined;
    if (held.length === 0) this.#held.delete(sequence.timeMs);
    this.#size -= 1;
    this.#ended.push(found.span);
    return found.span.traceparent;
  }

  /** What the step wrote is on its way to the log. */
  finish(records: number): void {
    const shared = new Set([...this.#read, ...this.#ended]);
    if (shared.size === 0) return;
    this.#step = batchSpan(
      this.#tracing,
      'step requests.v1',
      [...shared].map(({ context }) => context),
      {
        [Attr.messagingDestinationPartitionId]: String(this.#partition),
        [Attr.messagingBatchMessageCount]: records,
      },
      this.#stepMs,
    );
    for (const span of shared) span.link(this.#step.context);
  }

  committed(): void {
    this.#end();
  }

  /** The partition goes: whoever has it next reads what was not committed again, and has no spans of what was held. */
  close(): void {
    this.#end(givenUp);
    for (const held of this.#held.values()) for (const { span } of held) span.end(givenUp);
    this.#held.clear();
    this.#size = 0;
  }

  #giveUpOldest(): void {
    for (const [timeMs, held] of this.#held) {
      const oldest = held.shift();
      if (held.length === 0) this.#held.delete(timeMs);
      oldest?.span.end(givenUp);
      this.#size -= 1;
      return;
    }
  }

  #end(error?: unknown): void {
    for (const span of this.#ended) span.end(error);
    this.#step?.end(error);
    this.#step = undefined;
    this.#ended = [];
    this.#read = [];
  }

  #hold(event: Extract<RequestEvent, { kind: 'request' }>, span: Span): void {
    const { zoneId, sessionId, operation, timeMs } = event;
    const held = { span, zoneId, pseudonym: sessionId.slice(0, 16), operation };
    const others = this.#held.get(timeMs);
    if (others === undefined) this.#held.set(timeMs, [held]);
    else others.push(held);
    this.#size += 1;
  }
}
