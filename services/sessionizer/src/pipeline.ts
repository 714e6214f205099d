/**
 * The data path of one partition: decode → step → write → commit. Writing and committing are the log's, in one
 * transaction; whatever fails before leaves nothing behind, and the partition is opened anew from what is committed.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  DropReason,
  ErrorCode,
  isSourceId,
  LIVE,
  maxEventIdBytes,
  PrecedeError,
  type RequestEvent,
  requestFromAvro,
  Topic,
} from '@precede/contracts';
import {
  type Assignment,
  type AvroCodec,
  type Batch,
  deadLetterOf,
  type LogRecord,
  type OutgoingRecord,
  type PartitionTask,
  type StepResult,
} from '@precede/log';
import type { JournalLimits, Restored, WindowBounds, WindowsState, ZoneWindows } from '@precede/sequence';
import type { Logger, Tracing } from '@precede/service';
import type { SessionizerMetrics } from './metrics.ts';
import { journalRecords, sequenceRecord, sessionRecord } from './records.ts';
import { RequestTraces } from './request-traces.ts';
import { restorePartition } from './restore.ts';
import { PartitionSessionizer } from './sessionizer.ts';
import { countCommitted, createTally, type Refusal, type Tally } from './tally.ts';

export interface PipelineDeps {
  readonly codec: AvroCodec;
  readonly zones: ZoneWindows;
  readonly bounds: Partial<WindowBounds>;
  readonly limits: JournalLimits;
  readonly metrics: SessionizerMetrics;
  readonly logger: Logger;
  /** The states of all open partitions, for the gauges. */
  readonly states: Set<WindowsState>;
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

const progressEveryMs = 5_000;
const longestSliceMs = 50;

/** Restores the partition's windows; its state goes with the task. */
export const openPartition = async (deps: PipelineDeps, assignment: Assignment): Promise<PartitionTask> => {
  const { metrics, logger } = deps;
  const { partition, position } = assignment;
  metrics.restoring.inc();
  const stop = metrics.restoreSeconds.startTimer();
  let restored: Restored;
  let records = 0;
  let toldMs = performance.now();
  try {
    restored = await restorePartition(assignment, deps.codec, deps.bounds, (count) => {
      records += count;
      metrics.restoredRecords.inc(count);
      if (performance.now() - toldMs < progressEveryMs) return;
      toldMs = performance.now();
      logger.info({ partition, records }, 'restoring');
    });
  } finally {
    metrics.restoring.dec();
  }
  const restoreSeconds = stop();
  const { state, journal } = restored;
  if (journal.position !== null && journal.position !== position)
    throw otherPosition(partition, position, journal.position);
  logger.info(
    {
      partition,
      position,
      records,
      openWindows: state.openWindows,
      remembered: state.remembered,
      restoreSeconds,
    },
    'partition opened',
  );
  deps.states.add(state);
  const core = new PartitionSessionizer(restored, deps.zones, deps.limits);
  const traces = deps.tracing?.isOn ? new RequestTraces(deps.tracing, partition) : undefined;
  const step = { ...deps, core, traces };
  let tally = createTally();
  let stopCommit: (() => number) | undefined;
  return {
    step: async (batch) => {
      tally = createTally();
      const result = await stepBatch(step, partition, batch, tally);
      stopCommit = result.commit === null ? undefined : metrics.commitSeconds.startTimer();
      return result;
    },
    committed: () => {
      stopCommit?.();
      stopCommit = undefined;
      traces?.committed();
      countCommitted(metrics, tally);
    },
    close: async () => {
      if (stopCommit !== undefined) metrics.aborts.inc();
      traces?.close();
      deps.states.delete(state);
    },
  };
};

/** Going on would count requests twice or leave some out. */
const otherPosition = (partition: number, committed: number, kept: number): PrecedeError =>
  new PrecedeError(
    ErrorCode.stateMismatch,
    `The windows of ${Topic.requests}/${partition} stand at offset ${kept}, its group at ${committed}: something else has moved the group's offsets. Set the offset back to ${kept}, or give up the open windows by deleting the records of ${Topic.changelog}/${partition}.`,
  );

interface StepDeps extends PipelineDeps {
  readonly core: PartitionSessionizer;
  /** Absent: nothing is traced. */
  readonly traces: RequestTraces | undefined;
}

