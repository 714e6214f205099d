import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { ZoneId } from '@precede/contracts';
import { faultsOf, type Harness, makeOperations, startHarness, zoneId } from './harness.test-kit.ts';

const path = `/zones/${zoneId}/api_gateway/operations`;
let control: Harness;
let now = Date.UTC(2026, 10, 21, 12);
let uuids: string[] = [];
let drawn = 0;

before(async () => {
  control = await startHarness({
    clock: { now: () => now },
    drawUuid: () => uuids.shift() ?? `${(++drawn).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
  });
});
after(() => control.close());
beforeEach(async () => {
  uuids = [];
  await control.call('DELETE', `/zones/${zoneId}`);
  await control.call('POST', '/zones', { name: 'shop', id: zoneId });
});

test('saves an operation in its normal spelling', async () => {
  uuids = ['9a3c7d10-1111-4111-8111-111111111111'];

  const saved = await control.call('POST', `${path}/item`, {
    method: 'GET',
    host: 'API.Example.com',
    endpoint: '/users/{userId}//orders/{orderId}',
  });

  assert.equal(saved.status, 200);
  assert.deepEqual(saved.body.result, {
    operation_id: '9a3c7d10-1111-4111-8111-111111111111',
    short_id: '9a3c7d10',
    method: 'GET',
    host: 'api.example.com',
    endpoint: '/users/{var1}/orders/{var2}',
    last_updated: '2026-11-21T12:00:00.000000Z',
  });
  const shown = await control.call('GET', `${path}/9A3C7D10-1111-4111-8111-111111111111`);
  assert.deepEqual(shown.body.result, saved.body.result);
});

test('saving an operation again returns it with last_updated moved', async () => {
  const first = await control.call('POST', `${path}/item`, {
    method: 'GET',
    host: 'a.example.com',
    endpoint: '/u/{id}',
  });
  now += 1_500;

  const again = await control.call('POST', `${path}/item`, {
    method: 'GET',
    host: 'A.example.com',
    endpoint: '/u/{name}',
  });

  assert.deepEqual(again.body.result, {
    ...first.body.result,
    last_updated: '2026-11-21T12:00:01.500000Z',
  });
});

test('duplicates within one request are one operation, told once for each', async () => {
  const ids = await makeOperations(control, ['/u/{a}', '/v', '/u/{b}']);

  assert.equal(ids[0], ids[2]);
  assert.notEqual(ids[0], ids[1]);
  const { body } = await control.call('GET', path);
  assert.equal(body.result_info.total_count, 2);
});

test('draws another id when its short id is taken, also by a deleted operation, and never gives 0', async () => {
  uuids = ['aaaaaaaa-0000-4000-8000-000000000001'];
  const [first] = await makeOperations(control, ['/first']);
  await control.call('DELETE', `${path}/${first}`);
  uuids = [
    'aaaaaaaa-0000-4000-8000-000000000002',
    '00000000-0000-4000-8000-000000000002',
    'bbbbbbbb-0000-4000-8000-000000000003',
    'bbbbbbbb-0000-4000-8000-000000000004',
    'cccccccc-0000-4000-8000-000000000005',
  ];

  const ids = await makeOperations(control, ['/second', '/third']);

  assert.deepEqual(ids, ['bbbbbbbb-0000-4000-8000-000000000003', 'cccccccc-0000-4000-8000-000000000005']);
});

test('saves 10,000 operations in one revision', async () => {
  const revision = control.store.zones.get(zoneId as ZoneId)?.revision ?? 0;

  const ids = await makeOperations(
    control,
    Array.from({ length: 10_000 }, (_, i) => `/path/${i}`),
  );

  assert.equal(new Set(ids).size, 10_000);
  assert.equal(control.store.zones.get(zoneId as ZoneId)?.revision, revision + 1);
});

test('refuses more operations in one request than are allowed, and none', async () => {
  const one = { method: 'GET', host: 'a.example.com', endpoint: '/a' };

  const many = await control.call('POST', path, Array(10_001).fill(one));
  const none = await control.call('POST', path, []);

  assert.deepEqual(faultsOf(many), [[1004, '']]);
  assert.deepEqual(faultsOf(none), [[1004, '']]);
});

test('names all faults of all operations at once, each with its pointer', async () => {
  const answer = await control.call('POST', path, [
    { method: 'get', host: 'a b', endpoint: 'no-slash' },
    { method: 'GET', host: 'a.example.com' },
    { method: 'GET', host: 'a.example.com', endpoint: '/ok', extra: 1 },
    'text',
  ]);

  assert.equal(answer.status, 400);
  assert.deepEqual(faultsOf(answer), [
    [1004, '/0/method'],
    [1303, '/0/host'],
    [1304, '/0/endpoint'],
    [1004, '/1/endpoint'],
    [1005, '/2/extra'],
    [1004, '/3'],
  ]);
  assert.match(answer.body.errors[3].message, /is missing/);
  assert.equal((await control.call('GET', path)).body.result_info.total_count, 0);
});

test('tells the first hundred of very many faults', async () => {
  const answer = await control.call('POST', path, Array(5_000).fill({ method: 'GET' }));

  assert.equal(answer.body.errors.length, 100);
});

test('filters, sorts and pages the list', async () => {
  await makeOperations(control, ['/b', '/a', '/c'], 'one.example.com');
  await makeOperations(control, ['/a'], 'two.example.com');
  const endpoints = async (query: string) =>
    (await control.call('GET', `${path}?${query}`)).body.result.map(
      (o: { host: string; endpoint: string }) => o.host.slice(0, 3) + o.endpoint,
    );

  assert.deepEqual(await endpoints(''), ['one/a', 'one/b', 'one/c', 'two/a']);
  assert.deepEqual(await endpoints('order=endpoint&direction=desc'), ['one/c', 'one/b', 'two/a', 'one/a']);
  assert.deepEqual(await endpoints('host[]=two.example.com&host[]=ONE.example.com&endpoint=a'), [
    'one/a',
    'two/a',
  ]);
  assert.deepEqual(await endpoints('host=two.example.com&method=POST&method=PUT'), []);
  assert.deepEqual(await endpoints('page=2&per_page=3'), ['two/a']);
  assert.deepEqual(await endpoints('page=9'), []);
});

test('refuses query parameters that are unknown or out of range, all at once', async () => {
  const answer = await control.call('GET', `${path}?per_page=1001&page=0&direction=up&colour=red`);

  assert.equal(answer.status, 400);
  assert.deepEqual(
    faultsOf(answer).map(([code]) => code),
    [1006, 1006, 1006, 1006],
  );
});

test('deletes an operation once', async () => {
  const [id] = await makeOperations(control, ['/a']);

  const first = await control.call('DELETE', `${path}/${id}`, '');
  const second = await control.call('DELETE', `${path}/${id}`);

  assert.deepEqual(first.body.result, { operation_id: id });
  assert.deepEqual([second.status, faultsOf(second)], [404, [[1300, undefined]]]);
  assert.equal((await control.call('GET', `${path}/${id}`)).status, 404);
});

test('refuses to delete an operation that a sequence rule uses', async () => {
  const sequence = await makeOperations(control, ['/a', '/b']);
  const rules = `/zones/${zoneId}/api_gateway/seqrules/rules`;
  const rule = await control.call('POST', rules, { title: 'r', kind: 'allow', action: 'log', sequence });

  const refused = await control.call('DELETE', `${path}/${sequence[1]}`);

  assert.deepEqual([refused.status, faultsOf(refused)], [409, [[1301, undefined]]]);
  assert.ok(refused.body.errors[0].message.includes(rule.body.result.id));
  await control.call('DELETE', `${rules}/${rule.body.result.id}`);
  assert.equal((await control.call('DELETE', `${path}/${sequence[1]}`)).status, 200);
});

test('a malformed operation id has no route', async () => {
  const answer = await control.call('GET', `${path}/12`);

  assert.deepEqual([answer.status, faultsOf(answer)], [404, [[7003, undefined]]]);
});

test('refuses operations beyond the limit of a zone', async () => {
  for (const part of ['a', 'b'])
    await makeOperations(
      control,
      Array.from({ length: 10_000 }, (_, i) => `/${part}/${i}`),
    );

  const beyond = await control.call('POST', `${path}/item`, {
    method: 'GET',
    host: 'a.example.com',
    endpoint: '/one-more',
  });

  assert.deepEqual([beyond.status, faultsOf(beyond)], [409, [[1302, undefined]]]);
});
