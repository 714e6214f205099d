import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bar, type Look, shorten, spark } from './chart.ts';

const terminal: Look = { columns: 80, isAscii: false };
const pipe: Look = { columns: Number.POSITIVE_INFINITY, isAscii: true };
const lookArbitrary = fc.constantFrom(terminal, pipe);

test('a bar shows its share in eighths of a cell, in ASCII in whole cells', () => {
  assert.equal(bar(0.5, 4, terminal), '██░░');
  assert.equal(bar(0.53125, 4, terminal), '██▏░');
  assert.equal(bar(0, 3, terminal), '░░░');
  assert.equal(bar(1, 3, terminal), '███');
  assert.equal(bar(0.53, 10, pipe), '#####.....');
});

test('a bar always has its width, whatever the share, and grows with it', () => {
  fc.assert(
    fc.property(
      fc.double(),
      fc.double(),
      fc.integer({ min: 1, max: 60 }),
      lookArbitrary,
      (a, b, width, look) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)].map((share) => bar(share || 0, width, look));
        const filled = (text: string | undefined) => (text ?? '').replace(/[░.]/g, '').length;

        assert.equal([...(small ?? '')].length, width);
        assert.ok(filled(small) <= filled(large));
      },
    ),
  );
});

test('a sparkline has a cell for each share and a blank for each gap', () => {
  assert.equal(spark([0, 0.5, 1, null, 0.124, 0.126], terminal), '▁▅█ ▁▂');
  assert.equal(spark([0, 0.5, 1, null], pipe), '_+@ ');
  assert.equal(spark([], pipe), '');
});

test('a long text loses its middle and keeps both ends', () => {
  assert.equal(shorten('/api/v1/customers/orders', 11, terminal), '/api/…rders');
  assert.equal(shorten('/api/v1/customers/orders', 11, pipe), '/api...ders');
  assert.equal(shorten('/short', 6, terminal), '/short');
});

test('a shortened text is never longer than asked, begins and ends as before, and cuts no character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 4, max: 40 }),
      lookArbitrary,
      (text, width, look) => {
        const short = shorten(text, width, look);

        assert.ok([...short].length <= width || short === text);
        assert.ok([...short].length <= Math.max(width, 0));
        assert.equal(short.isWellFormed(), true);
        assert.equal([...short][0], [...text][0]);
      },
    ),
  );
});
