import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  auditToAvro,
  type ConfigRecord,
  decisionToAvro,
  type Operation,
  type OperationId,
  type RequestEvent,
  requestToAvro,
  type SessionId,
  type ShortId,
  type SourceId,
  sessionKey,
  sessionToAvro,
  Topic,
  zoneDefaults,
  zoneKey,
} from '@precede/contracts';
import { configRecordOf, type OutgoingRecord } from '@precede/log';
import { requestsArchive } from './archive.ts';
import { noon, openWorld, type Server, startServer, until, type World, zone } from './testing.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const session = 'c'.repeat(32) as SessionId;
const sessionRecord = (world: World, lastMs: number): OutgoingRecord => ({
  topic: Topic.sessions,
  key: sessionKey(zone, session),
  value: world.log.codec.encode(
    Topic.sessions,
    sessionToAvro({
      zoneId: zone,
      sessionId: session,
      source: 'live' as SourceId,
      firstMs: lastMs - 1_000,
      lastMs,
      length: 2,
      operations: [1 as ShortId, 4_294_967_295 as ShortId],
      timesMs: [lastMs - 1_000, lastMs],
      cut: 0,
      ended: 'gap',
    }),
  ),
});
const decisionRecord = (world: World, decisionId: string): OutgoingRecord => ({
  topic: Topic.decisions,
  key: sessionKey(zone, session),
  value: world.log.codec.encode(
    Topic.decisions,
    decisionToAvro({
      decisionId,
      zoneId: zone,
      sessionId: null,
      timeMs: noon,
      verdict: 'block',
      ruleId: null,
      reason: 'start is missing',
      operationId: null,
      method: 'GET',
      host: 'api.example.com',
      path: '/a',
      lookback: [1 as ShortId],
      lookbackMs: [noon - 5],
      action: 'block',
      ruleSource: 'apiShieldSequenceMitigation',
      status: 403,
      raw: [2 as ShortId],
      rawMs: [noon - 7],
      rules: ['apiShieldSequenceMitigation/r/block'],
      trace: 'a\nb',
      remedy: 'Call the start first.',
      revision: 7,
    }),
  ),
});

test('stores sessions and decisions, and a doubled decision once', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('archive');
  await world.start(clickhouse);
  const producer = await world.log.producer();
  t.after(() => producer.close());

  const ids = ['018f3c6e-0000-7000-8000-000000000001', '018f3c6e-0000-7000-8000-000000000002'];
  await producer.send([
    sessionRecord(world, noon),
    sessionRecord(world, noon + 60_000),
    ...[...ids, ids[0] as string].map((id) => decisionRecord(world, id)),
  ]);
  const count = async (table: string): Promise<number> => {
    const [row] = await clickhouse.query<{ n: number }>(`SELECT count() AS n FROM ${table} FINAL`);
    return row?.n ?? 0;
  };
  await until(
    'all are stored',
    async () => (await count('sessions')) === 2 && (await count('decisions')) === 2,
  );

  const [row] = await clickhouse.query<Record<string, unknown>>(
    'SELECT session_id, toUnixTimestamp64Milli(last) AS last, operations, length FROM sessions ORDER BY last LIMIT 1',
  );
  assert.deepEqual(row, { session_id: session, last: noon, operations: [1, 4_294_967_295], length: 2 });
});

test('stores what a receipt tells, and who changed what, a doubled change once', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('receipts');
  await world.start(clickhouse);
  const producer = await world.log.producer();
  t.after(() => producer.close());
  const change = {
    zoneId: zone,
    revision: 7,
    place: 1,
    timeMs: noon,
    actor: 'ci',
    resource: 'zone',
    resourceId: zone,
    action: 'update',
    before: '{"a":1}',
    after: '',
  } as const;
  const changed: OutgoingRecord = {
    topic: Topic.audit,
    key: zoneKey(zone),
    value: world.log.codec.encode(Topic.audit, auditToAvro(change)),
  };

  const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  const decision = { ...decisionRecord(world, '018f3c6e-0000-7000-8000-000000000001'), headers };
  await producer.send([decision, changed, changed]);
  const read = (sql: string) => clickhouse.query<Record<string, unknown>>(sql);
  const decisions = `SELECT action, rule_source, status, raw, arrayMap(t -> toUnixTimestamp64Milli(t), raw_times) AS raw_ms,
    rules, trace, remedy, revision, trace_id FROM decisions FINAL`;
  const audit = `SELECT zone_id, toUnixTimestamp64Milli(time) AS time_ms, revision, place, actor, resource, resource_id, action,
    before, after FROM audit FINAL`;
  await until(
    'both are stored',
    async () => (await read(decisions)).length === 1 && (await read(audit)).length === 1,
  );

  assert.deepEqual(await read(decisions), [
    {
      action: 'block',
      rule_source: 'apiShieldSequenceMitigation',
      status: 403,
      raw: [2],
      raw_ms: [noon - 7],
      rules: ['apiShieldSequenceMitigation/r/block'],
      trace: 'a\nb',
      remedy: 'Call the start first.',
      revision: 7,
      trace_id: 'a'.repeat(32),
    },
  ]);
  const { zoneId: zone_id, timeMs: time_ms, resourceId: resource_id, ...rest } = change;
  assert.deepEqual(await read(audit), [{ ...rest, zone_id, time_ms, resource_id }]);
});

