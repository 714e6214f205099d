import assert from 'node:assert/strict';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Answer, faultsOf, type Harness, makeZone, startHarness, zoneId } from './harness.test-kit.ts';

const path = `/zones/${zoneId}/token_validation/config`;
let control: Harness;
before(async () => {
  control = await startHarness();
  await makeZone(control);
});
after(() => control.close());

const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = elliptic.publicKey.export({ format: 'jwk' });
const privateKey = elliptic.privateKey.export({ format: 'jwk' });
const rsa = (bits: number): JsonWebKey =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });

const body = (more: object = {}) => ({
  title: 'tokens',
  token_sources: ['http.request.headers["authorization"][0]', 'http.request.cookies["token"][0]'],
  token_type: 'JWT',
  credentials: { keys: [{ ...publicKey, kid: 'one', alg: 'ES256' }] },
  ...more,
});
const post = (more: object = {}): Promise<Answer> => control.call('POST', path, body(more));
const keys = (...given: object[]) => ({ credentials: { keys: given } });

test('makes a configuration and shows it', async () => {
  const answer = await post({ issuer: 'https://id.example.com', clock_tolerance: 5 });

  const { id, created_at, last_updated, ...rest } = answer.body.result;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(created_at, last_updated);
  assert.deepEqual(rest, {
    ...body(),
    description: '',
    jwks_url: null,
    algorithms: ['ES256'],
    issuer: 'https://id.example.com',
    audience: null,
    clock_tolerance: 5,
  });
  assert.deepEqual((await control.call('GET', `${path}/${id}`)).body.result, answer.body.result);
  assert.equal((await control.call('GET', path)).body.result[0].id, id);
});

test('takes keys by https, or by http on loopback, with algorithms that are named', async () => {
  const algorithms = ['RS256'];
  for (const url of ['https://id.example.com/keys', 'http://127.0.0.1:9/keys', 'http://[::1]/keys']) {
    const answer = await post({ credentials: undefined, jwks_url: url, algorithms });
    assert.equal(answer.body.result?.jwks_url, url, JSON.stringify(answer.body));
  }
  for (const url of ['http://id.example.com', 'ftp://127.0.0.1', 'https://u:p@id.example.com', 'x', 7]) {
    const answer = await post({ credentials: undefined, jwks_url: url, algorithms });
    assert.equal(faultsOf(answer)[0]?.[1], '/jwks_url', String(url));
  }
  const unnamed = await post({ credentials: undefined, jwks_url: 'https://id.example.com/keys' });
  assert.deepEqual(faultsOf(unnamed), [[1004, '/algorithms']]);
});

test('wants either keys or an address', async () => {
  const neither = await post({ credentials: undefined });
  const both = await post({ jwks_url: 'https://id.example.com', algorithms: ['ES256'] });

  assert.deepEqual(faultsOf(neither), [[1004, '/credentials']]);
  assert.deepEqual(faultsOf(both), [[1004, '/credentials']]);
});

test('takes no secret key of any form, and says which member is secret', async () => {
  const symmetric = { kty: 'oct', k: 'c2VjcmV0' };
  const secretRsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

  const answer = await post(keys(privateKey, symmetric, secretRsa));

  assert.deepEqual(faultsOf(answer), [
    [1803, '/credentials/keys/0/d'],
    [1803, '/credentials/keys/1/kty'],
    [1803, '/credentials/keys/1/k'],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => [1803, `/credentials/keys/2/${name}`]),
  ]);
  assert.ok(!JSON.stringify(answer.body).includes(privateKey.d ?? ''));
});

test('takes no algorithm that anybody could sign by', async () => {
  const answer = await post({
    ...keys({ ...publicKey, alg: 'none' }, { ...publicKey, alg: 'HS256' }, { ...publicKey, alg: 'RS256' }),
    algorithms: ['none', 'HS512', 'ES256', 'XX'],
  });

  assert.deepEqual(faultsOf(answer), [
    [1805, '/credentials/keys/0/alg'],
    [1805, '/credentials/keys/1/alg'],
    [1805, '/credentials/keys/2/alg'],
    [1805, '/algorithms/0'],
    [1805, '/algorithms/1'],
    [1805, '/algorithms/3'],
  ]);
});

