/** Any value of each event, for the tests of the converters and of the zone fold. */
import fc, { type Arbitrary } from 'fast-check';
import type {
  ChangelogEntry,
  ConfigChanged,
  DeadLetter,
  DecisionMade,
  HeldRequest,
  JournalChunk,
  JournalHead,
  JournalHeld,
  RequestEvent,
  SequenceObserved,
  SessionClosed,
  UnmatchedObserved,
  WindowState,
} from './events.ts';
import { AuditAction, DecidedAction, DropReason, SessionEnd, Verdict } from './events.ts';
import {
  type ExpressionRule,
  ListKind,
  mitigationSource,
  type NamedListConfig,
  Phase,
  type PhaseInfo,
  type RuleAction,
  type TextOrExpression,
  type TokenConfiguration,
} from './expression-rules.ts';
import type { OperationId, RuleId, SessionId, ShortId, SourceId, ZoneId } from './ids.ts';
import type { ConfigKind, ConfigRecord, Operation, SequenceRule, ZoneSettings } from './zone-config.ts';
import { FailMode, Method, RequestsOrigin } from './zone-config.ts';

const hex = (bytes: number): Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b).toString('hex'));
const branded = <T>(values: Arbitrary<unknown>): Arbitrary<T> => values as Arbitrary<T>;

const zoneId = branded<ZoneId>(hex(16));
const sessionId = branded<SessionId>(hex(16));
const operationId = branded<OperationId>(fc.uuid());
const shortId = branded<ShortId>(fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const source = branded<SourceId>(fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/));
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const count = fc.nat(2 ** 31 - 1);
// avsc takes longs below 2^53 - 1 only.
const large = fc.nat(2 ** 53 - 2);
// Lone surrogates cannot be written as UTF-8.
const text = fc.string({ unit: 'binary' });
const nullable = <T>(values: Arbitrary<T>): Arbitrary<T | null> => fc.option(values, { nil: null });
const bytes = fc.uint8Array().map((b) => Buffer.from(b));
const oneOf = <T>(closedSet: Record<string, T>): Arbitrary<T> => fc.constantFrom(...Object.values(closedSet));

export const request: Arbitrary<RequestEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    zoneId,
    sessionId,
    operation: shortId,
    timeMs: time,
    source,
    status: nullable(fc.integer({ min: 100, max: 599 })),
    durationMs: nullable(fc.double({ min: 0, max: 1e9, noNaN: true })),
    bytes: nullable(large),
    eventId: nullable(text),
  }),
  fc.record({ kind: fc.constant('source_ended' as const), zoneId, source }),
);

export const unmatched: Arbitrary<UnmatchedObserved> = fc.record({
  zoneId,
  method: text,
  host: text,
  path: text,
  timeMs: time,
  status: nullable(count),
});

export const sequence: Arbitrary<SequenceObserved> = fc.record({
  zoneId,
  timeMs: time,
  source,
  operations: fc.array(shortId),
  runLengths: fc.array(count),
  ageMs: fc.array(time),
  pseudonym: hex(8),
});

export const session: Arbitrary<SessionClosed> = fc.record({
  zoneId,
  sessionId,
  source,
  firstMs: time,
  lastMs: time,
  length: large,
  operations: fc.array(shortId),
  timesMs: fc.array(time),
  cut: large,
  ended: oneOf(SessionEnd),
});

const held: Arbitrary<HeldRequest> = fc.record({
  operation: shortId,
  timeMs: time,
  offset: large,
  eventId: nullable(text),
});

const window: Arbitrary<WindowState> = fc.record({
  kind: fc.constant('window' as const),
  zoneId,
  sessionId,
  source,
  firstMs: time,
  lastMs: time,
  length: large,
  operations: fc.array(shortId),
  timesMs: fc.array(time),
  runOperations: fc.array(shortId),
  runLengths: fc.array(count),
  runLastMs: fc.array(time),
  held: fc.array(held),
  eventIds: fc.array(text),
  closedMs: nullable(time),
});

const journalHead: Arbitrary<JournalHead> = fc.record({
  kind: fc.constant('head' as const),
  generation: large,
  position: large,
  held: count,
  bounds: fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,20}$/), nullable(large), { noNullPrototype: true }),
});

