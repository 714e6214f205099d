/**
 * Copies sessions.v1, decisions.v1, audit.v1 and, where asked for, requests.v1 to ClickHouse for analysts: decode → collect → insert → commit. A crash between
 * insert and commit inserts the same rows again; their keys make them one.
 */
import {
  auditFromAvro,
  type ConfigChanged,
  type DecisionMade,
  DropReason,
  decisionFromAvro,
  type RequestEvent,
  requestFromAvro,
  type SessionClosed,
  sessionFromAvro,
  Topic,
  type TopicName,
} from '@precede/contracts';
import {
  type AvroCodec,
  type Batch,
  deadLetterOf,
  type LogRecord,
  type OutgoingRecord,
  type PartitionTask,
  type StepResult,
} from '@precede/log';
import {
  type Logger,
  parseTraceparent,
  RecordTraces,
  type Tracing,
  traceparentHeader,
} from '@precede/service';
import { likelihoodColumns, likelihoodOf, type Models, sessionColumns } from './likelihood.ts';
import type { ScorerMetrics } from './metrics.ts';
import { iso, type Storage } from './storage.ts';

export interface Archive {
  readonly topic: TopicName;
  readonly group: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** One insert for that many rows at most, and a step brings no more than 5000 above it. */
  readonly maxRows: number;
  /** null: a record that is no row. */
  toRow(value: unknown, record: LogRecord): unknown[] | null;
  /** Adds to the rows, just before they are stored, what takes a question to ClickHouse. */
  complete?(rows: readonly unknown[][]): Promise<unknown[][]>;
}

const sessionRow = (e: SessionClosed, { topic, partition, offset }: LogRecord): unknown[] => [
  e.zoneId,
  e.sessionId,
  e.source,
  iso(e.firstMs),
  iso(e.lastMs),
  e.length,
  e.operations,
  e.timesMs.map(iso),
  e.cut,
  e.ended,
  topic,
  partition,
  offset,
];

const decisionRow = (e: DecisionMade, { headers }: LogRecord): unknown[] => [
  e.zoneId,
  iso(e.timeMs),
  e.decisionId,
  e.sessionId ?? '',
  e.verdict,
  e.ruleId ?? '',
  e.reason,
  e.operationId ?? '',
  e.method,
  e.host,
  e.path,
  e.lookback,
  e.lookbackMs.map(iso),
  e.action,
  e.ruleSource,
  e.status,
  e.raw,
  e.rawMs.map(iso),
  e.rules,
  e.trace,
  e.remedy,
  e.revision,
  parseTraceparent(headers[traceparentHeader])?.traceId ?? '',
];

const auditRow = (e: ConfigChanged): unknown[] => [
  e.zoneId,
  iso(e.timeMs),
  e.revision,
  e.place,
  e.actor,
  e.resource,
  e.resourceId,
  e.action,
  e.before,
  e.after,
];

/** The end of a source is no request. */
const requestRow = (e: RequestEvent, { topic, partition, offset }: LogRecord): unknown[] | null =>
  e.kind === 'source_ended'
    ? null
    : [
        e.zoneId,
        iso(e.timeMs),
        e.sessionId,
        e.operation,
        e.status,
        e.durationMs,
        e.bytes,
        e.source,
        e.eventId ?? '',
        topic,
        partition,
        offset,
      ];

/** Rows with arrays in them are long. */
const maxLongRows = 5_000;
const maxShortRows = 20_000;

const [zonePlace, operationsPlace, cutPlace] = ['zone_id', 'operations', 'cut'].map((name) =>
  sessionColumns.indexOf(name),
) as [number, number, number];

/** Each with its likelihood under the model that its zone has now. */
export const sessionsArchive = (models: Models): Archive => ({
  topic: Topic.sessions,
  group: 'precede.scorer.sessions',
  table: 'sessions',
  columns: [...sessionColumns, ...likelihoodColumns],
  maxRows: maxLongRows,
  toRow: (value, record) => sessionRow(sessionFromAvro(value), record),
  complete: async (rows) => {
    const completed: unknown[][] = [];
    for (const row of rows) {
      const model = await models.of(row[zonePlace] as string);
      completed.push([
        ...row,
        ...likelihoodOf(model, row[operationsPlace] as number[], row[cutPlace] as number),
      ]);
    }
    return completed;
  },
});

