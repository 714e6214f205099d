import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@precede/contracts';
import fc from 'fast-check';
import { parseRow, printRow } from './json.ts';

test('reads back every integer that a number holds exactly', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (count) => assert.deepEqual(parseRow(`{"count":${count}}`), { count })),
  );
});

test('refuses an integer that would be rounded, wherever it is nested', () => {
  for (const row of [
    '{"id":18446744073709551615}',
    '{"ids":[1,[9007199254740993]]}',
    '{"id":-9007199254740993}',
  ]) {
    assert.throws(() => parseRow(row), { code: ErrorCode.clickhouseRefused });
  }
});

test('does not mistake fractions, exponents and digits in text for integers', () => {
  const row = '{"share":0.1234567890123456,"far":1.5e300,"text":"18446744073709551615"}';

  assert.deepEqual(parseRow(row), { share: 0.1234567890123456, far: 1.5e300, text: '18446744073709551615' });
});

test('prints bigints as text that ClickHouse reads into integer columns', () => {
  assert.equal(printRow([1n, 'a', [18446744073709551615n]]), '["1","a",["18446744073709551615"]]');
});
