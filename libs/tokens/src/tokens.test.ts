import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { TokenConfiguration, ZoneId } from '@precede/contracts';
import fc from 'fast-check';
import { readRequestFields } from './request-fields.ts';
import { configId, configuration, createIssuer, type Issuer, startKeyServer } from './tokens.test-kit.ts';
import { Tokens } from './tokens.ts';

const startMs = Date.parse('2026-05-01T12:00:00Z');
const startSeconds = startMs / 1000;
const sub = `${configId}:$.sub`;
const zoneId = 'a'.repeat(32) as ZoneId;

const zoneOf = (config: TokenConfiguration, name = sub, id = zoneId) => ({
  zoneId: id,
  identifiers: [{ type: 'jwt' as const, name }],
  tokenConfigurations: new Map([[config.configId, config]]),
});

/** One zone; `ask` gives the claim, or the outcome where there is none. */
const start = (config: TokenConfiguration, tokens?: Tokens) => {
  const outcomes: string[] = [];
  const clock = { nowMs: startMs };
  const own =
    tokens ?? new Tokens({ onOutcome: (o) => outcomes.push(o), onLoad: () => {}, now: () => clock.nowMs });
  const { sessions, faults } = own.forZone(zoneOf(config));
  assert.deepEqual(faults, []);
  const claimOf = (token: string, timeMs = clock.nowMs) =>
    sessions?.claimOf(sub, readRequestFields([['authorization', token]], []), timeMs);
  const ask = async (token: string, timeMs = clock.nowMs) =>
    (await claimOf(token, timeMs)) ?? `- ${outcomes.at(-1)}`;
  return { tokens: own, sessions, claimOf, ask, outcomes, clock };
};

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const keyServerOf = async (t: Parameters<typeof startKeyServer>[0], issuer: Issuer) =>
  startKeyServer(t, [issuer.key]);

test('names a session by the claim of a token that verifies, whatever its signature', async () => {
  const issuer = await createIssuer('k1');
  const { ask, outcomes } = start(configuration({ keys: [issuer.key] }));

  const first = await ask(`Bearer ${await issuer.sign({ sub: 'u1', iat: 1 })}`);
  const refreshed = await ask(`Bearer ${await issuer.sign({ sub: 'u1', iat: 2 })}`);

  assert.deepEqual([first, refreshed], ['u1', 'u1']);
  assert.deepEqual(outcomes, ['valid', 'valid']);
});

for (const alg of [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
])
  test(`verifies ${alg}`, async () => {
    const issuer = await createIssuer('k1', alg);
    const { ask } = start(configuration({ keys: [issuer.key], algorithms: [alg] }));

    assert.equal(await ask(await issuer.sign({ sub: 'u1' })), 'u1');
  });

test('answers at once where the token is known, and shares one verification among requests that come together', async () => {
  const issuer = await createIssuer('k1');
  const { claimOf } = start(configuration({ keys: [issuer.key] }));
  const token = await issuer.sign({ sub: 'u1' });
  const first = claimOf(token);
  const second = claimOf(token);
  assert.ok(first instanceof Promise && second instanceof Promise);
  await Promise.all([first, second]);

  assert.equal(claimOf(token), 'u1');
});

test('counts each way in which a token does not count', async () => {
  const issuer = await createIssuer('k1');
  const other = await createIssuer('k2');
  const rights = { sub: 'u1', iss: 'https://issuer', aud: ['api', 'web'], exp: startSeconds + 60 };
  const config = configuration({
    keys: [issuer.key],
    issuer: 'https://issuer',
    audience: 'api',
    algorithms: ['RS256', 'ES256'],
  });
  const { ask } = start(config);
  const signed = async (claims: Record<string, unknown>, header = {}) =>
    ask(await issuer.sign({ ...rights, ...claims }, header));
  const good = await issuer.sign(rights);

  assert.equal(await ask(good), 'u1');
  assert.equal(await ask(''), '- missing');
  assert.equal(await ask('Basic dXNlcjpwdw=='), '- malformed');
  assert.equal(await signed({ iss: 'https://other' }), '- wrong_issuer');
  assert.equal(await signed({ iss: undefined }), '- wrong_issuer');
  assert.equal(await signed({ aud: 'web' }), '- wrong_audience');
  assert.equal(await signed({ aud: undefined }), '- wrong_audience');
  assert.equal(await signed({ exp: startSeconds }), '- expired');
  assert.equal(await signed({ nbf: startSeconds + 1 }), '- not_yet_valid');
  assert.equal(await signed({ exp: 'never' }), '- malformed');
  assert.equal(await signed({ nbf: startSeconds - 1, exp: 'never' }), '- malformed');
  assert.equal(await signed({ sub: undefined }), '- no_claim');
  assert.equal(await ask(await other.sign(rights)), '- unknown_key');
  assert.equal(await ask(await other.sign(rights, { kid: 'k1' })), '- bad_signature');
  assert.equal(await ask(`${good.slice(0, -8)}AAAAAAAA`), '- bad_signature');
  const pss = await createIssuer('k1', 'PS256');
  assert.equal(await ask(await pss.sign(rights)), '- wrong_algorithm');
  assert.equal(
    await ask(await issuer.sign({ ...rights, nbf: startSeconds + 9, exp: 'never' })),
    '- malformed',
  );
});

