import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTraceparent, traceparentOf } from './trace-context.ts';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

describe('the header traceparent', () => {
  test('gives back what it was made of', () => {
    const hex = (length: number) =>
      fc
        .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
        .filter((text) => !/^0+$/.test(text));
    const parts = { traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() };
    const context = fc.record(parts, { noNullPrototype: true });

    fc.assert(fc.property(context, (each) => assert.deepEqual(parseTraceparent(traceparentOf(each)), each)));
  });

  test('is sampled by its last bit alone', () => {
    assert.equal(parseTraceparent(`00-${trace}-${span}-03`)?.isSampled, true);
    assert.equal(parseTraceparent(`00-${trace}-${span}-02`)?.isSampled, false);
  });

  test('of a later version may say more', () => {
    const context = parseTraceparent(`01-${trace}-${span}-01-what-comes`);

    assert.deepEqual(context, { traceId: trace, spanId: span, isSampled: true });
  });

  for (const [why, text] of [
    ['is in capitals', `00-${trace.toUpperCase()}-${span}-01`],
    ['has no trace', `00-${'0'.repeat(32)}-${span}-01`],
    ['has no span', `00-${trace}-${'0'.repeat(16)}-01`],
    ['has the version that is none', `ff-${trace}-${span}-01`],
    ['says more than its version may', `00-${trace}-${span}-01-more`],
    ['is two in one', `00-${trace}-${span}-01, 00-${trace}-${span}-01`],
    ['is cut', `00-${trace}-${span}`],
    ['is empty', ''],
    ['is endless', `01-${trace}-${span}-01-${'x'.repeat(300)}`],
  ] as const)
    test(`is not there where it ${why}`, () => {
      assert.equal(parseTraceparent(text), undefined);
    });

  test('of any other kind is not there, whatever it is', () => {
    fc.assert(fc.property(fc.anything(), (each) => assert.equal(parseTraceparent(each), undefined)));
  });
});
