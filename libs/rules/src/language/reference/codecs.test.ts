import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromText } from '../values.ts';
import { fromBytes, toBytes } from './bytes.ts';
import * as codecs from './codecs.ts';

const b = (text: string): number[] => toBytes(fromText(text));
const anyBytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 });
const encoded = (source: readonly number[], options: string): string =>
  fromBytes(codecs.encodeBase64(source, options));

test('encode_base64 is unpadded and standard unless told otherwise', () => {
  assert.equal(encoded(b('hello world'), ''), 'aGVsbG8gd29ybGQ');
  assert.equal(encoded(b('hello world'), 'p'), 'aGVsbG8gd29ybGQ=');
  assert.equal(encoded([0xfb, 0xff], ''), '+/8');
  assert.equal(encoded([0xfb, 0xff], 'u'), '-_8');
  assert.equal(encoded([0xfb, 0xff], 'up'), '-_8=');
});

test('encode_base64 is that of Buffer', () => {
  fc.assert(
    fc.property(anyBytes, (source) => {
      assert.equal(encoded(source, 'p'), Buffer.from(source).toString('base64'));
      assert.equal(encoded(source, 'u'), Buffer.from(source).toString('base64url'));
    }),
  );
});

test('decode_base64 undoes encode_base64, with padding and without', () => {
  fc.assert(
    fc.property(anyBytes, fc.constantFrom('', 'p'), (source, options) => {
      assert.deepEqual(codecs.decodeBase64(codecs.encodeBase64(source, options)), source);
    }),
  );
});

test('decode_base64 gives nothing for what is no Base64', () => {
  assert.equal(fromBytes(codecs.decodeBase64(b('MTIzYWJj')) ?? []), '123abc');
  for (const source of ['MTIz YWJj', '-_8=', 'A', 'AAAAA', 'A===', 'AA=', '=AAA', 'AA=A', 'AAAA=', '*AAA'])
    assert.equal(codecs.decodeBase64(b(source)), undefined, source);
});

test('sha256 is that of the platform, as raw bytes', () => {
  fc.assert(
    fc.property(anyBytes, (source) => {
      assert.deepEqual(codecs.sha256(source), [
        ...createHash('sha256').update(Uint8Array.from(source)).digest(),
      ]);
    }),
  );
});

test('cidr keeps the bits of the prefix of its family', () => {
  assert.deepEqual(codecs.cidr([113, 10, 0, 2], 24n, 24n), [113, 10, 0, 0]);
  assert.deepEqual(codecs.cidr([255, 255, 255, 255], 9n, 24n), [255, 128, 0, 0]);
  const address = [0x20, 1, 0, 0, 0x13, 0x0f, 0, 0, 0, 0, 9, 0xc0, 0x87, 0x6a, 0x13, 0x0b];
  assert.deepEqual(codecs.cidr(address, 24n, 24n), [0x20, 1, ...Array<number>(14).fill(0)]);
  assert.deepEqual(codecs.cidr6(address, 128n), address);
  assert.deepEqual(codecs.cidr6([113, 10, 0, 2], 24n), [113, 10, 0, 2]);
});

test('addresses are written as RFC 5952 says', () => {
  const v6 = (...groups: number[]): string =>
    codecs.ipText(groups.flatMap((group) => [group >> 8, group & 255]));

  assert.equal(codecs.ipText([192, 0, 2, 1]), '192.0.2.1');
  assert.equal(v6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), '2001:db8::1');
  assert.equal(v6(0, 0, 0, 0, 0, 0, 0, 0), '::');
  assert.equal(v6(0, 0, 0, 0, 0, 0, 0, 1), '::1');
  assert.equal(v6(1, 0, 0, 0, 0, 0, 0, 0), '1::');
  assert.equal(v6(0x2001, 0xdb8, 0, 1, 1, 1, 1, 1), '2001:db8:0:1:1:1:1:1');
  assert.equal(v6(0x2001, 0, 0, 1, 0, 0, 0, 1), '2001:0:0:1::1');
  assert.equal(v6(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1), '2001:db8::1:0:0:1');
  assert.equal(v6(0, 0, 0, 0, 0, 0xffff, 0x102, 0x304), '::ffff:1.2.3.4');
});

test('uuidv4 sets version and variant in the first sixteen bytes', () => {
  const uuid = (length: number): string | undefined => {
    const made = codecs.uuidv4(Array<number>(length).fill(255));
    return made === undefined ? undefined : fromBytes(made);
  };

  assert.equal(uuid(16), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  assert.equal(uuid(32), uuid(16));
  assert.equal(uuid(15), undefined);
});

const issued = 1_484_063_787;
const code = (message: string, key = 'mysecrettoken'): string =>
  createHmac('sha256', key).update(`${message}${issued}`).digest('base64');

const isValid = (messageMac: string, options: Partial<codecs.TimedHmac> = {}): boolean =>
  codecs.isTimedHmacValid({
    key: b('mysecrettoken'),
    messageMac: b(messageMac),
    ttl: 10_800n,
    now: BigInt(issued) + 10n,
    separatorLength: 8n,
    flags: '',
    ...options,
  });

const path = '/images/cat.jpg';
const url = `${path}?verify=${issued}-${encodeURIComponent(code(path))}`;

test('a timed token holds for its message, its key and its time', () => {
  assert.ok(isValid(url));
  assert.ok(!isValid(url.replace('cat', 'dog')));
  assert.ok(!isValid(url, { key: b('other') }));
  assert.ok(!isValid(url, { separatorLength: 0n }));
  assert.ok(isValid(url, { now: BigInt(issued) + 10_799n }));
  assert.ok(!isValid(url, { now: BigInt(issued) + 10_800n }));
});

test('a code that is not URL-encoded is taken too, with a plus in it', () => {
  const message =
    Array.from({ length: 99 }, (_each, at) => `/${at}`).find((each) => code(each).includes('+')) ?? '';
  assert.ok(isValid(`${message}${issued}-${code(message)}`, { separatorLength: 0n }));
});

test('with flag s the code is URL-safe and unpadded, and stands as it is', () => {
  const safe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_').replace('=', '');
  const tokens = Array.from({ length: 50 }, (_each, at) => `/images/${at}`);
  for (const message of tokens) {
    const token = `${message}${issued}-${safe(code(message))}`;
    assert.ok(isValid(token, { separatorLength: 0n, flags: 's' }), token);
    assert.ok(!isValid(token, { separatorLength: 0n }), token);
  }
});

test('what has no message, no ten digits or no code is no token', () => {
  for (const token of ['', 'x', `${issued}-${code('')}`, `/a148406378-${code('/a')}`, `/a${issued}-short`])
    assert.ok(!isValid(token, { separatorLength: 0n }), token);
});