test('a token ends and begins with the tolerance of its configuration, at the time of the request', async () => {
  const issuer = await createIssuer('k1');
  const { ask, claimOf } = start(configuration({ keys: [issuer.key], clockToleranceMs: 5_000 }));
  const token = await issuer.sign({ sub: 'u1', nbf: startSeconds - 100, exp: startSeconds });

  assert.equal(await ask(token), 'u1');
  assert.equal(await ask(token, startMs + 4_999), 'u1');
  assert.equal(await ask(token, startMs + 5_000), '- expired');
  assert.equal(await ask(token, startMs - 105_000), 'u1');
  assert.equal(await ask(token, startMs - 105_001), '- not_yet_valid');
  assert.equal(claimOf(token, startMs - 50_000), 'u1');
});

test('tokens of an import count at the time of their requests, though they have expired since', async () => {
  const issuer = await createIssuer('k1');
  const { ask, claimOf } = start(configuration({ keys: [issuer.key] }));
  const token = await issuer.sign({ sub: 'u1', exp: startSeconds - 86_400 });

  assert.equal(await ask(token, startMs - 90_000_000), 'u1');
  assert.equal(claimOf(token, startMs - 90_000_000), 'u1');
  assert.equal(await ask(token), '- expired');
});

test('asks again after some minutes, sooner after a failure', async () => {
  const issuer = await createIssuer('k1');
  const { claimOf, clock } = start(configuration({ keys: [issuer.key] }));
  const good = await issuer.sign({ sub: 'u1' });
  const bad = `${good.slice(0, -8)}AAAAAAAA`;
  await Promise.all([claimOf(good), claimOf(bad)]);

  clock.nowMs += 29_999;
  assert.deepEqual([claimOf(good), claimOf(bad)], ['u1', null]);
  clock.nowMs += 1;
  assert.equal(claimOf(good), 'u1');
  assert.ok(claimOf(bad) instanceof Promise);
  clock.nowMs += 270_000;
  assert.ok(claimOf(good) instanceof Promise);
});

