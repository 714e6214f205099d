/**
 * Between the events and what the Avro schemas in ../avro describe (ids as fixed bytes, snake_case names).
 * Encoding itself is the log's; nothing here reads or writes bytes of records.
 */
import {
  type AvroExpressionRule,
  type AvroList,
  type AvroPhase,
  type AvroTokenConfiguration,
  expressionRuleFromAvro,
  expressionRuleToAvro,
  listFromAvro,
  listToAvro,
  phaseFromAvro,
  phaseToAvro,
  tokenConfigurationFromAvro,
  tokenConfigurationToAvro,
} from './avro-rules.ts';
import type {
  ChangelogEntry,
  DeadLetter,
  DecisionMade,
  DropReason,
  HeldRequest,
  JournalChunk,
  JournalHead,
  JournalHeld,
  JournalRequest,
  RequestEvent,
  SequenceObserved,
  SessionClosed,
  SessionEnd,
  UnmatchedObserved,
  Verdict,
  WindowState,
} from './events.ts';
import type { OperationId, RuleId, SessionId, ShortId, SourceId, ZoneId } from './ids.ts';
import type { TopicName } from './topics.ts';
import { zoneBytes } from './zone-bytes.ts';
import type {
  ConfigRecord,
  FailMode,
  Method,
  Operation,
  RequestsOrigin,
  SequenceRule,
  SessionIdentifier,
  ZoneSettings,
} from './zone-config.ts';

/** Where the writer's schema of a topic lies; read once at start. */
export const schemaUrl = (topic: TopicName): URL => new URL(`../avro/${topic}.avsc`, import.meta.url);

const toBytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const zoneOf = (bytes: Buffer): ZoneId => bytes.toString('hex') as ZoneId;
const sessionOf = (bytes: Buffer): SessionId => bytes.toString('hex') as SessionId;
const noSession = Buffer.alloc(16);

interface AvroRequest {
  kind: 'request' | 'source_ended';
  zone: Buffer;
  session: Buffer;
  operation: number;
  time: number;
  source: string;
  status: number | null;
  duration_ms: number | null;
  bytes: number | null;
  event_id: string | null;
}

export const requestToAvro = (event: RequestEvent): AvroRequest => {
  if (event.kind === 'source_ended')
    return {
      kind: 'source_ended',
      zone: zoneBytes(event.zoneId),
      session: noSession,
      operation: 0,
      time: 0,
      source: event.source,
      status: null,
      duration_ms: null,
      bytes: null,
      event_id: null,
    };
  return {
    kind: 'request',
    zone: zoneBytes(event.zoneId),
    session: toBytes(event.sessionId),
    operation: event.operation,
    time: event.timeMs,
    source: event.source,
    status: event.status,
    duration_ms: event.durationMs,
    bytes: event.bytes,
    event_id: event.eventId,
  };
};

export const requestFromAvro = (value: unknown): RequestEvent => {
  const r = value as AvroRequest;
  const zoneId = zoneOf(r.zone);
  const source = r.source as SourceId;
  if (r.kind === 'source_ended') return { kind: 'source_ended', zoneId, source };
  return {
    kind: 'request',
    zoneId,
    sessionId: sessionOf(r.session),
    operation: r.operation as ShortId,
    timeMs: r.time,
    source,
    status: r.status,
    durationMs: r.duration_ms,
    bytes: r.bytes,
    eventId: r.event_id,
  };
};

interface AvroUnmatched {
  zone: Buffer;
  method: string;
  host: string;
  path: string;
  time: number;
  status: number | null;
}

export const unmatchedToAvro = (e: UnmatchedObserved): AvroUnmatched => ({
  zone: zoneBytes(e.zoneId),
  method: e.method,
  host: e.host,
  path: e.path,
  time: e.timeMs,
  status: e.status,
});

export const unmatchedFromAvro = (value: unknown): UnmatchedObserved => {
  const r = value as AvroUnmatched;
  return {
    zoneId: zoneOf(r.zone),
    method: r.method,
    host: r.host,
    path: r.path,
    timeMs: r.time,
    status: r.status,
  };
};

