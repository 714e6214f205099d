import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRfc3339 } from './time.ts';

test('reads the forms of RFC 3339', () => {
  const cases = {
    '1985-04-12T23:20:50.52Z': Date.UTC(1985, 3, 12, 23, 20, 50, 520),
    '1996-12-19t16:39:57-08:00': Date.UTC(1996, 11, 20, 0, 39, 57),
    '1990-12-31T23:59:60Z': Date.UTC(1991, 0, 1),
    '2024-02-29 00:00:00.123456789+05:30': Date.UTC(2024, 1, 28, 18, 30, 0, 123),
    '0000-01-01T00:00:00z': -62_167_219_200_000,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseRfc3339(text), ms, text);
});

test('refuses what is none', () => {
  const cases = [
    '',
    '2024',
    '2024-01-01',
    '2024-01-01T00:00Z',
    '2024-01-01T00:00:00',
    '2023-02-29T00:00:00Z',
  ];
  const more = [
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-32T00:00:00Z',
    '2024-01-01T24:00:00Z',
  ];
  const odd = [
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:61Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00Zx',
  ];
  const zones = [
    '2024-01-01T00:00:00+0100',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00+01:0',
    '2o24-01-01T00:00:00Z',
  ];
  for (const text of [...cases, ...more, ...odd, ...zones]) assert.ok(Number.isNaN(parseRfc3339(text)), text);
});

test('agrees with the runtime about every time of ten thousand years', () => {
  const date = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(date, (d) => assert.equal(parseRfc3339(d.toISOString()), d.getTime())),
    { numRuns: 2000 },
  );
});
