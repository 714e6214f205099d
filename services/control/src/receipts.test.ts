/** Decisions, receipts and recorded changes, asked of a real ClickHouse with rows as the scorer writes them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ZoneId } from '@precede/contracts';
import { Permission, type Principal } from './auth.ts';
import { faultsOf, nowMs, startHarness, zoneId } from './harness.test-kit.ts';
import { deletedShortId, millis, type ScoresKit, startScoresKit } from './scores.test-kit.ts';

const other = 'f'.repeat(32);
const session = 'c'.repeat(32);
const gone = 'eeeeeeee-0000-4000-8000-000000000000';
const minute = 60_000;
const custom = 'http_request_firewall_custom';
let kit: ScoresKit;
let ruleId = '';

/** As enforcers draw them: the time, then chance. */
const idAt = (timeMs: number, tail: number): string => {
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(tail).padStart(12, '0')}`;
};

interface Decided {
  readonly atMs: number;
  readonly tail: number;
  readonly zone?: string;
  readonly verdict?: string;
  readonly action?: string;
  readonly rule?: string;
  readonly source?: string;
  readonly operation?: string;
  readonly session?: string;
}

const columns =
  'zone_id time decision_id session_id verdict rule_id reason operation_id method host path lookback lookback_times action rule_source status raw raw_times rules trace remedy revision trace_id'.split(
    ' ',
  );

const store = (decided: readonly Decided[]): Promise<void> =>
  kit.clickhouse.insert(
    'decisions',
    columns,
    decided.map((each) => [
      each.zone ?? zoneId,
      millis(each.atMs),
      idAt(each.atMs, each.tail),
      each.session ?? session,
      each.verdict ?? 'block',
      each.rule ?? ruleId,
      'start is missing',
      each.operation ?? kit.ids[1],
      'GET',
      'api.example.com',
      '/b',
      [kit.shorts[0], deletedShortId],
      [millis(each.atMs - 2 * minute), millis(each.atMs - minute)],
      each.action ?? 'block',
      each.source ?? custom,
      403,
      [kit.shorts[0]],
      [millis(each.atMs - 2 * minute)],
      [`${each.source ?? custom}/${each.rule ?? ruleId}/block`],
      'http.host eq "a" → true\nwhole → true',
      'Call GET /a first.',
      7,
      each.tail === 1 ? 'f'.repeat(32) : '',
    ]),
  );

const atMs = nowMs - 10 * minute;
before(async () => {
  kit = await startScoresKit();
  const entry = `/zones/${zoneId}/rulesets/phases/${custom}/entrypoint`;
  const rule = { expression: 'http.host eq "a"', action: 'block', description: 'no a' };
  const made = await kit.control.call('PUT', entry, { rules: [rule] });
  ruleId = made.body.result.rules[0].id;
  await store([
    { atMs, tail: 1 },
    { atMs, tail: 1 },
    { atMs: atMs + 1, tail: 2, verdict: 'log', action: 'log' },
    { atMs: atMs + 2, tail: 3, verdict: 'allow', action: '', rule: '', source: '', session: '' },
    {
      atMs: atMs + 3,
      tail: 4,
      rule: gone,
      source: 'apiShieldSequenceMitigation',
      operation: kit.ids[2] ?? '',
    },
    { atMs: nowMs + minute, tail: 5 },
    { atMs: nowMs - 30 * 3_600_000, tail: 6 },
    { atMs, tail: 7, zone: other },
  ]);
});
after(() => kit.close());

const list = async (query = '') => (await kit.control.call('GET', `/zones/${zoneId}/decisions${query}`)).body;
const tails = async (query: string): Promise<readonly number[]> =>
  (await list(query)).result.map((each: { id: string }) => Number(each.id.slice(-12)));

test('lists the decisions of the last day of the zone, newest first, each once', async () => {
  const body = await list();

  assert.deepEqual(await tails(''), [5, 4, 3, 2, 1]);
  assert.equal(body.result_info.total_count, 5);
  const { id, time, ...rest } = body.result[4];
  assert.equal(id, idAt(atMs, 1));
  assert.match(time, /^2026-11-21T11:50:00\.005000Z$/);
  assert.deepEqual(rest, {
    verdict: 'block',
    action: 'block',
    rule_id: ruleId,
    rule_source: custom,
    status: 403,
    reason: 'start is missing',
    session_id: session,
    operation_id: kit.ids[1],
    request: { method: 'GET', host: 'api.example.com', path: '/b' },
    revision: 7,
  });
});

test('filters by verdict, action, rule, operation, session and time, and pages', async () => {
  const at = (ms: number): string => new Date(ms).toISOString();
  const short = kit.ids[2]?.slice(0, 8);

  assert.deepEqual(await tails('?verdict=log&verdict=allow'), [3, 2]);
  assert.deepEqual(await tails('?action=log'), [2]);
  assert.deepEqual(await tails(`?rule_id=${gone}`), [4]);
  assert.deepEqual(await tails(`?operation=${short}`), [4]);
  assert.deepEqual(await tails(`?operation=${kit.ids[2]}`), [4]);
  assert.deepEqual(await tails(`?session=${session}`), [5, 4, 2, 1]);
  assert.deepEqual(await tails(`?since=${at(atMs + 1)}&before=${at(atMs + 3)}`), [3, 2]);
  assert.deepEqual(await tails(`?since=${at(nowMs - 40 * 3_600_000)}&before=${at(atMs)}`), [6]);
  assert.deepEqual(await tails('?per_page=2&page=2'), [3, 2]);
});

test('names every wrong parameter', async () => {
  const body = await list("?verdict=maybe&rule_id=x&operation='&session=1&since=now&colour=red");

  assert.equal(body.errors.length, 6);
  assert.ok(body.errors.every((fault: { code: number }) => fault.code === 1006));
});

test('a receipt names what was seen, when, and what would have let the request pass', async () => {
  const { body } = await kit.control.call('GET', `/zones/${zoneId}/decisions/${idAt(atMs, 1)}`);

  const { lookback, raw, operation, rule, rules, trace, remedy } = body.result;
  const a = { operation_id: kit.ids[0], method: 'GET', host: 'api.example.com', endpoint: '/a' };
  assert.deepEqual(lookback[0], {
    ...a,
    short_id: kit.ids[0]?.slice(0, 8),
    time: new Date(atMs - 2 * minute).toISOString().replace('Z', '000Z'),
    msec_before: 2 * minute,
  });
  assert.deepEqual([lookback[1].endpoint, lookback[1].short_id], [null, 'deadbeef']);
  assert.deepEqual(raw, [lookback[0]]);
  assert.equal(operation.endpoint, '/b');
  assert.deepEqual(rule, { id: ruleId, source: custom, name: 'no a', state: 'changed' });
  assert.deepEqual(rules, [{ source: custom, rule_id: ruleId, action: 'block' }]);
  assert.deepEqual(trace, ['http.host eq "a" → true', 'whole → true']);
  assert.equal(remedy, 'Call GET /a first.');
});

test('a receipt names the trace of its decision, where there is one', async () => {
  const trace = async (tail: number, at: number) =>
    (await kit.control.call('GET', `/zones/${zoneId}/decisions/${idAt(at, tail)}`)).body.result.trace_id;

  assert.equal(await trace(1, atMs), 'f'.repeat(32));
  assert.equal(await trace(2, atMs + 1), null);
});

test('a receipt says whether the rule is still what it was', async () => {
  const state = async (at: number, tail: number) =>
    (await kit.control.call('GET', `/zones/${zoneId}/decisions/${idAt(at, tail)}`)).body.result.rule?.state;

  assert.equal(await state(nowMs + minute, 5), 'present');
  assert.equal(await state(atMs, 1), 'changed');
  assert.equal(await state(atMs + 3, 4), 'gone');
  assert.equal(await state(atMs + 2, 3), undefined);
});

test('a receipt of another zone, or of none, is not there', async () => {
  const get = (id: string) => kit.control.call('GET', `/zones/${zoneId}/decisions/${id}`);

  const foreign = await get(idAt(atMs, 7));
  const unknown = await get(gone);
  const malformed = await get('latest');

  for (const answer of [foreign, unknown])
    assert.deepEqual([answer.status, faultsOf(answer)], [404, [[1601, undefined]]]);
  assert.deepEqual(faultsOf(malformed), [[7003, undefined]]);
});

const auditColumns = 'zone_id time revision place actor resource resource_id action before after'.split(' ');

test('lists who changed what, newest first, by actor, resource, action and time, also of a deleted zone', async () => {
  const row = (
    revision: number,
    place: number,
    actor: string,
    resource: string,
    action: string,
    zone = zoneId,
  ) =>
    [
      zone,
      millis(atMs + revision),
      revision,
      place,
      actor,
      resource,
      'x',
      action,
      '',
      '{"name":"x"}',
    ] as const;
  const rows = [
    row(1, 0, 'admin', 'zone', 'create'),
    row(2, 0, 'ci', 'sequence_rule', 'create'),
    row(2, 1, 'ci', 'sequence_rule', 'delete'),
    row(2, 1, 'ci', 'sequence_rule', 'delete'),
    row(1, 0, 'admin', 'zone', 'delete', other),
  ];
  await kit.clickhouse.insert('audit', auditColumns, rows);
  const get = async (query: string, zone = zoneId) =>
    (await kit.control.call('GET', `/zones/${zone}/audit_logs${query}`)).body;
  const ids = async (query: string, zone = zoneId) =>
    (await get(query, zone)).result.map((each: { id: string }) => each.id);

  const all = await get('');

  assert.deepEqual(
    all.result.map((each: { id: string }) => each.id),
    ['2-0', '2-1', '1-0'],
  );
  assert.equal(all.result_info.total_count, 3);
  assert.deepEqual(all.result[0], {
    id: '2-0',
    time: new Date(atMs + 2).toISOString().replace('Z', '000Z'),
    actor: 'ci',
    revision: 2,
    resource: { type: 'sequence_rule', id: 'x' },
    action: 'create',
    before: null,
    after: { name: 'x' },
  });
  assert.deepEqual(await ids('?actor=admin'), ['1-0']);
  assert.deepEqual(await ids('?resource=sequence_rule&action=delete'), ['2-1']);
  assert.deepEqual(await ids('?resource_id=y'), []);
  assert.deepEqual(await ids(`?before=${new Date(atMs + 2).toISOString()}`), ['1-0']);
  assert.deepEqual(await ids(`?since=${new Date(atMs + 2).toISOString()}&per_page=1&page=2`), ['2-1']);
  assert.deepEqual(await ids('', other), ['1-0']);
});

test('receipts want the permission to read, recorded changes that of an administrator; without ClickHouse both are 503', async (t) => {
  let permissions = new Set<Permission>([Permission.admin]);
  const zones = new Set([zoneId as ZoneId]);
  const authenticate = (): Principal => ({ name: 'reader', zones, permissions });
  const control = await startHarness({ authenticate });
  t.after(() => control.close());
  await control.call('POST', '/zones', { name: 'shop', id: zoneId });
  const status = async (path: string) => (await control.call('GET', path)).status;

  const away = await status(`/zones/${zoneId}/decisions`);
  const foreign = await status(`/zones/${other}/decisions`);
  permissions = new Set([Permission.rulesEdit]);
  const editor = await status(`/zones/${zoneId}/decisions/${idAt(atMs, 1)}`);
  permissions = new Set([Permission.analyticsRead]);
  const reader = await status(`/zones/${zoneId}/audit_logs`);

  assert.deepEqual([away, foreign, editor, reader], [503, 403, 403, 403]);
});