test('takes no algorithm but those allowed: none, an HMAC with the public key as its secret, a key of its own', async () => {
  const issuer = await createIssuer('k1');
  const attacker = await createIssuer('k1');
  const { ask } = start(configuration({ keys: [issuer.key], algorithms: ['RS256', 'ES256', 'EdDSA'] }));
  const claims = part({ sub: 'admin' });
  const forged = (header: Record<string, unknown>, sign: (input: string) => string) => {
    const input = `${part(header)}.${claims}`;
    return ask(`${input}.${sign(input)}`);
  };
  const secrets = [
    JSON.stringify(issuer.key),
    String(issuer.key['n']),
    Buffer.from(String(issuer.key['n']), 'base64url'),
  ];

  for (const alg of ['none', 'None', 'NONE', ''])
    assert.match(await forged({ alg, kid: 'k1' }, () => ''), /^- (wrong_algorithm|malformed)$/, alg);
  for (const secret of secrets)
    assert.equal(
      await forged({ alg: 'HS256', kid: 'k1' }, (input) =>
        createHmac('sha256', secret).update(input).digest('base64url'),
      ),
      '- wrong_algorithm',
    );
  assert.equal(await ask(await attacker.sign({ sub: 'admin' }, { jwk: attacker.key })), '- bad_signature');
  assert.equal(
    await ask(
      await attacker.sign({ sub: 'admin' }, { jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/' }),
    ),
    '- bad_signature',
  );
  const critical = { alg: 'RS256', kid: 'k1', crit: ['x'], x: 1 };
  assert.equal(await forged(critical, () => 'AAAA'), '- malformed');
});

test('a kid is compared and nothing else is done with it', async () => {
  const issuer = await createIssuer('k1');
  const { ask } = start(configuration({ keys: [issuer.key] }));

  for (const kid of ['../../etc/passwd', "' or 1=1", '__proto__', 'K1', 'k1\u0000', ''])
    assert.equal(await ask(await issuer.sign({ sub: 'u1' }, { kid })), '- unknown_key', kid);
  const input = `${part({ alg: 'RS256', kid: ['k1'] })}.${part({ sub: 'u1' })}.AAAA`;
  assert.match(await ask(input), /^- (unknown_key|malformed)$/);
});

test('an HMAC cannot be configured, nor a secret or private key', async () => {
  const issuer = await createIssuer('k1');
  const tokens = new Tokens({ onOutcome: () => {}, onLoad: () => {} });
  const faultOf = (changes: Partial<TokenConfiguration>, name = sub) =>
    tokens.forZone(zoneOf(configuration({ keys: [issuer.key], ...changes }), name)).faults[0]?.message ?? '';

  assert.match(faultOf({ algorithms: ['RS256', 'HS256'] }), /^algorithms\.1: /);
  assert.match(faultOf({ algorithms: ['none'] }), /^algorithms\.0: /);
  assert.match(faultOf({ keys: [{ kty: 'oct', k: 'AAAA' }] }), /^keys\.0: /);
  assert.match(faultOf({ keys: [{ ...issuer.key, d: 'AAAA' }] }), /^keys\.0: .*private/);
  assert.match(faultOf({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] }), /^keys\.0: /);
  assert.match(faultOf({ keys: [] }), /^keys: /);
  assert.match(faultOf({ sources: ['http.host'] }), /^sources\.0: /);
  for (const jwksUrl of [
    'http://issuer.example/keys',
    'file:///etc/passwd',
    'https://u:p@issuer.example/',
    'keys',
  ])
    assert.match(faultOf({ jwksUrl }), /^jwksUrl: /, jwksUrl);
  assert.match(faultOf({}, `${configId}:sub`), /begins with \$/);
  assert.match(faultOf({}, 'other:$.sub'), /no such/);
  assert.equal(faultOf({ algorithms: [] }), 'algorithms: a configuration allows at least one algorithm');
});

test('a configuration with a fault takes nothing from the others', async () => {
  const issuer = await createIssuer('k1');
  const configs = [
    configuration({ configId: 'broken', algorithms: ['none'] }),
    configuration({ keys: [issuer.key] }),
  ];
  const tokens = new Tokens({ onOutcome: () => {}, onLoad: () => {} });
  const { sessions, faults } = tokens.forZone({
    zoneId,
    identifiers: ['broken:$.sub', sub].map((name) => ({ type: 'jwt' as const, name })),
    tokenConfigurations: new Map(configs.map((config) => [config.configId, config])),
  });
  const fieldOf = readRequestFields([['authorization', await issuer.sign({ sub: 'u1' })]], []);

  assert.deepEqual(
    faults.map(({ subject }) => subject),
    ['broken', 'broken:$.sub'],
  );
  assert.equal(sessions?.claimOf('broken:$.sub', fieldOf, startMs), null);
  assert.equal(await sessions?.claimOf(sub, fieldOf, startMs), 'u1');
});

test('tokens above 16 KiB are not looked at', async () => {
  const issuer = await createIssuer('k1');
  const { claimOf, outcomes } = start(configuration({ keys: [issuer.key] }));
  const token = await issuer.sign({ sub: 'u1', filler: 'x'.repeat(11_500) });
  const large = await issuer.sign({ sub: 'u1', filler: 'x'.repeat(12_000) });

  assert.equal(await claimOf(token), 'u1');
  assert.equal(claimOf(large), null);
  assert.equal(outcomes.at(-1), 'malformed');
});

test('takes any bytes for a token, and never a broken one for a good one', async () => {
  const issuer = await createIssuer('k1', 'ES256');
  const { ask } = start(configuration({ keys: [issuer.key], algorithms: ['ES256'] }));
  const token = await issuer.sign({ sub: 'u1' });
  const [header = '', claims = '', signature = ''] = token.split('.');
  const segment = fc.oneof(
    fc.constantFrom(header, claims, signature, '', 'e30', '=', '..'),
    fc.string(),
    fc.base64String(),
  );
  const broken = fc.oneof(
    fc.array(segment, { maxLength: 6 }).map((parts) => parts.join('.')),
    fc
      .tuple(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 2 }))
      .map(([at, by]) => token.slice(0, at) + by + token.slice(at + 1)),
    fc.constant(`${token}.${token}`),
    fc.constant(`${token}.`),
  );

  await fc.assert(
    fc.asyncProperty(broken, async (given) => {
      const isSame = given.split('.').slice(0, 2).join('.') === `${header}.${claims}`;
      const answer = await ask(given);
      assert.ok(
        answer === 'u1'
          ? isSame
          : /^- (missing|malformed|bad_signature|unknown_key|wrong_algorithm)$/.test(answer),
        given,
      );
    }),
    { numRuns: 300 },
  );
});

