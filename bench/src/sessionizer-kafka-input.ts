/**
 * The stream both sessionizers of sessionizer-kafka.bench.ts are given, and the sessions that must come of it. Sessions
 * begin 20 a second and have 10 requests in the mean, 15 s apart; a tenth comes back after the gap; requests arrive up to
 * 2 s after their time.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  type RequestEvent,
  requestToAvro,
  type SessionClosed,
  type SessionId,
  type ShortId,
  type SourceId,
  sessionKey,
  Topic,
  type ZoneId,
} from '@precede/contracts';
import type { EventLog, OutgoingRecord } from '@precede/log';
import { seeded } from '@precede/testkit/seeded';

export const zoneId = 'b'.repeat(32) as ZoneId;
export const source = 'bench' as SourceId;
export const partitions = 4;

/** In order of arrival; `timesMs` is event time. */
export interface Stream {
  readonly sessions: Uint32Array;
  readonly operations: Uint32Array;
  readonly timesMs: Float64Array;
}

const startMs = 1_700_000_000_000;
const operationCount = 48;

export const makeStream = (events: number, seed: number): Stream => {
  const draw = seeded(seed);
  const spread = (mean: number): number => -Math.log(1 - draw()) * mean;
  const anyOperation = (): number => Math.floor(draw() * operationCount);
  // Each operation has four likely followers.
  const next = Array.from({ length: operationCount }, () => Array.from({ length: 4 }, anyOperation));
  const arrivals = new Float64Array(events);
  const made = {
    sessions: new Uint32Array(events),
    operations: new Uint32Array(events),
    timesMs: new Float64Array(events),
  };
  let at = 0;
  let beginMs = 0;
  for (let session = 0; at < events; session++) {
    beginMs += spread(50);
    let timeMs = beginMs;
    do {
      let operation = anyOperation();
      do {
        made.sessions[at] = session;
        made.operations[at] = operation + 1;
        made.timesMs[at] = startMs + Math.round(timeMs);
        arrivals[at] = timeMs + draw() * 2_000;
        at++;
        operation = (draw() < 0.8 ? next[operation]?.[Math.floor(draw() * 4)] : undefined) ?? anyOperation();
        timeMs += 5 + Math.min(spread(15_000), 300_000);
      } while (draw() > 0.1 && at < events);
      timeMs += 700_000 + spread(600_000);
    } while (draw() < 0.1 && at < events);
  }
  const order = Uint32Array.from({ length: events }, (_, i) => i).sort(
    (a, b) => (arrivals[a] ?? 0) - (arrivals[b] ?? 0) || a - b,
  );
  return {
    sessions: order.map((i) => made.sessions[i] ?? 0),
    operations: order.map((i) => made.operations[i] ?? 0),
    timesMs: Float64Array.from(order, (i) => made.timesMs[i] ?? 0),
  };
};

export const sessionIdOf = (session: number): SessionId =>
  (Math.imul(session, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0').repeat(4) as SessionId;

/** One text a session, by which two outputs are compared. */
export const lineOf = (
  session: Omit<SessionClosed, 'zoneId' | 'source' | 'ended' | 'timesMs' | 'cut'>,
): string =>
  `${session.sessionId} ${session.firstMs} ${session.lastMs} ${session.length} ${crc32(session.operations.join())}`;

export const digestOf = (lines: readonly string[]): string =>
  `${lines.length} sessions ${createHash('sha256').update(lines.toSorted().join('\n')).digest('hex').slice(0, 16)}`;

/** What a sort of the whole input says must come out. */
export const expectedOf = ({ sessions, operations, timesMs }: Stream, gapMs: number): string => {
  const lines: string[] = [];
  for (const [session, indexes] of Map.groupBy(sessions.keys(), (i) => sessions[i] ?? 0)) {
    indexes.sort((a, b) => (timesMs[a] ?? 0) - (timesMs[b] ?? 0));
    const timeAt = (place: number): number => timesMs[indexes[place] ?? 0] ?? 0;
    for (let first = 0; first < indexes.length; ) {
      let end = first + 1;
      while (end < indexes.length && timeAt(end) - timeAt(end - 1) <= gapMs) end++;
      const own = indexes.slice(first, end).map((i) => operations[i] as ShortId);
      const line = { firstMs: timeAt(first), lastMs: timeAt(end - 1), length: own.length, operations: own };
      lines.push(lineOf({ sessionId: sessionIdOf(session), ...line }));
      first = end;
    }
  }
  return digestOf(lines);
};

export const requestRecord = (
  log: EventLog,
  request: { session: number; operation: number; timeMs: number; id: number },
): OutgoingRecord => {
  const sessionId = sessionIdOf(request.session);
  const event: RequestEvent = {
    kind: 'request',
    zoneId,
    sessionId,
    operation: request.operation as ShortId,
    timeMs: request.timeMs,
    source,
    status: 200,
    durationMs: 12.5,
    bytes: 2_048,
    eventId: eventIdOf(request.id),
  };
  const value = log.codec.encode(Topic.requests, requestToAvro(event));
  return { topic: Topic.requests, key: sessionKey(zoneId, sessionId), value };
};

/** As long as a UUID. */
const eventIdOf = (id: number): string => {
  const hex = id.toString(16).padStart(12, '0');
  return `0198c2f4-7b3e-7d10-9a55-${hex}`;
};

export const endRecords = (log: EventLog): OutgoingRecord[] => {
  const value = log.codec.encode(Topic.requests, requestToAvro({ kind: 'source_ended', zoneId, source }));
  const key = Buffer.from(zoneId, 'hex');
  return Array.from({ length: partitions }, (_, partition) => ({
    topic: Topic.requests,
    key,
    value,
    partition,
  }));
};

const recordsPerSend = 8_000;

/** Writes the stream and the end of its source; bytes of keys and values. */
export const load = async (log: EventLog, stream: Stream): Promise<number> => {
  const producer = await log.producer();
  const { sessions, operations, timesMs } = stream;
  let bytes = 0;
  for (let from = 0; from < sessions.length; from += recordsPerSend) {
    const records = Array.from({ length: Math.min(recordsPerSend, sessions.length - from) }, (_, i) =>
      requestRecord(log, {
        session: sessions[from + i] ?? 0,
        operation: operations[from + i] ?? 0,
        timeMs: timesMs[from + i] ?? 0,
        id: from + i,
      }),
    );
    for (const { key, value } of records) bytes += key.length + (value?.length ?? 0);
    await producer.send(records);
  }
  await producer.send(endRecords(log));
  await producer.close();
  return bytes;
};