const place = fc.nat(3);
const journalChunk: Arbitrary<JournalChunk> = fc
  .record({
    named: fc.uniqueArray(fc.tuple(zoneId, source), { minLength: 4, maxLength: 4, selector: String }),
    seen: fc.array(time, { minLength: 4, maxLength: 4 }),
    requests: fc.array(
      fc.record({
        place,
        sessionId,
        operation: shortId,
        timeMs: time,
        eventId: nullable(text),
        offset: large,
      }),
    ),
    settings: fc.array(fc.record({ zoneId, inactivityGapMs: count, graceMs: count })),
    ends: fc.array(fc.record({ before: fc.nat(50), source: place })),
    generation: large,
    sequence: count,
    tickMs: nullable(time),
    isAtEnd: fc.boolean(),
    position: large,
  })
  .map(({ named, seen, requests, ...rest }) => {
    const sources = named.map(([zone, name], i) => ({ zoneId: zone, source: name, seenMs: seen[i] ?? 0 }));
    return {
      kind: 'chunk',
      ...rest,
      sources,
      requests: requests.map(({ place: at, offset: _, ...request }) => ({
        zoneId: (sources[at] as (typeof sources)[number]).zoneId,
        source: (sources[at] as (typeof sources)[number]).source,
        ...request,
      })),
      offsets: requests.map(({ offset }) => offset),
    };
  });

const journalHeld: Arbitrary<JournalHeld> = journalChunk.map(
  ({ generation, sequence, requests, offsets }) => ({
    kind: 'held',
    generation,
    sequence,
    requests,
    offsets,
  }),
);

export const changelogEntry: Arbitrary<ChangelogEntry> = fc.oneof(
  window,
  journalHeld,
  fc.record({
    kind: fc.constant('watermark' as const),
    zoneId,
    source,
    maxTimeMs: time,
    hasEnded: fc.boolean(),
    closedMs: nullable(time),
    seenMs: time,
  }),
  journalHead,
  journalChunk,
);

export const decision: Arbitrary<DecisionMade> = fc.record({
  decisionId: fc.uuid(),
  zoneId,
  sessionId: nullable(sessionId),
  timeMs: time,
  verdict: oneOf(Verdict),
  ruleId: nullable(branded<RuleId>(fc.uuid())),
  reason: text,
  operationId: nullable(operationId),
  method: text,
  host: text,
  path: text,
  lookback: fc.array(shortId),
  lookbackMs: fc.array(time),
  action: fc.constantFrom('' as const, ...Object.values(DecidedAction)),
  ruleSource: fc.constantFrom('' as const, mitigationSource, ...Object.values(Phase)),
  status: count,
  raw: fc.array(shortId),
  rawMs: fc.array(time),
  rules: fc.array(text),
  trace: text,
  remedy: text,
  revision: large,
});

export const deadLetter: Arbitrary<DeadLetter> = fc.record({
  reason: oneOf(DropReason),
  topic: text,
  partition: count,
  offset: large,
  message: text,
  key: nullable(bytes),
  value: nullable(bytes),
});

export const operation: Arbitrary<Operation> = fc.record({
  operationId,
  shortId,
  method: oneOf(Method),
  host: text,
  endpoint: text,
  lastUpdatedMs: time,
});

export const rule: Arbitrary<SequenceRule> = fc.record(
  {
    ruleId: branded<RuleId>(fc.uuid()),
    title: text,
    kind: fc.constantFrom('allow' as const, 'block' as const),
    action: fc.constantFrom('block' as const, 'log' as const),
    start: operationId,
    end: operationId,
    position: count,
    priority: count,
    rolloutPercent: count,
    createdAtMs: time,
    lastUpdatedMs: time,
  },
  {
    requiredKeys: [
      'ruleId',
      'title',
      'kind',
      'action',
      'start',
      'end',
      'position',
      'createdAtMs',
      'lastUpdatedMs',
    ],
  },
);

const identifier = fc.record({
  type: fc.constantFrom('header' as const, 'cookie' as const, 'jwt' as const),
  name: text,
});

export const settings: Arbitrary<ZoneSettings> = fc.record({
  name: text,
  createdAtMs: time,
  inactivityGapMs: time,
  graceMs: time,
  retiredShortIds: fc.array(shortId),
  hasSequenceCookies: fc.boolean(),
  isLogOnly: fc.boolean(),
  failMode: nullable(oneOf(FailMode)),
  requestsOrigin: oneOf(RequestsOrigin),
  hasDecisionHeader: fc.boolean(),
});