const stepBatch = async (
  deps: StepDeps,
  partition: number,
  batch: Batch,
  tally: Tally,
): Promise<StepResult> => {
  const { codec, metrics, core, traces } = deps;
  traces?.begin();
  // 1. Fetch the schemas the values name. A registry that is away fails the step: nothing is passed by mistake.
  if (batch.records.length > 0)
    await codec.prepare(
      Topic.requests,
      batch.records.map((record) => record.value),
    );
  const stop = metrics.stepSeconds.startTimer();
  // 2. Decode, order, and encode what comes of each. A record nobody can read, or that came too late, becomes a dead
  //    letter and is passed.
  const records: OutgoingRecord[] = [];
  for (const record of batch.records) {
    takeRecord(deps, record, records, tally);
    takeOutputs(deps, records, tally);
  }
  const write = core.finish(batch, batch.records.length > 0);
  takeOutputs(deps, records, tally);
  // 3. The journal stays in this partition, so that whoever gets it finds its state.
  if (write !== undefined) {
    let restedMs = performance.now();
    for (const record of journalRecords(codec, write, partition)) {
      records.push(record);
      // The partition waits, heartbeats and the other partitions need not.
      if (performance.now() - restedMs < longestSliceMs) continue;
      await nextTurn();
      restedMs = performance.now();
    }
    if (write.kind === 'base') metrics.bases.inc();
  }
  // 4. Hand over to the log: all of it and the offset, or nothing. A tick that changed nothing writes nothing.
  if (batch.records.length > 0) stop();
  traces?.finish(batch.records.length);
  const isEmpty = batch.records.length === 0 && records.length === 0;
  return { outputs: records, commit: isEmpty ? null : batch.position };
};

const takeRecord = (deps: StepDeps, record: LogRecord, letters: OutgoingRecord[], tally: Tally): void => {
  const event = decode(deps, record, letters, tally);
  const verdict = event && deps.core.take(event, record.offset, record.appendTimeMs);
  deps.traces?.read(record, event, verdict === 'taken');
  if (event === undefined || verdict === undefined) return;
  if (event.kind !== 'request') return;
  tally.requests++;
  if (verdict === 'taken') return;
  if (verdict === 'repeated') {
    tally.repeated++;
    return;
  }
  tally.refused[verdict]++;
  letters.push(deadLetterOf(deps.codec, record, verdict, messages[verdict]));
};

/** After each request: a sequence is ten times the size of its record, and a batch of them outlives a collection. */
const takeOutputs = (
  { codec, core: { outputs }, traces }: StepDeps,
  records: OutgoingRecord[],
  tally: Tally,
): void => {
  const { sequences, closed } = outputs;
  if (sequences.length > 0) {
    for (const sequence of sequences)
      records.push(sequenceRecord(codec, sequence, traces?.contextOf(sequence)));
    tally.sequences += sequences.length;
    sequences.length = 0;
  }
  if (closed.length > 0) {
    for (const session of closed) {
      records.push(sessionRecord(codec, session));
      tally.closed[session.ended] += 1;
    }
    closed.length = 0;
  }
  tally.releasedEarly += outputs.releasedEarly;
  tally.forgottenEarly += outputs.forgottenEarly;
  outputs.releasedEarly = 0;
  outputs.forgottenEarly = 0;
};

const messages: Readonly<Record<Refusal, string>> = {
  late: 'A later request of the session has been emitted already.',
  window_closed: 'A session window that covers this time has been closed.',
  source_ended: 'The source of the request has ended.',
};

/**
 * Ingest lets none of this through; another producer might. Later steps add a gap to times, write operations as 32 bits and
 * ids into records of a bounded size: what cannot be written must not come in. And one live request of tomorrow would end
 * today for all sessions of its zone.
 */
const check = (event: RequestEvent, appendTimeMs: number): void => {
  if (!isSourceId(event.source)) throw new Error('The source is no name.');
  if (event.kind !== 'request') return;
  if (event.timeMs < 0 || event.timeMs > maxTimeMs) throw new Error('The time is no date.');
  if (event.source === LIVE && event.timeMs > appendTimeMs + maxLeadMs)
    throw new Error('The time of a live request is more than 10 minutes ahead of the clock of the log.');
  if (event.operation < 0 || event.operation > 0xffff_ffff) throw new Error('The operation has no 32 bits.');
  if (event.eventId !== null && Buffer.byteLength(event.eventId) > maxEventIdBytes)
    throw new Error(`The event id is longer than ${maxEventIdBytes} bytes.`);
};

/** The last date of ECMAScript. */
const maxTimeMs = 8_640_000_000_000_000;
// Ingest takes five from its clients; the clocks of ingest and log may differ besides.
const maxLeadMs = 10 * 60_000;

const decode = (
  deps: PipelineDeps,
  record: LogRecord,
  letters: OutgoingRecord[],
  tally: Tally,
): RequestEvent | undefined => {
  try {
    if (record.value === null) throw new Error('The record has no value.');
    const event = requestFromAvro(deps.codec.decode(Topic.requests, record.value));
    check(event, record.appendTimeMs);
    return event;
  } catch (err) {
    const { topic, partition, offset } = record;
    tally.unreadable++;
    deps.logger.warn({ err, topic, partition, offset }, 'record cannot be read');
    letters.push(deadLetterOf(deps.codec, record, DropReason.unreadable, (err as Error).message));
    return undefined;
  }
};