test('takes no key that verifies nothing', async () => {
  const answer = await post(
    keys(
      { ...publicKey, x: 'AAAA' },
      { kty: 'EC', crv: 'secp256k1', x: publicKey.x, y: publicKey.y },
      rsa(1024),
      { ...publicKey, use: 'enc' },
      { ...publicKey, kid: 7 },
    ),
  );
  const none = await post(keys('key' as unknown as object));

  assert.deepEqual(faultsOf(answer), [
    [1804, '/credentials/keys/0'],
    [1804, '/credentials/keys/1/kty'],
    [1804, '/credentials/keys/2/n'],
    [1804, '/credentials/keys/3/use'],
    [1804, '/credentials/keys/4/kid'],
  ]);
  assert.deepEqual(faultsOf(none), [[1004, '/credentials/keys/0']]);
});

test('what of a key does not verify is not kept', async () => {
  const answer = await post(keys({ ...publicKey, x5c: ['…'], note: 'mine' }, rsa(2048)));

  const [first, second] = answer.body.result.credentials.keys;
  assert.deepEqual(first, publicKey);
  assert.equal(second.kty, 'RSA');
  assert.deepEqual(answer.body.result.algorithms, ['ES256', 'RS256']);
});

test('names the faults of all members at once', async () => {
  const answer = await post({
    title: '',
    token_type: 'saml',
    token_sources: [
      'http.request.headers["authorization"]',
      'nothing',
      'http.request.version',
      'http.host [',
    ],
    clock_tolerance: 601,
    issuer: 7,
    secret: 'x',
  });

  assert.deepEqual(faultsOf(answer).toSorted(), [
    [1004, '/clock_tolerance'],
    [1004, '/issuer'],
    [1004, '/title'],
    [1004, '/token_type'],
    [1005, '/secret'],
    [1508, '/token_sources/0'],
    [1508, '/token_sources/1'],
    [1508, '/token_sources/2'],
    [1508, '/token_sources/3'],
  ]);
});

test('changes what is given; keys take the place of an address, and the reverse', async () => {
  const { id } = (await post({ audience: 'shop' })).body.result;
  const one = `${path}/${id}`;

  const renamed = await control.call('PATCH', one, { title: 'new', audience: null });
  const byUrl = await control.call('PATCH', one, { jwks_url: 'https://id.example.com/keys' });
  const byKeys = await control.call('PATCH', one, keys(publicKey));
  const rotated = await control.call('PUT', `${one}/credentials`, { keys: [rsa(2048)] });
  const replaced = await control.call('PUT', one, body({ title: 'whole' }));

  assert.deepEqual([renamed.body.result.title, renamed.body.result.audience], ['new', null]);
  assert.deepEqual(byUrl.body.result.credentials, { keys: [] });
  assert.deepEqual([byKeys.body.result.jwks_url, byKeys.body.result.credentials.keys.length], [null, 1]);
  assert.deepEqual(rotated.body.result.algorithms, ['RS256']);
  assert.deepEqual([replaced.body.result.id, replaced.body.result.title], [id, 'whole']);
});

test('deletes a configuration; one of another zone is not there', async () => {
  const { id } = (await post()).body.result;
  const other = 'f'.repeat(32);
  await control.call('POST', '/zones', { name: 'other', id: other });

  const foreign = await control.call('DELETE', `/zones/${other}/token_validation/config/${id}`);
  const deleted = await control.call('DELETE', `${path}/${id}`);
  const gone = await control.call('GET', `${path}/${id}`);

  assert.deepEqual([foreign.status, faultsOf(foreign)], [404, [[1800, undefined]]]);
  assert.deepEqual(deleted.body.result, { id });
  assert.deepEqual(faultsOf(gone), [[1800, undefined]]);
});
