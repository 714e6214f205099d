import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { ZoneId } from '@precede/contracts';
import fc from 'fast-check';
import { cookieIn, sessionIdOf, zoneSecretOf } from './session-id.ts';

const zone = (digit: string): Buffer => zoneSecretOf(Buffer.alloc(32, 7), digit.repeat(32) as ZoneId);

test('a session has another pseudonym in each zone', () => {
  assert.notEqual(sessionIdOf(zone('a'), 'header', 'x', 'v'), sessionIdOf(zone('b'), 'header', 'x', 'v'));
});

test('header names fold case, cookie names do not', () => {
  const secret = zone('a');

  assert.equal(sessionIdOf(secret, 'header', 'X-Id', 'v'), sessionIdOf(secret, 'header', 'x-id', 'v'));
  assert.notEqual(sessionIdOf(secret, 'cookie', 'Sid', 'v'), sessionIdOf(secret, 'cookie', 'sid', 'v'));
});

test('lengths keep parts apart', () => {
  const secret = zone('a');

  assert.notEqual(sessionIdOf(secret, 'cookie', 'ab', 'c'), sessionIdOf(secret, 'cookie', 'a', 'bc'));
  assert.match(sessionIdOf(secret, 'cookie', 'ab', 'c'), /^[0-9a-f]{32}$/);
});

test('reads the first cookie of the very name, as it stands', () => {
  const header = 'a; sid2=0; SID=1;sid= "x=y" ; sid=later';

  assert.equal(cookieIn(header, 'sid'), '"x=y"');
  assert.equal(cookieIn(header, 'SID'), '1');
  for (const name of ['a', 'si', 'sid3', '']) assert.equal(cookieIn(header, name), '');
  assert.equal(cookieIn('', 'sid'), '');
  assert.equal(cookieIn('sid', 'sid'), '');
  assert.equal(cookieIn('sid=', 'sid'), '');
});

test('takes nothing but blanks from round a cookie, and is done in one pass', () => {
  assert.equal(cookieIn('sid =\t\u00c3\u00a0 ; b=2', 'sid'), '\u00c3\u00a0');
  assert.equal(cookieIn(`${';'.repeat(2_000_000)}sid=1`, 'sid'), '1');
  assert.equal(cookieIn('a=sid=1; xsid=2', 'sid'), '');
});

const parts = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );

test('the pseudonym is HMAC-SHA-256 as the platform makes it, whatever the lengths', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12_000 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), text, text, (secret, name, value) => {
      const key = Buffer.from(secret);
      const expected = createHmac('sha256', key)
        .update(parts(['cookie', name, value]))
        .digest('hex');

      assert.equal(sessionIdOf(key, 'cookie', name, value), expected.slice(0, 32));
    }),
  );
});