interface AvroSequence {
  zone: Buffer;
  time: number;
  source: string;
  operations: readonly number[];
  run_lengths: readonly number[];
  age_ms: readonly number[];
  pseudonym: Buffer;
}

export const sequenceToAvro = (e: SequenceObserved): AvroSequence => ({
  zone: zoneBytes(e.zoneId),
  time: e.timeMs,
  source: e.source,
  operations: e.operations,
  run_lengths: e.runLengths,
  age_ms: e.ageMs,
  pseudonym: toBytes(e.pseudonym),
});

export const sequenceFromAvro = (value: unknown): SequenceObserved => {
  const r = value as AvroSequence;
  return {
    zoneId: zoneOf(r.zone),
    timeMs: r.time,
    source: r.source as SourceId,
    operations: r.operations as readonly ShortId[],
    runLengths: r.run_lengths,
    ageMs: r.age_ms,
    pseudonym: r.pseudonym.toString('hex'),
  };
};

interface AvroSession {
  zone: Buffer;
  session: Buffer;
  source: string;
  first: number;
  last: number;
  length: number;
  operations: readonly number[];
  times: readonly number[];
  cut: number;
  ended: SessionEnd;
}

export const sessionToAvro = (e: SessionClosed): AvroSession => ({
  zone: zoneBytes(e.zoneId),
  session: toBytes(e.sessionId),
  source: e.source,
  first: e.firstMs,
  last: e.lastMs,
  length: e.length,
  operations: e.operations,
  times: e.timesMs,
  cut: e.cut,
  ended: e.ended,
});

export const sessionFromAvro = (value: unknown): SessionClosed => {
  const r = value as AvroSession;
  return {
    zoneId: zoneOf(r.zone),
    sessionId: sessionOf(r.session),
    source: r.source as SourceId,
    firstMs: r.first,
    lastMs: r.last,
    length: r.length,
    operations: r.operations as readonly ShortId[],
    timesMs: r.times,
    cut: r.cut,
    ended: r.ended,
  };
};

interface AvroHeld {
  operation: number;
  time: number;
  offset: number;
  event_id: string | null;
}
interface AvroChangelog {
  zone: Buffer;
  source: string;
  window: {
    session: Buffer;
    first: number;
    last: number;
    length: number;
    operations: readonly number[];
    times: readonly number[];
    run_operations: readonly number[];
    run_lengths: readonly number[];
    run_last: readonly number[];
    held: readonly AvroHeld[];
    event_ids: readonly string[];
    closed: number | null;
  } | null;
  watermark: { max_time: number; has_ended: boolean; closed: number | null; seen: number } | null;
  head: {
    generation: number;
    bounds: Readonly<Record<string, number>>;
    position: number;
    held: number;
  } | null;
  chunk: AvroChunk | null;
  held: AvroChunk | null;
}
interface AvroChunk {
  generation: number;
  sequence: number;
  settings: readonly { zone: Buffer; gap: number; grace: number }[];
  sources: readonly { zone: Buffer; source: string; seen: number }[];
  sessions: Buffer;
  request_sources: readonly number[];
  operations: readonly number[];
  times: readonly number[];
  offsets: readonly number[];
  event_ids: readonly (string | null)[];
  ends: readonly { before: number; source: number }[];
  tick: number | null;
  is_at_end: boolean;
  position: number;
}

const heldToAvro = (h: HeldRequest): AvroHeld => ({
  operation: h.operation,
  time: h.timeMs,
  offset: h.offset,
  event_id: h.eventId,
});
const heldFromAvro = (h: AvroHeld): HeldRequest => ({
  operation: h.operation as ShortId,
  timeMs: h.time,
  offset: h.offset,
  eventId: h.event_id,
});

const noZone = Buffer.alloc(16);
const sessionBytes = 16;

export const changelogToAvro = (e: ChangelogEntry): AvroChangelog => {
  const none = { window: null, watermark: null, head: null, chunk: null, held: null };
  if (e.kind === 'head') return { ...none, zone: noZone, source: '', head: headToAvro(e) };
  if (e.kind === 'chunk') return { ...none, zone: noZone, source: '', chunk: chunkToAvro(e) };
  if (e.kind === 'held') return { ...none, zone: noZone, source: '', held: chunkToAvro(heldAsChunk(e)) };
  const named = { ...none, zone: zoneBytes(e.zoneId), source: e.source };
  if (e.kind === 'window') return { ...named, window: windowToAvro(e) };
  const watermark = { max_time: e.maxTimeMs, has_ended: e.hasEnded, closed: e.closedMs, seen: e.seenMs };
  return { ...named, watermark };
};