test('a token without kid is tried with each key it may be signed with', async () => {
  const issuers = await Promise.all([
    createIssuer(undefined),
    createIssuer(undefined),
    createIssuer(undefined),
  ]);
  const [first, second, third] = issuers as [Issuer, Issuer, Issuer];
  const { ask } = start(configuration({ keys: [first.key, second.key] }));

  assert.equal(await ask(await first.sign({ sub: 'u1' })), 'u1');
  assert.equal(await ask(await second.sign({ sub: 'u2' })), 'u2');
  assert.equal(await ask(await third.sign({ sub: 'u3' })), '- bad_signature');
});

test('zones with equal configurations share nothing, and a new snapshot of one keeps keys and verdicts', async (t) => {
  const issuer = await createIssuer('k1');
  const server = await keyServerOf(t, issuer);
  const tokens = new Tokens({ onOutcome: () => {}, onLoad: () => {} });
  const config = configuration({ jwksUrl: server.url });
  const token = readRequestFields([['authorization', await issuer.sign({ sub: 'u1' })]], []);
  const first = tokens.forZone(zoneOf(config)).sessions;
  await first?.ready(10_000);
  assert.equal(await first?.claimOf(sub, token, startMs), 'u1');

  const retitled = tokens.forZone(zoneOf({ ...config, title: 'other', lastUpdatedMs: 9 })).sessions;
  const retolerant = tokens.forZone(zoneOf({ ...config, clockToleranceMs: 9 })).sessions;
  const otherZone = tokens.forZone(zoneOf(config, sub, 'b'.repeat(32) as ZoneId)).sessions;

  assert.equal(retitled?.claimOf(sub, token, startMs), 'u1');
  assert.equal(await retolerant?.claimOf(sub, token, startMs), 'u1');
  assert.equal(server.asked(), 1);
  assert.equal(otherZone?.claimOf(sub, token, startMs), null);
  await otherZone?.ready(10_000);
  assert.equal(await otherZone?.claimOf(sub, token, startMs), 'u1');
  assert.equal(server.asked(), 2);
});

test('does not wait for keys longer than it is told', async (t) => {
  const issuer = await createIssuer('k1');
  const server = await keyServerOf(t, issuer);
  server.answer(() => {});
  const { sessions, ask } = start(configuration({ jwksUrl: server.url }));

  await sessions?.ready(1);

  assert.equal(await ask(await issuer.sign({ sub: 'u1' })), '- keys_unavailable');
});

test('tells the claims by each configuration of the zone, and finds identifiers in them', async () => {
  const issuer = await createIssuer('k1');
  const other = configuration({
    configId: 'other',
    keys: [issuer.key],
    sources: ['http.request.cookies["token"][0]'],
    issuer: 'https://issuer',
  });
  const outcomes: string[] = [];
  const tokens = new Tokens({ onOutcome: (outcome) => outcomes.push(outcome), onLoad: () => {} });
  const configs = [configuration({ keys: [issuer.key] }), other];
  const { sessions, faults } = tokens.forZone({
    zoneId,
    identifiers: [sub, 'other:$.sub', 'none:$.sub'].map((name) => ({ type: 'jwt' as const, name })),
    tokenConfigurations: new Map(configs.map((config) => [config.configId, config])),
  });
  const token = await issuer.sign({ sub: 'u1' });
  const fieldOf = readRequestFields(
    [['authorization', token]],
    [['token', await issuer.sign({ iss: 'https://issuer' })]],
  );

  const claims = await sessions?.allClaims(fieldOf, startMs);
  const again = sessions?.allClaims(fieldOf, startMs);

  assert.deepEqual(
    claims,
    new Map(Object.entries({ [configId]: { sub: 'u1' }, other: { iss: 'https://issuer' } })),
  );
  assert.deepEqual(again, claims);
  assert.deepEqual(sessions?.allClaims(readRequestFields([], []), startMs), new Map());
  const found = [sub, 'other:$.sub', 'none:$.sub'].map((name) =>
    sessions?.claimIn(name, claims ?? new Map()),
  );
  assert.deepEqual(found, ['u1', null, null]);
  assert.deepEqual(outcomes, ['valid', 'valid', 'valid', 'valid', 'missing', 'missing', 'no_claim']);
  assert.deepEqual(
    faults.map(({ subject }) => subject),
    ['none:$.sub'],
  );
});
