import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { faultsOf, type Harness, makeZone, startHarness, zoneId } from './harness.test-kit.ts';

const path = `/zones/${zoneId}/api_gateway/configuration`;
let control: Harness;
before(async () => {
  control = await startHarness();
  await makeZone(control);
});
after(() => control.close());

const put = (identifiers: unknown) => control.call('PUT', path, { auth_id_characteristics: identifiers });

test('a new zone has no session identifiers', async () => {
  const answer = await control.call('GET', `${path}?properties=auth_id_characteristics`);

  assert.deepEqual(answer.body.result, { auth_id_characteristics: [] });
});

test('keeps the list in its order, names of headers in lower case', async () => {
  const wanted = [
    { type: 'header', name: 'Authorization' },
    { type: 'cookie', name: 'SessionId' },
  ];

  const answer = await put(wanted);

  const kept = [
    { type: 'header', name: 'authorization' },
    { type: 'cookie', name: 'SessionId' },
  ];
  assert.deepEqual(answer.body.result, { auth_id_characteristics: kept });
  assert.deepEqual((await control.call('GET', path)).body.result, { auth_id_characteristics: kept });
});

test('refuses jwt for now, with a message of its own, beside every other fault', async () => {
  const answer = await put([
    { type: 'jwt', name: 'id:$.sub' },
    { type: 'header', name: 'a b' },
    { type: 'query', name: 'q' },
    { type: 'cookie' },
  ]);

  assert.deepEqual(faultsOf(answer), [
    [1400, '/auth_id_characteristics/0/type'],
    [1004, '/auth_id_characteristics/1/name'],
    [1004, '/auth_id_characteristics/2/type'],
    [1004, '/auth_id_characteristics/3/name'],
  ]);
});

test('refuses the same identifier twice, headers without regard to case', async () => {
  const answer = await put([
    { type: 'header', name: 'x-session' },
    { type: 'cookie', name: 'sid' },
    { type: 'header', name: 'X-Session' },
    { type: 'cookie', name: 'SID' },
  ]);

  assert.deepEqual(faultsOf(answer), [[1401, '/auth_id_characteristics/2']]);
});

test('refuses an eleventh identifier', async () => {
  const answer = await put(Array.from({ length: 11 }, (_, i) => ({ type: 'cookie', name: `c${i}` })));

  assert.deepEqual(faultsOf(answer), [[1004, '/auth_id_characteristics']]);
});

test('an empty list clears', async () => {
  await put([{ type: 'cookie', name: 'sid' }]);

  await put([]);

  assert.deepEqual((await control.call('GET', path)).body.result, { auth_id_characteristics: [] });
});
