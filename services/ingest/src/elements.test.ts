import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '@precede/contracts';
import fc from 'fast-check';
import { elementsOf } from './elements.ts';
import { EventFault } from './event.ts';
import { firstInvalidByte } from './utf8.ts';

const valuesOf = (body: Buffer | string, isNdjson = false): unknown[] =>
  [...elementsOf(Buffer.from(body), { isNdjson, maxEventBytes: 10_000 })].map((element) => element.value);

test('cuts an array into what parsing it whole would give', () => {
  const spaced = fc.constantFrom(undefined, 1, '\t');
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), spaced, (values, space) => {
      const text = ` ${JSON.stringify(values, null, space)}\n`;
      assert.deepEqual(valuesOf(text), JSON.parse(text));
    }),
  );
});

test('accepts no array that parsing it whole would refuse', () => {
  const piece = fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    '\\',
    'a',
    '1',
    ':',
    ' ',
    '\u00a0',
    '"a":1',
    '{}',
    '"\\""',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = `[${pieces.join('')}`;
      const whole = attempt(() => JSON.parse(text));
      assert.deepEqual(
        attempt(() => valuesOf(text)),
        whole,
      );
    }),
    { numRuns: 20_000, examples: [[['{}', '}', '1', ']']], [['1', ']', '\u00a0']], [['\u00a0', ']']]] },
  );
});

test('an empty array is empty, however far apart its brackets', () => {
  assert.deepEqual(valuesOf(`[${' '.repeat(5000)}]\n`), []);
});

const attempt = (parse: () => unknown): unknown => {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof InputError || error instanceof SyntaxError);
    return 'refused';
  }
};

test('gives each NDJSON line on its own', () => {
  fc.assert(
    fc.property(fc.array(fc.object()), fc.constantFrom('\n', '\r\n', '\n\n'), (values, newline) => {
      const lines = values.map((value) => JSON.stringify(value));
      const expected = lines.map((line) => JSON.parse(line));
      assert.deepEqual(valuesOf(lines.join(newline), true), expected);
    }),
  );
});

test('numbers events and lines', () => {
  const elements = [...elementsOf(Buffer.from('\n{}\n \n{}'), { isNdjson: true, maxEventBytes: 100 })];

  assert.deepEqual(
    elements.map(({ index, line }) => [index, line]),
    [
      [0, 2],
      [1, 4],
    ],
  );
});

test('an element that is too long is a fault by itself, in every form', () => {
  const long = JSON.stringify({ a: '\u20ac'.repeat(4000) });
  for (const values of [valuesOf(`[{},${long}]`), valuesOf(`{}\n${long}`), valuesOf(`{}\n${long}`, true)]) {
    assert.deepEqual(values[0], {});
    assert.ok(values[1] instanceof EventFault && values[1].code === 'too_long');
  }
  assert.ok(valuesOf(long)[0] instanceof EventFault);
});

test('survives deep nesting and walls of one character', () => {
  for (const wall of ['[', '{', '"', '\\', ',', '\n', '{"a":', '[,', '\ufeff']) {
    const body = Buffer.from(wall.repeat(200_000));
    for (const isNdjson of [false, true])
      assert.doesNotThrow(() => attempt(() => [...elementsOf(body, { isNdjson, maxEventBytes: 1_048_576 })]));
  }
});

test('finds the first byte that is no UTF-8', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 50 });
  fc.assert(
    fc.property(text, text, fc.constantFrom(0xff, 0xc0, 0x80), (before, after, bad) => {
      const bytes = Buffer.concat([Buffer.from(before), Buffer.from([bad]), Buffer.from(after)]);
      assert.equal(firstInvalidByte(bytes), Buffer.byteLength(before));
    }),
  );
  const large = Buffer.from('\u20ac'.repeat(100_000));
  assert.equal(firstInvalidByte(large), large.length);
  assert.equal(firstInvalidByte(large.subarray(0, -1)), large.length - 3);
});