const windowToAvro = (e: WindowState): NonNullable<AvroChangelog['window']> => ({
  session: toBytes(e.sessionId),
  first: e.firstMs,
  last: e.lastMs,
  length: e.length,
  operations: e.operations,
  times: e.timesMs,
  run_operations: e.runOperations,
  run_lengths: e.runLengths,
  run_last: e.runLastMs,
  held: e.held.map(heldToAvro),
  event_ids: e.eventIds,
  closed: e.closedMs,
});

const headToAvro = ({
  generation,
  bounds,
  position,
  held,
}: JournalHead): NonNullable<AvroChangelog['head']> => ({
  generation,
  position,
  held,
  bounds: Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, bound ?? -1])),
});

const heldAsChunk = ({ generation, sequence, requests, offsets }: JournalHeld): JournalChunk => {
  const named = new Map(
    requests.map(({ zoneId, source }) => [zoneId + source, { zoneId, source, seenMs: 0 }]),
  );
  return {
    kind: 'chunk',
    generation,
    sequence,
    settings: [],
    sources: [...named.values()],
    requests,
    offsets,
    ends: [],
    tickMs: null,
    isAtEnd: false,
    position: 0,
  };
};

const chunkToAvro = (e: JournalChunk): AvroChunk => {
  const sessions = Buffer.allocUnsafe(e.requests.length * sessionBytes);
  const places = new Map<ZoneId, Map<SourceId, number>>();
  e.sources.forEach(({ zoneId, source }, place) => {
    const known = places.get(zoneId);
    if (known === undefined) places.set(zoneId, new Map([[source, place]]));
    else known.set(source, place);
  });
  const placeOf = ({ zoneId, source }: JournalRequest): number => places.get(zoneId)?.get(source) ?? 0;
  e.requests.forEach((request, i) => void sessions.write(request.sessionId, i * sessionBytes, 'hex'));
  return {
    generation: e.generation,
    sequence: e.sequence,
    settings: e.settings.map((s) => ({
      zone: zoneBytes(s.zoneId),
      gap: s.inactivityGapMs,
      grace: s.graceMs,
    })),
    sources: e.sources.map((s) => ({ zone: zoneBytes(s.zoneId), source: s.source, seen: s.seenMs })),
    sessions,
    request_sources: e.requests.map(placeOf),
    operations: e.requests.map((r) => r.operation),
    times: e.requests.map((r) => r.timeMs),
    offsets: e.offsets,
    event_ids: e.requests.map((r) => r.eventId),
    ends: e.ends,
    tick: e.tickMs,
    is_at_end: e.isAtEnd,
    position: e.position,
  };
};

const chunkFromAvro = (c: AvroChunk): JournalChunk => {
  const sources = c.sources.map((s) => ({
    zoneId: zoneOf(s.zone),
    source: s.source as SourceId,
    seenMs: s.seen,
  }));
  const requests = c.request_sources.map((place, i): JournalRequest => {
    const { zoneId, source } = sources[place] as (typeof sources)[number];
    return {
      zoneId,
      source,
      sessionId: c.sessions.toString('hex', i * sessionBytes, (i + 1) * sessionBytes) as SessionId,
      operation: c.operations[i] as ShortId,
      timeMs: c.times[i] as number,
      eventId: c.event_ids[i] ?? null,
    };
  });
  return {
    kind: 'chunk',
    generation: c.generation,
    sequence: c.sequence,
    settings: c.settings.map((s) => ({
      zoneId: zoneOf(s.zone),
      inactivityGapMs: s.gap,
      graceMs: s.grace,
    })),
    sources,
    requests,
    offsets: c.offsets,
    ends: c.ends,
    tickMs: c.tick,
    isAtEnd: c.is_at_end,
    position: c.position,
  };
};