const request = { kind: 'request', zoneId: zone, sessionId: session, source: 'live' as SourceId } as const;
const requestRecord = (world: World, event: RequestEvent): OutgoingRecord => ({
  topic: Topic.requests,
  key: sessionKey(zone, session),
  value: world.log.codec.encode(Topic.requests, requestToAvro(event)),
});
const requestEvents: readonly RequestEvent[] = [
  {
    ...request,
    operation: 4_294_967_295 as ShortId,
    timeMs: noon,
    status: 404,
    durationMs: 12.5,
    bytes: 2 ** 40,
    eventId: 'e1',
  },
  { kind: 'source_ended', zoneId: zone, source: 'live' as SourceId },
  {
    ...request,
    operation: 0 as ShortId,
    timeMs: noon + 1,
    status: null,
    durationMs: null,
    bytes: null,
    eventId: null,
  },
];

test('stores requests where that is switched on, one row each however often they are delivered', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('requests');
  const producer = await world.log.producer();
  t.after(() => producer.close());
  await producer.send(requestEvents.map((event) => requestRecord(world, event)));
  const read = (): Promise<Record<string, unknown>[]> =>
    clickhouse.query(
      'SELECT operation, status, duration_ms, bytes, event_id, offset FROM requests FINAL ORDER BY time',
    );

  await world.start(clickhouse, { PRECEDE_SCORER_STORE_REQUESTS: true });
  await until('both are stored', async () => (await read()).length === 2);
  // As a crash between insert and commit delivers them again.
  await clickhouse.command(
    'INSERT INTO requests SELECT * REPLACE (now() + 60 AS written_at) FROM requests WHERE status = 404',
  );

  const known = { status: 404, duration_ms: 12.5, bytes: 2 ** 40, event_id: 'e1' };
  const unknown = { status: null, duration_ms: null, bytes: null, event_id: '' };
  assert.deepEqual(await read(), [
    { operation: 4_294_967_295, ...known, offset: 0 },
    { operation: 0, ...unknown, offset: 2 },
  ]);
});

test('goes on behind what is no request', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('no_requests');
  const producer = await world.log.producer();
  t.after(() => producer.close());

  await producer.send([requestRecord(world, { kind: 'source_ended', zoneId: zone, source: request.source })]);
  await world.start(clickhouse, { PRECEDE_SCORER_STORE_REQUESTS: true });
  const committed = (): Promise<readonly (number | null)[]> =>
    world.log.committedOffsets(requestsArchive.group, Topic.requests);
  await until('its offset is committed', async () => (await committed()).includes(1));

  assert.deepEqual(await clickhouse.query('SELECT count() AS n FROM requests'), [{ n: 0 }]);
});

test('stores no request unless told to', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('not_asked');
  const producer = await world.log.producer();
  t.after(() => producer.close());
  await world.start(clickhouse);

  const requests = requestEvents.map((event) => requestRecord(world, event));
  await producer.send([...requests, sessionRecord(world, noon)]);
  await until('the session is stored', async () => {
    const rows = await clickhouse.query('SELECT 1 AS one FROM sessions');
    return rows.length === 1;
  });

  assert.deepEqual(await clickhouse.query('SELECT count() AS n FROM requests'), [{ n: 0 }]);
});

const operation: Operation = {
  operationId: '000000ab-0000-4000-8000-000000000000' as OperationId,
  shortId: 0xab as ShortId,
  method: 'GET',
  host: 'api.example.com',
  endpoint: '/v1/users/{var1}',
  lastUpdatedMs: noon,
};
const settings = {
  name: 'shop',
  createdAtMs: noon,
  ...zoneDefaults,
  inactivityGapMs: 600_000,
  graceMs: 5_000,
  retiredShortIds: [],
};

test('keeps the names of operations, and flags deleted ones', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const clickhouse = await server.database('names');
  const producer = await world.log.producer();
  t.after(() => producer.close());
  const send = (changes: readonly ConfigRecord[]): Promise<void> =>
    producer.send(changes.map((change) => configRecordOf(world.log.codec, change)));
  const read = async (): Promise<unknown> =>
    clickhouse.query('SELECT short_id, endpoint, is_deleted FROM operations FINAL');
  const isSaved = async (deleted: number): Promise<boolean> => {
    const expected = [{ short_id: 0xab, endpoint: operation.endpoint, is_deleted: deleted }];
    return JSON.stringify(await read()) === JSON.stringify(expected);
  };

  const id = operation.operationId;
  await world.start(clickhouse);
  await send([
    { zoneId: zone, revision: 1, records: 2, kind: 'operation', id, operation },
    { zoneId: zone, revision: 1, records: 2, kind: 'zone', id: zone, settings },
  ]);
  await until('the operation is there', () => isSaved(0));
  await send([
    { zoneId: zone, revision: 2, records: 2, kind: 'operation', id, operation: null },
    { zoneId: zone, revision: 2, records: 2, kind: 'zone', id: zone, settings },
  ]);
  await until('it is flagged', () => isSaved(1));

  await until('the zone has an empty snapshot', async () => {
    const rows = await clickhouse.query<{ zone_id: string }>('SELECT zone_id FROM newest_snapshots');
    return rows[0]?.zone_id === zone;
  });
  const zones = await clickhouse.query('SELECT name, is_deleted FROM zones FINAL');
  assert.deepEqual(zones, [{ name: 'shop', is_deleted: 0 }]);
});
