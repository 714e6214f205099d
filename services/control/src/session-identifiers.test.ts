import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
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

const configure = async (): Promise<string> => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { body } = await control.call('POST', `/zones/${zoneId}/token_validation/config`, {
    title: 'tokens',
    token_sources: ['http.request.headers["authorization"][0]'],
    credentials: { keys: [publicKey.export({ format: 'jwk' })] },
  });
  return body.result.id;
};

test('a claim of a token names a session: a configuration that is there and a path that gives one value', async () => {
  const id = await configure();
  const paths = ['$.sub', "$['https://example.com/id']", '$.ids[0]', '$ .a ["b\\u0020\\ud83d\\ude00"][-1]'];

  const answer = await put(paths.map((path) => ({ type: 'jwt', name: `${id.toUpperCase()}:${path}` })));

  const names = answer.body.result.auth_id_characteristics.map((each: { name: string }) => each.name);
  assert.deepEqual(
    names,
    paths.map((path) => `${id}:${path}`),
  );
});

test('refuses claims of no configuration and paths that may give several values, beside every other fault', async () => {
  const id = await configure();
  const faulty = [
    '',
    '$',
    'sub',
    '$.*',
    '$..sub',
    '$[0:2]',
    "$['a','b']",
    '$[?@.a]',
    '$.a.',
    '$["\\ud83d"]',
    '$[01]',
  ];

  const paths = await put(faulty.map((path) => ({ type: 'jwt', name: `${id}:${path}` })).slice(0, 10));
  const answer = await put([
    { type: 'jwt', name: 'eeeeeeee-0000-4000-8000-000000000000:$.sub' },
    { type: 'jwt', name: '$.sub' },
    { type: 'header', name: 'a b' },
    { type: 'query', name: 'q' },
    { type: 'cookie' },
  ]);

  assert.deepEqual(
    faultsOf(paths),
    faulty.slice(0, 10).map((_, i) => [1403, `/auth_id_characteristics/${i}/name`]),
  );
  assert.deepEqual(faultsOf(answer), [
    [1402, '/auth_id_characteristics/0/name'],
    [1004, '/auth_id_characteristics/1/name'],
    [1004, '/auth_id_characteristics/2/name'],
    [1004, '/auth_id_characteristics/3/type'],
    [1004, '/auth_id_characteristics/4/name'],
  ]);
});

test('a token configuration that names a session is not deleted', async () => {
  const id = await configure();
  const config = `/zones/${zoneId}/token_validation/config/${id}`;
  await put([{ type: 'jwt', name: `${id}:$.sub` }]);

  const used = await control.call('DELETE', config);
  await put([]);
  const free = await control.call('DELETE', config);

  assert.deepEqual([used.status, faultsOf(used)], [409, [[1801, undefined]]]);
  assert.deepEqual(free.body.result, { id });
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