const textOrExpression: Arbitrary<TextOrExpression> = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), value: text }),
  fc.record({ kind: fc.constant('expression' as const), expression: text }),
);
const action: Arbitrary<RuleAction> = fc.oneof(
  fc.record({
    kind: fc.constant('block' as const),
    response: nullable(fc.record({ status: count, contentType: text, content: text })),
  }),
  fc.record({ kind: fc.constant('log' as const) }),
  fc.record({
    kind: fc.constant('skip' as const),
    isRestOfPhase: fc.boolean(),
    sources: fc.array(fc.constantFrom(mitigationSource, ...Object.values(Phase))),
  }),
  fc.record({
    kind: fc.constant('redirect' as const),
    status: fc.constantFrom(301 as const, 302 as const, 303 as const, 307 as const, 308 as const),
    target: textOrExpression,
    keepsQuery: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('rewrite' as const),
    headers: fc.array(
      fc.record({
        name: text,
        operation: fc.constantFrom('set' as const, 'add' as const, 'remove' as const),
        value: nullable(textOrExpression),
      }),
    ),
  }),
);

const expressionRule: Arbitrary<ExpressionRule> = fc.record({
  ruleId: branded<RuleId>(fc.uuid()),
  phase: oneOf(Phase),
  position: count,
  ref: text,
  description: text,
  isEnabled: fc.boolean(),
  expression: text,
  action,
  ratelimit: nullable(
    fc.record({
      characteristics: fc.array(text),
      periodMs: time,
      requestsPerPeriod: count,
      mitigationTimeoutMs: time,
      countingExpression: text,
    }),
  ),
  isLogOnly: fc.boolean(),
  rolloutPercent: count,
  version: large,
  createdAtMs: time,
  lastUpdatedMs: time,
});

const phase: Arbitrary<PhaseInfo> = fc.record({
  phase: oneOf(Phase),
  description: text,
  version: large,
  lastUpdatedMs: time,
});

const list: Arbitrary<NamedListConfig> = fc.record({
  listId: text,
  name: text,
  kind: oneOf(ListKind),
  description: text,
  items: fc.array(fc.record({ itemId: text, value: text, comment: text, createdAtMs: time })),
  createdAtMs: time,
  lastUpdatedMs: time,
});

const tokenConfiguration: Arbitrary<TokenConfiguration> = fc.record({
  configId: fc.uuid(),
  title: text,
  description: text,
  sources: fc.array(text),
  algorithms: fc.array(text),
  keys: fc.array(fc.constant({ kty: 'EC', kid: 'one' })),
  jwksUrl: nullable(text),
  issuer: nullable(text),
  audience: nullable(text),
  clockToleranceMs: time,
  createdAtMs: time,
  lastUpdatedMs: time,
});

const head = { zoneId, id: fc.string({ unit: 'grapheme-ascii' }), revision: large, records: count };
const kind = <K extends string>(name: K) => fc.constant(name);

export const configRecord: Arbitrary<ConfigRecord> = fc.oneof(
  fc.record({ ...head, kind: kind('operation'), operation: nullable(operation) }),
  fc.record({ ...head, kind: kind('session_identifiers'), identifiers: nullable(fc.array(identifier)) }),
  fc.record({ ...head, kind: kind('sequence_rule'), rule: nullable(rule) }),
  fc.record({ ...head, kind: kind('expression_rule'), expressionRule: nullable(expressionRule) }),
  fc.record({ ...head, kind: kind('phase'), phase: nullable(phase) }),
  fc.record({ ...head, kind: kind('named_list'), list: nullable(list) }),
  fc.record({ ...head, kind: kind('token_configuration'), tokenConfiguration: nullable(tokenConfiguration) }),
  fc.record({ ...head, kind: kind('zone'), settings: nullable(settings) }),
);

const configKinds: readonly ConfigKind[] = ['operation', 'expression_rule', 'named_list', 'zone'];

export const configChanged: Arbitrary<ConfigChanged> = fc.record({
  zoneId,
  revision: large,
  place: count,
  timeMs: time,
  actor: text,
  resource: fc.constantFrom(...configKinds),
  resourceId: text,
  action: oneOf(AuditAction),
  before: text,
  after: text,
});