export const decisionsArchive: Archive = {
  topic: Topic.decisions,
  group: 'precede.scorer.decisions',
  table: 'decisions',
  columns:
    'zone_id time decision_id session_id verdict rule_id reason operation_id method host path lookback lookback_times action rule_source status raw raw_times rules trace remedy revision trace_id'.split(
      ' ',
    ),
  maxRows: maxLongRows,
  toRow: (value, record) => decisionRow(decisionFromAvro(value), record),
};

export const auditArchive: Archive = {
  topic: Topic.audit,
  group: 'precede.scorer.audit',
  table: 'audit',
  columns: 'zone_id time revision place actor resource resource_id action before after'.split(' '),
  maxRows: maxLongRows,
  toRow: (value) => auditRow(auditFromAvro(value)),
};

export const requestsArchive: Archive = {
  topic: Topic.requests,
  group: 'precede.scorer.requests',
  table: 'requests',
  columns:
    'zone_id time session_id operation status duration_ms bytes source event_id topic partition offset'.split(
      ' ',
    ),
  maxRows: maxShortRows,
  toRow: (value, record) => requestRow(requestFromAvro(value), record),
};

export interface ArchiveDeps {
  readonly codec: AvroCodec;
  readonly storage: Storage;
  readonly metrics: ScorerMetrics;
  readonly logger: Logger;
  readonly flushIntervalMs: number;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

export class ArchivePartition implements PartitionTask {
  readonly #deps: ArchiveDeps;
  readonly #archive: Archive;
  /** Null: nothing is traced. */
  readonly #traces: RecordTraces | null;
  #rows: unknown[][] = [];
  /** When the oldest record was read that is not committed; undefined: none is. Not each of them became a row. */
  #waitingSince: number | undefined;

  constructor(deps: ArchiveDeps, archive: Archive) {
    this.#deps = deps;
    this.#traces = deps.tracing?.isOn ? new RecordTraces(deps.tracing) : null;
    this.#archive = archive;
  }

  async step(batch: Batch): Promise<StepResult> {
    const { codec } = this.#deps;
    const outputs: OutgoingRecord[] = [];
    const values = batch.records.map((record) => record.value);
    await codec.prepare(this.#archive.topic, values);
    if (batch.records.length > 0) this.#waitingSince ??= performance.now();
    for (const record of batch.records) this.#take(record, outputs);
    if (!this.#isDue()) return { outputs, commit: null };
    const store = (): Promise<void> => this.#store();
    const name = `store ${this.#archive.table}`;
    await (this.#traces === null ? store() : this.#traces.stored(name, {}, store));
    return { outputs, commit: batch.position };
  }

  /** What waits was not committed: it comes again. */
  async close(): Promise<void> {
    this.#traces?.close();
    this.#rows = [];
  }

  #isDue(): boolean {
    if (this.#waitingSince === undefined) return false;
    const waitedMs = performance.now() - this.#waitingSince;
    return this.#rows.length >= this.#archive.maxRows || waitedMs >= this.#deps.flushIntervalMs;
  }

  #take(record: LogRecord, outputs: OutgoingRecord[]): void {
    const { codec, logger, metrics } = this.#deps;
    const { topic, partition, offset } = record;
    try {
      if (record.value === null) throw new Error('a tombstone has no meaning here');
      const row = this.#archive.toRow(codec.decode(topic, record.value), record);
      if (row === null) return;
      this.#rows.push(row);
      this.#traces?.take(record);
    } catch (error) {
      logger.warn({ err: error, topic, partition, offset }, 'unreadable record passed');
      metrics.archived.inc({ topic, outcome: 'unreadable' });
      outputs.push(deadLetterOf(codec, record, DropReason.unreadable, (error as Error).message));
    }
  }

  async #store(): Promise<void> {
    const rows = (await this.#archive.complete?.(this.#rows)) ?? this.#rows;
    await this.#deps.storage.insert(this.#archive.table, this.#archive.columns, rows);
    this.#deps.metrics.archived.inc({ topic: this.#archive.topic, outcome: 'stored' }, rows.length);
    this.#rows = [];
    this.#waitingSince = undefined;
  }
}