const headFromAvro = ({
  generation,
  bounds,
  position,
  held,
}: NonNullable<AvroChangelog['head']>): JournalHead => ({
  kind: 'head',
  generation,
  position,
  held,
  bounds: Object.fromEntries(Object.entries(bounds).map(([name, bound]) => [name, bound < 0 ? null : bound])),
});

export const changelogFromAvro = (value: unknown): ChangelogEntry => {
  const r = value as AvroChangelog;
  // Records of a release before the journal have neither.
  if (r.head !== null) return headFromAvro(r.head);
  if (r.chunk !== null) return chunkFromAvro(r.chunk);
  if (r.held !== null) {
    const { generation, sequence, requests, offsets } = chunkFromAvro(r.held);
    return { kind: 'held', generation, sequence, requests, offsets };
  }
  const head = { zoneId: zoneOf(r.zone), source: r.source as SourceId };
  const w = r.window;
  if (w === null)
    return {
      kind: 'watermark',
      ...head,
      maxTimeMs: r.watermark?.max_time ?? 0,
      hasEnded: r.watermark?.has_ended ?? false,
      closedMs: r.watermark?.closed ?? null,
      seenMs: r.watermark?.seen ?? 0,
    };
  return {
    kind: 'window',
    ...head,
    sessionId: sessionOf(w.session),
    firstMs: w.first,
    lastMs: w.last,
    length: w.length,
    operations: w.operations as readonly ShortId[],
    timesMs: w.times,
    runOperations: w.run_operations as readonly ShortId[],
    runLengths: w.run_lengths,
    runLastMs: w.run_last,
    held: w.held.map(heldFromAvro),
    eventIds: w.event_ids,
    closedMs: w.closed,
  };
};

interface AvroOperation {
  operation_id: string;
  short_id: number;
  method: string;
  host: string;
  endpoint: string;
  last_updated: number;
}
interface AvroRule {
  rule_id: string;
  title: string;
  kind: 'allow' | 'block';
  action: 'block' | 'log';
  start: string;
  end: string;
  position: number;
  priority: number | null;
  rollout_percent: number | null;
  created_at: number;
  last_updated: number;
}
interface AvroSettings {
  name: string;
  created_at: number;
  inactivity_gap_ms: number;
  grace_ms: number;
  retired_short_ids: readonly number[];
  sequence_cookies: boolean;
  log_only: boolean;
  fail_mode: string | null;
  requests_origin: string;
  decision_header: boolean;
}
interface AvroConfig {
  zone: Buffer;
  id: string;
  revision: number;
  records: number;
  operation: AvroOperation | null;
  session_identifiers: { items: readonly SessionIdentifier[] } | null;
  sequence_rule: AvroRule | null;
  expression_rule: AvroExpressionRule | null;
  phase: AvroPhase | null;
  named_list: AvroList | null;
  token_configuration: AvroTokenConfiguration | null;
  zone_settings: AvroSettings | null;
}

const operationToAvro = (o: Operation): AvroOperation => ({
  operation_id: o.operationId,
  short_id: o.shortId,
  method: o.method,
  host: o.host,
  endpoint: o.endpoint,
  last_updated: o.lastUpdatedMs,
});
const operationFromAvro = (o: AvroOperation): Operation => ({
  operationId: o.operation_id as OperationId,
  shortId: o.short_id as ShortId,
  method: o.method as Method,
  host: o.host,
  endpoint: o.endpoint,
  lastUpdatedMs: o.last_updated,
});
const ruleToAvro = (r: SequenceRule): AvroRule => ({
  rule_id: r.ruleId,
  title: r.title,
  kind: r.kind,
  action: r.action,
  start: r.start,
  end: r.end,
  position: r.position,
  priority: r.priority ?? null,
  rollout_percent: r.rolloutPercent ?? null,
  created_at: r.createdAtMs,
  last_updated: r.lastUpdatedMs,
});
const ruleFromAvro = (r: AvroRule): SequenceRule => ({
  ruleId: r.rule_id as RuleId,
  title: r.title,
  kind: r.kind,
  action: r.action,
  start: r.start as OperationId,
  end: r.end as OperationId,
  position: r.position,
  ...(r.priority === null ? {} : { priority: r.priority }),
  ...(r.rollout_percent === null ? {} : { rolloutPercent: r.rollout_percent }),
  createdAtMs: r.created_at,
  lastUpdatedMs: r.last_updated,
});
const settingsToAvro = (s: ZoneSettings): AvroSettings => ({
  name: s.name,
  created_at: s.createdAtMs,
  inactivity_gap_ms: s.inactivityGapMs,
  grace_ms: s.graceMs,
  retired_short_ids: s.retiredShortIds,
  sequence_cookies: s.hasSequenceCookies,
  log_only: s.isLogOnly,
  fail_mode: s.failMode,
  requests_origin: s.requestsOrigin,
  decision_header: s.hasDecisionHeader,
});
const settingsFromAvro = (s: AvroSettings): ZoneSettings => ({
  name: s.name,
  createdAtMs: s.created_at,
  inactivityGapMs: s.inactivity_gap_ms,
  graceMs: s.grace_ms,
  retiredShortIds: s.retired_short_ids as readonly ShortId[],
  hasSequenceCookies: s.sequence_cookies,
  isLogOnly: s.log_only,
  failMode: s.fail_mode as FailMode | null,
  requestsOrigin: s.requests_origin as RequestsOrigin,
  hasDecisionHeader: s.decision_header,
});

