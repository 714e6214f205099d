import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ZoneId } from '@precede/contracts';
import { Permission, type Principal } from './auth.ts';
import { faultsOf, type Harness, makeZone, startHarness, token, zoneId } from './harness.test-kit.ts';

const other = 'f'.repeat(32);
const analyst: Principal = {
  name: 'analyst',
  zones: new Set([zoneId as ZoneId]),
  permissions: new Set([Permission.analyticsRead]),
};
const operations = `/zones/${zoneId}/api_gateway/operations`;

let control: Harness;
before(async () => {
  control = await startHarness();
  await makeZone(control);
});
after(() => control.close());

test('wants a bearer token that is known', async () => {
  for (const authorization of ['', 'Basic abc', 'Bearer', `Bearer ${token}x`, `Bearer ${token.slice(1)}`]) {
    const answer = await control.call('GET', '/zones', undefined, { authorization });

    assert.deepEqual([answer.status, faultsOf(answer)], [401, [[1100, undefined]]]);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  const lower = await control.call('GET', '/zones', undefined, { authorization: `bearer ${token}` });
  assert.equal(lower.status, 200);
});

test('says which permission a token lacks, and keeps it to its zones', async () => {
  const limited = await startHarness({ authenticate: (given) => (given === token ? analyst : undefined) });

  const edit = await limited.call('POST', `${operations}/item`, {});
  const zone = await limited.call('POST', '/zones', { name: 'x' });
  const foreign = await limited.call('GET', `/zones/${other}`);
  const own = await limited.call('GET', `/zones/${zoneId}`);

  assert.deepEqual([edit.status, faultsOf(edit)], [403, [[1101, undefined]]]);
  assert.match(edit.body.errors[0].message, /"endpoints edit"/);
  assert.match(zone.body.errors[0].message, /"admin"/);
  assert.deepEqual([foreign.status, faultsOf(foreign)], [403, [[1101, undefined]]]);
  assert.deepEqual(faultsOf(own), [[1200, undefined]]);
  await limited.close();
});

test('shows a token only its own zones', async () => {
  let principal: Principal | undefined;
  const admin: Principal = { name: 'a', zones: 'all', permissions: new Set([Permission.admin]) };
  const limited = await startHarness({ authenticate: () => principal ?? admin });
  await makeZone(limited);
  await limited.call('POST', '/zones', { name: 'bank' });

  principal = analyst;

  const { body } = await limited.call('GET', '/zones');
  assert.deepEqual(
    body.result.map((zone: { id: string }) => zone.id),
    [zoneId],
  );
  await limited.close();
});

test('answers unknown routes in the envelope', async () => {
  for (const [method, path] of [
    ['GET', '/nothing'],
    ['PUT', '/zones'],
    ['GET', `/zones/${zoneId}/api_gateway/discovery`],
    ['GET', `/zones/${zoneId}/rulesets/phases/x/entrypoint`],
  ] as const) {
    const answer = await control.call(method, path);

    assert.deepEqual([answer.status, faultsOf(answer)], [404, [[7003, undefined]]], `${method} ${path}`);
    assert.equal(answer.body.success, false);
  }
});

test('refuses bodies that are no JSON, missing, of another type or too large', async () => {
  const post = (body: unknown, headers = {}) => control.call('POST', operations, body, headers);
  const deep = '['.repeat(200_000);

  for (const body of ['{', '', '[1,]', deep, Buffer.from([0x22, 0xff, 0x22])]) {
    const answer = await post(body);
    assert.deepEqual([answer.status, faultsOf(answer)], [400, [[1001, undefined]]]);
  }
  const typed = await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' });
  assert.deepEqual([typed.status, faultsOf(typed)], [415, [[1003, undefined]]]);
  const large = await post(Buffer.alloc(17 * 1024 * 1024, 0x20));
  assert.deepEqual([large.status, faultsOf(large)], [413, [[1002, undefined]]]);
  const missing = await post(undefined);
  assert.deepEqual(faultsOf(missing), [[1001, undefined]]);
});

test('a body of the wrong kind is a fault at its root', async () => {
  for (const body of [[], 1, null, 'true'])
    assert.deepEqual(faultsOf(await control.call('POST', `${operations}/item`, JSON.stringify(body))), [
      [1004, ''],
    ]);
});

test('a field named __proto__ is an unknown field', async () => {
  const answer = await control.call('POST', '/zones', '{"name":"x","__proto__":{"id":"y"}}');

  assert.equal(answer.status, 400);
});

test('tells what instance this is', async () => {
  const answer = await control.call('GET', '/instance');

  assert.deepEqual(answer.body.result, {
    version: '0.0.1',
    mode: 'embedded',
    addresses: { ingest: 'http://i', enforcer: 'http://e', clickhouse: 'http://c' },
  });
});

test('without ClickHouse scores are 503 and everything else works', async () => {
  for (const path of ['sequences', 'pipeline']) {
    const answer = await control.call('GET', `/zones/${zoneId}/api_gateway/${path}`);
    assert.deepEqual([answer.status, faultsOf(answer)], [503, [[1903, undefined]]]);
  }
  assert.equal((await control.call('GET', operations)).status, 200);
});

test('counts its answers', async () => {
  await control.call('GET', '/zones');

  const metrics = await control.registry.metrics();
  assert.match(metrics, /precede_control_requests_total\{method="GET",status="2xx"\} \d+/);
  assert.match(metrics, /precede_control_zones 1/);
});
