/** One request as JSON, given to the code of ingest and to that of the enforcer: what each of them takes it for. */
import {
  type OperationId,
  requestFromAvro,
  type SessionId,
  type SessionIdentifier,
  type ShortId,
  type SourceId,
  shortIdOf,
  type ZoneId,
  zoneDefaults,
} from '@precede/contracts';
import { compileMatcher, normaliseOperation } from '@precede/endpoints';
import { compileZone, identify, parseRequest, Question } from '@precede/enforcer';
import { type PrepareDeps, prepareBody } from '@precede/ingest';
import type { AvroCodec } from '@precede/log';
import { createSampler, fixedClock, zoneSecretOf } from '@precede/service';
import { type TokenSessions, Tokens } from '@precede/tokens';

export const host = 'api.example.com';
export const nowMs = Date.UTC(2026, 10, 22, 12);
const zoneId = 'a'.repeat(32) as ZoneId;
const masterKey = Buffer.alloc(32, 1);
const noTokens = new Tokens({ onOutcome: () => {}, onLoad: () => {} });

/** What takes part in sequences, both null where it does not; null: refused. */
export type Taken = { readonly operation: ShortId | null; readonly session: SessionId | null } | null;

export interface Both {
  /** `before` comes in the same body. */
  ingest(request: object, before?: object): Promise<Taken>;
  /** `path` is http.request.uri.path. */
  enforcer(request: object): { readonly taken: Taken; readonly path: string };
}

export interface BothOptions {
  readonly endpoints: readonly string[];
  readonly identifiers: readonly SessionIdentifier[];
  /** In place of verified tokens. */
  readonly tokens?: TokenSessions;
}

const operationsOf = (endpoints: readonly string[]) =>
  endpoints.map((endpoint, at) => {
    const normal = normaliseOperation({ method: 'GET', host, endpoint });
    if (normal.kind !== 'ok') throw new Error(`${endpoint} is no endpoint`);
    const operationId =
      `${(at + 1).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as OperationId;
    return { ...normal, operationId, shortId: shortIdOf(operationId), lastUpdatedMs: 0 };
  });

export const bothOf = (options: BothOptions): Both => ({
  ingest: ingestOf(options),
  enforcer: enforcerOf(options),
});

/** Records as they are before they are encoded. */
const plainCodec = { encode: (_: string, value: unknown) => value } as unknown as AvroCodec;

const ingestOf = ({ endpoints, identifiers, tokens = undefined }: BothOptions): Both['ingest'] => {
  const deps: PrepareDeps = {
    codec: plainCodec,
    clock: fixedClock(nowMs),
    sampler: createSampler(1_000_000),
    maxEvents: 10,
    maxEventBytes: 1_000_000,
  };
  const zone = {
    ...{ zoneId, revision: 1, identifiers, isFedByEnforcer: false, tokens: tokens ?? null },
    secret: zoneSecretOf(masterKey, zoneId),
    matcher: compileMatcher(operationsOf(endpoints)),
  };
  return async (request, before) => {
    const events = [...(before === undefined ? [] : [before]), request];
    const bytes = Buffer.from(JSON.stringify(events.map((each) => ({ time: nowMs, ...each }))));
    const body = { zone, source: 'live' as SourceId, bytes, isNdjson: false };
    const { records, tally } = await prepareBody(body, deps);
    if (tally.accepted < events.length) return null;
    const record = records.at(-1);
    if (tally.sequenced === 0 || record === undefined) return { operation: null, session: null };
    const event = requestFromAvro(record.value);
    if (event.kind !== 'request') throw new Error('ingest made something else than a request');
    return { operation: event.operation, session: event.sessionId };
  };
};

const limits = { maxHeaders: 100, maxValue: 65_536, acceptsTime: true };

const enforcerOf = ({ endpoints, identifiers, tokens }: BothOptions): Both['enforcer'] => {
  const operations = operationsOf(endpoints);
  const compiled = compileZone(
    {
      ...{ zoneId, revision: 1, identifiers, rules: [], expressionRules: [] },
      settings: { name: 'shop', createdAtMs: 0, ...zoneDefaults, retiredShortIds: [] },
      operations: new Map(operations.map((each) => [each.operationId, each])),
      ...{ phases: new Map(), lists: new Map(), tokenConfigurations: new Map() },
    },
    { masterKey, isLogOnly: false, tokens: noTokens },
  );
  if (compiled.kind !== 'compiled') throw new Error(compiled.faults.join());
  const table = { ...compiled.table, tokens: tokens ?? null };
  return (json) => {
    const request = parseRequest(JSON.parse(JSON.stringify({ time: nowMs, ...json })), limits);
    const question = new Question({ table, request, timeMs: nowMs, decisionId: '', isSampled: false });
    if (identify(question) instanceof Promise) throw new Error('nothing is to wait for');
    const path = question.fieldOf('http.request.uri.path');
    const { operation, sessionId: session } = question;
    const isSequenced = operation !== undefined && session !== null;
    return {
      taken: isSequenced ? { operation: operation.shortId, session } : { operation: null, session: null },
      path: String(path),
    };
  };
};