/** The value of a config record, or null where it is a tombstone (then send `configHeaders` with it). */
export const configToAvro = (r: ConfigRecord): AvroConfig | null => {
  const head = {
    zone: zoneBytes(r.zoneId),
    id: r.id,
    revision: r.revision,
    records: r.records,
    operation: null,
    session_identifiers: null,
    sequence_rule: null,
    expression_rule: null,
    phase: null,
    named_list: null,
    token_configuration: null,
    zone_settings: null,
  };
  switch (r.kind) {
    case 'operation':
      return r.operation === null ? null : { ...head, operation: operationToAvro(r.operation) };
    case 'session_identifiers':
      return r.identifiers === null ? null : { ...head, session_identifiers: { items: r.identifiers } };
    case 'sequence_rule':
      return r.rule === null ? null : { ...head, sequence_rule: ruleToAvro(r.rule) };
    case 'expression_rule':
      return r.expressionRule === null
        ? null
        : { ...head, expression_rule: expressionRuleToAvro(r.expressionRule) };
    case 'phase':
      return r.phase === null ? null : { ...head, phase: phaseToAvro(r.phase) };
    case 'named_list':
      return r.list === null ? null : { ...head, named_list: listToAvro(r.list) };
    case 'token_configuration':
      return r.tokenConfiguration === null
        ? null
        : { ...head, token_configuration: tokenConfigurationToAvro(r.tokenConfiguration) };
    case 'zone':
      return r.settings === null ? null : { ...head, zone_settings: settingsToAvro(r.settings) };
    default:
      return r satisfies never;
  }
};

/** Headers of every config record; a tombstone has nothing else to say which revision deleted it. */
export const configHeaders = (r: ConfigRecord): Record<string, string> => ({
  zone: r.zoneId,
  kind: r.kind,
  id: r.id,
  revision: String(r.revision),
  records: String(r.records),
});

/** Reads a record of config.v1; undefined for headers or values that are none. */
export const configFromAvro = (
  value: unknown,
  headers: Readonly<Record<string, string>>,
): ConfigRecord | undefined => {
  if (value === null) return tombstone(headers);
  const r = value as AvroConfig;
  const head = { zoneId: zoneOf(r.zone), id: r.id, revision: r.revision, records: r.records };
  if (r.operation !== null) return { ...head, kind: 'operation', operation: operationFromAvro(r.operation) };
  if (r.session_identifiers !== null)
    return { ...head, kind: 'session_identifiers', identifiers: r.session_identifiers.items };
  if (r.sequence_rule !== null)
    return { ...head, kind: 'sequence_rule', rule: ruleFromAvro(r.sequence_rule) };
  if (r.expression_rule !== null)
    return { ...head, kind: 'expression_rule', expressionRule: expressionRuleFromAvro(r.expression_rule) };
  if (r.phase !== null) return { ...head, kind: 'phase', phase: phaseFromAvro(r.phase) };
  if (r.named_list !== null) return { ...head, kind: 'named_list', list: listFromAvro(r.named_list) };
  if (r.token_configuration !== null)
    return {
      ...head,
      kind: 'token_configuration',
      tokenConfiguration: tokenConfigurationFromAvro(r.token_configuration),
    };
  if (r.zone_settings !== null) return { ...head, kind: 'zone', settings: settingsFromAvro(r.zone_settings) };
  return undefined;
};

