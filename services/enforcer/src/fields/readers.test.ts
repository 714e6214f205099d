import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldSource, fields } from '@precede/rules';
import fc from 'fast-check';
import { anyBytes, contextOf, fieldOf, historyOf, isOfType, read } from './fields.test-kit.ts';
import { readerOf } from './readers.ts';

const text = anyBytes(60);

const contentType = fc.oneof(
  text,
  fc.constantFrom(
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'multipart/mixed; boundary="a b"',
  ),
);

const headers = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(
          text,
          fc.constantFrom('cookie', 'accept-language', 'user-agent', 'content-length', '__proto__'),
        ),
        fc.oneof(text, fc.array(text, { maxLength: 3 })),
      ),
      { maxLength: 6 },
    ),
    contentType,
  )
  .map(([lines, type]) => new Map<string, string | readonly string[]>([...lines, ['content-type', type]]));

const body = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 600 }),
  fc
    .array(
      fc.oneof(
        text,
        fc.constantFrom('--a\r\n', '--a--', '\n--a b\n', '\r\n\r\n', 'Content-Disposition: a; name=b'),
      ),
    )
    .map((pieces) => Buffer.from(pieces.join(''), 'latin1')),
);

const request = fc.record({
  method: text,
  scheme: fc.constantFrom('http' as const, 'https' as const, null),
  host: text,
  path: text,
  headers,
  cookies: fc.array(fc.tuple(text, text), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  clientIp: fc.option(fc.oneof(text, fc.ipV4(), fc.ipV6())),
  httpVersion: fc.option(text),
  body,
  isBodyCut: fc.boolean(),
});

const claims = fc
  .dictionary(fc.constantFrom('aud', 'iat', 'nbf', 'iss', 'jti', 'sub', 'é'), fc.jsonValue())
  .map((each) => new Map([['3f6c1c52', each]]));

test('gives every field a value of its type, or none, whatever the client sends', () => {
  fc.assert(
    fc.property(request, claims, fc.nat(4_000_000), (given, tokens, timeMs) => {
      const history = historyOf([
        [1, 0],
        [2, 1_000_000],
      ]);
      const context = contextOf(given, { claims: tokens, timeMs, history, zoneName: 'Läden' });

      for (const field of fields) {
        const value = readerOf(field)(context);
        assert.ok(value === undefined || isOfType(value, field.type), field.name);
      }
    }),
    { numRuns: 300 },
  );
});

test('gives the same value however often a field is read, and whatever was read before', () => {
  fc.assert(
    fc.property(request, fc.shuffledSubarray([...fields]), (given, order) => {
      const context = contextOf(given);
      for (const field of order) readerOf(field)(context);

      for (const field of fields.filter(({ name }) => name !== 'cf.random_seed'))
        assert.deepEqual(readerOf(field)(context), readerOf(field)(contextOf(given)), field.name);
    }),
    { numRuns: 50 },
  );
});

test('never fills what has no meaning here, even if a gateway passes it', () => {
  const names = fields.filter((each) => each.filledBy === FieldSource.nobody).map(({ name }) => name);
  const metadata = new Map(names.map((name) => [name, '1']));

  assert.ok(names.includes('cf.zone.plan'));
  for (const name of names) assert.equal(read(name, contextOf({ metadata })), undefined);
});

test('reads what the gateway passes by name, and under an older name the field that it stands for', () => {
  const metadata = new Map([['ip.src.country', 'PT']]);
  const context = contextOf({ metadata }, { operation: undefined });

  assert.equal(read('ip.src.country', context), 'PT');
  assert.equal(read('ip.geoip.country', context), 'PT');
  assert.equal(read('ip.src.city', context), undefined);
  assert.equal(read('cf.api_gateway.fallthrough_detected', context), true);
  assert.equal(read('cf.api_gateway.fallthrough_triggered', context), true);
});

test('refuses a field that is not in the vocabulary', () => {
  assert.throws(() => readerOf({ ...fieldOf('ssl'), name: 'no.field' }), /no\.field/);
});

test('tells session, zone, identity and time of the request', () => {
  const context = contextOf({}, { hasSession: false, zoneName: 'Läden' });

  assert.equal(read('cf.api_gateway.auth_id_present', context), false);
  assert.equal(read('cf.api_gateway.fallthrough_detected', context), false);
  assert.equal(read('cf.zone.name', context), 'L\xc3\xa4den');
  assert.equal(read('cf.ray_id', context), '8a2b4c6d');
  assert.equal(read('http.request.timestamp.sec', context), 1_767_225_600);
  assert.equal(read('http.request.timestamp.msec', context), 857);
});

test('draws the random seed anew for each request and once for all its rules', () => {
  const context = contextOf();
  const seed = read('cf.random_seed', context);

  assert.equal((seed as string).length, 16);
  assert.equal(read('cf.random_seed', context), seed);
  assert.notEqual(read('cf.random_seed', contextOf()), seed);
});
