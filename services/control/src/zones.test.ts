import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { faultsOf, type Harness, startHarness, zoneId } from './harness.test-kit.ts';

let control: Harness;
before(async () => {
  control = await startHarness();
});
after(() => control.close());

test('makes a zone and shows it', async () => {
  const made = await control.call('POST', '/zones', { name: 'shop', id: zoneId });

  assert.equal(made.status, 200);
  assert.deepEqual(made.body, {
    success: true,
    errors: [],
    messages: [],
    result: {
      id: zoneId,
      name: 'shop',
      inactivity_gap_ms: 600_000,
      grace_ms: 5_000,
      log_only: false,
      fail_mode: null,
      requests_origin: 'ingest',
      decision_header: true,
      revision: 1,
      created_on: '2026-11-21T12:00:00.005000Z',
    },
  });
  assert.deepEqual((await control.call('GET', `/zones/${zoneId}`)).body.result, made.body.result);
});

test('making a zone again returns it, by name or by id and name', async () => {
  const byName = await control.call('POST', '/zones', { name: 'shop' });
  const byBoth = await control.call('POST', '/zones', { name: 'shop', id: zoneId });

  assert.equal(byName.body.result.id, zoneId);
  assert.equal(byBoth.body.result.revision, 1);
});

test('refuses a name or an id that means another zone', async () => {
  await control.call('POST', '/zones', { name: 'bank' });

  const wrongName = await control.call('POST', '/zones', { name: 'bank', id: zoneId });
  const wrongId = await control.call('POST', '/zones', { name: 'bank', id: 'f'.repeat(32) });

  assert.equal(wrongName.status, 409);
  assert.deepEqual(faultsOf(wrongName), [[1201, '/id']]);
  assert.deepEqual(faultsOf(wrongId), [[1201, '/name']]);
});

test('names all faults of a zone at once', async () => {
  const answer = await control.call('POST', '/zones', { name: '', id: 'XYZ', grace_ms: -1, colour: 'red' });

  assert.equal(answer.status, 400);
  assert.equal(answer.body.success, false);
  assert.equal(answer.body.result, null);
  assert.deepEqual(faultsOf(answer).toSorted(), [
    [1004, '/grace_ms'],
    [1004, '/id'],
    [1004, '/name'],
    [1005, '/colour'],
  ]);
});

test('pages zones and filters them by name', async () => {
  await control.call('POST', '/zones', { name: 'club' });

  const second = await control.call('GET', '/zones?page=2&per_page=1');
  const named = await control.call('GET', '/zones?name=club');

  assert.deepEqual(second.body.result_info, {
    page: 2,
    per_page: 1,
    count: 1,
    total_count: 3,
    total_pages: 3,
  });
  assert.equal(second.body.result[0].name, 'club');
  assert.equal(named.body.result.length, 1);
});

test('changes settings within their bounds and moves the revision', async () => {
  const changed = await control.call('PATCH', `/zones/${zoneId}`, { inactivity_gap_ms: 60_000 });
  const refused = await control.call('PATCH', `/zones/${zoneId}`, {
    inactivity_gap_ms: 999,
    grace_ms: 600_001,
  });

  assert.equal(changed.body.result.inactivity_gap_ms, 60_000);
  assert.equal(changed.body.result.revision, 2);
  assert.deepEqual(faultsOf(refused), [
    [1004, '/inactivity_gap_ms'],
    [1004, '/grace_ms'],
  ]);
});

test('changes how its enforcers behave, each setting by itself', async () => {
  const wanted = { log_only: true, fail_mode: 'closed', requests_origin: 'enforcer', decision_header: false };
  const zone = `/zones/${zoneId}`;

  const changed = await control.call('PATCH', zone, wanted);
  const back = await control.call('PATCH', zone, { fail_mode: null });
  const refused = await control.call('PATCH', zone, {
    log_only: 'yes',
    fail_mode: 'ajar',
    requests_origin: null,
    decision_header: 1,
  });

  const { log_only, fail_mode, requests_origin, decision_header } = changed.body.result;
  assert.deepEqual({ log_only, fail_mode, requests_origin, decision_header }, wanted);
  assert.deepEqual([back.body.result.fail_mode, back.body.result.log_only], [null, true]);
  assert.deepEqual(faultsOf(refused), [
    [1004, '/log_only'],
    [1004, '/fail_mode'],
    [1004, '/requests_origin'],
    [1004, '/decision_header'],
  ]);
  await control.call('PATCH', zone, { log_only: false, requests_origin: 'ingest', decision_header: true });
});

test('switches the sequence cookie on and off', async () => {
  const path = `/zones/${zoneId}/fraud_detection/sequence_cookies`;

  const before = await control.call('GET', path);
  const on = await control.call('PUT', path, { enabled: true });
  const after = await control.call('GET', path);
  const refused = await control.call('PUT', path, { enabled: 'on' });

  assert.deepEqual(before.body.result, { enabled: false });
  assert.deepEqual([on.body.result, after.body.result], [{ enabled: true }, { enabled: true }]);
  assert.deepEqual(faultsOf(refused), [[1004, '/enabled']]);
  await control.call('PUT', path, { enabled: false });
});

test('a deleted zone is gone with all it had, and a new one of its id goes on counting revisions', async () => {
  await control.call('POST', `/zones/${zoneId}/api_gateway/operations/item`, {
    method: 'GET',
    host: 'a.example.com',
    endpoint: '/a',
  });
  await control.call('PUT', `/zones/${zoneId}/api_gateway/configuration`, {
    auth_id_characteristics: [{ type: 'cookie', name: 'sid' }],
  });

  const deletedAt = await control.call('GET', `/zones/${zoneId}`);

  const deleted = await control.call('DELETE', `/zones/${zoneId}`);

  assert.deepEqual(deleted.body.result, { id: zoneId });
  assert.equal((await control.call('GET', `/zones/${zoneId}`)).status, 404);
  const again = await control.call('POST', '/zones', { name: 'shop', id: zoneId });
  const { body: before } = deletedAt;
  assert.equal(again.body.result.revision, before.result.revision + 2);
  assert.deepEqual((await control.call('GET', `/zones/${zoneId}/api_gateway/operations`)).body.result, []);
  const configuration = await control.call('GET', `/zones/${zoneId}/api_gateway/configuration`);
  assert.deepEqual(configuration.body.result, { auth_id_characteristics: [] });
});

test('an unknown zone is 404 with a code, a malformed id has no route', async () => {
  const unknown = await control.call('GET', `/zones/${'e'.repeat(32)}`);
  const patched = await control.call('PATCH', `/zones/${'e'.repeat(32)}`, {});
  const malformed = await control.call('GET', '/zones/nonsense');

  assert.deepEqual([unknown.status, faultsOf(unknown)], [404, [[1200, undefined]]]);
  assert.deepEqual([patched.status, faultsOf(patched)], [404, [[1200, undefined]]]);
  assert.deepEqual([malformed.status, faultsOf(malformed)], [404, [[7003, undefined]]]);
});