const tombstone = (headers: Readonly<Record<string, string>>): ConfigRecord | undefined => {
  const head = {
    zoneId: (headers['zone'] ?? '') as ZoneId,
    id: headers['id'] ?? '',
    revision: Number(headers['revision']),
    records: Number(headers['records']),
  };
  switch (headers['kind']) {
    case 'operation':
      return { ...head, kind: 'operation', operation: null };
    case 'session_identifiers':
      return { ...head, kind: 'session_identifiers', identifiers: null };
    case 'sequence_rule':
      return { ...head, kind: 'sequence_rule', rule: null };
    case 'expression_rule':
      return { ...head, kind: 'expression_rule', expressionRule: null };
    case 'phase':
      return { ...head, kind: 'phase', phase: null };
    case 'named_list':
      return { ...head, kind: 'named_list', list: null };
    case 'token_configuration':
      return { ...head, kind: 'token_configuration', tokenConfiguration: null };
    case 'zone':
      return { ...head, kind: 'zone', settings: null };
    default:
      return undefined;
  }
};

interface AvroDecision {
  decision_id: string;
  zone: Buffer;
  session: Buffer | null;
  time: number;
  verdict: Verdict;
  rule_id: string | null;
  reason: string;
  operation_id: string | null;
  method: string;
  host: string;
  path: string;
  lookback: readonly number[];
  lookback_times: readonly number[];
  action: string;
  rule_source: string;
  status: number;
  raw: readonly number[];
  raw_times: readonly number[];
  rules: readonly string[];
  trace: string;
  remedy: string;
  revision: number;
}

export const decisionToAvro = (e: DecisionMade): AvroDecision => ({
  decision_id: e.decisionId,
  zone: zoneBytes(e.zoneId),
  session: e.sessionId === null ? null : toBytes(e.sessionId),
  time: e.timeMs,
  verdict: e.verdict,
  rule_id: e.ruleId,
  reason: e.reason,
  operation_id: e.operationId,
  method: e.method,
  host: e.host,
  path: e.path,
  lookback: e.lookback,
  lookback_times: e.lookbackMs,
  action: e.action,
  rule_source: e.ruleSource,
  status: e.status,
  raw: e.raw,
  raw_times: e.rawMs,
  rules: e.rules,
  trace: e.trace,
  remedy: e.remedy,
  revision: e.revision,
});

export const decisionFromAvro = (value: unknown): DecisionMade => {
  const r = value as AvroDecision;
  return {
    decisionId: r.decision_id,
    zoneId: zoneOf(r.zone),
    sessionId: r.session === null ? null : sessionOf(r.session),
    timeMs: r.time,
    verdict: r.verdict,
    ruleId: r.rule_id as RuleId | null,
    reason: r.reason,
    operationId: r.operation_id as OperationId | null,
    method: r.method,
    host: r.host,
    path: r.path,
    lookback: r.lookback as readonly ShortId[],
    lookbackMs: r.lookback_times,
    action: r.action as DecisionMade['action'],
    ruleSource: r.rule_source as DecisionMade['ruleSource'],
    status: r.status,
    raw: r.raw as readonly ShortId[],
    rawMs: r.raw_times,
    rules: r.rules,
    trace: r.trace,
    remedy: r.remedy,
    revision: r.revision,
  };
};

export const deadLetterToAvro = (e: DeadLetter): DeadLetter => e;
export const deadLetterHeaders = (e: DeadLetter): Record<string, string> => ({
  reason: e.reason,
  topic: e.topic,
  partition: String(e.partition),
  offset: String(e.offset),
});
export const deadLetterFromAvro = (value: unknown): DeadLetter => {
  const r = value as DeadLetter;
  return { ...r, reason: r.reason as DropReason };
};
