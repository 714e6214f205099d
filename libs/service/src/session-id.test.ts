import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ZoneId } from '@precede/contracts';
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
