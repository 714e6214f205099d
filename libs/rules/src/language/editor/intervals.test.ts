import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import {
  between,
  everyOf,
  type Interval,
  type Intervals,
  intersect,
  isSingle,
  merge,
  nextOf,
  only,
  type Point,
  pointOf,
  startingWith,
  without,
} from './intervals.ts';

const letters = ['\0', 'a', '\xff'];
const longer = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => letters.map((letter) => text + letter));
/** Every text of up to four bytes out of three. */
const texts = [
  '',
  ...longer(['']),
  ...longer(longer([''])),
  ...longer(longer(longer(['']))),
  ...longer(longer(longer(longer([''])))),
];
const integers = Array.from({ length: 12 }, (_, at) => BigInt(at - 6));

const has = (intervals: Intervals, point: Point): boolean =>
  intervals.some(({ from, to }) => from <= point && (to === null || point < to));

const intervalsOf = (points: readonly Point[]): Arbitrary<Intervals> => {
  const point = fc.constantFrom(...points);
  const interval = fc
    .tuple(point, point)
    .map(([a, b]): Interval => (a < b ? { from: a, to: b } : between(b, a)));
  const open = point.map((from): Interval => ({ from, to: typeof from === 'string' ? null : 100n }));
  return fc.array(fc.oneof({ weight: 4, arbitrary: interval }, open), { maxLength: 5 }).map(merge);
};

for (const [name, points, kind] of [
  ['texts', texts.filter((text) => text.length < 4), 'bytes'],
  ['integers', integers, 'int'],
] as const)
  test(`keeps sets of ${name} as a naive list of members would`, () => {
    const any = intervalsOf(points);
    fc.assert(
      fc.property(any, any, (a, b) => {
        const both = intersect(a, b);
        const either = merge([...a, ...b]);
        const rest = without(everyOf(kind), a);

        for (const point of kind === 'bytes' ? texts : integers) {
          assert.equal(has(both, point), has(a, point) && has(b, point));
          assert.equal(has(either, point), has(a, point) || has(b, point));
          assert.equal(has(rest, point), !has(a, point));
        }
        assert.deepEqual(without(everyOf(kind), rest), a);
      }),
    );
  });

test('knows the texts that start with another', () => {
  for (const prefix of texts.filter((text) => text.length < 3))
    for (const text of texts) assert.equal(has(startingWith(prefix), text), text.startsWith(prefix));
});

test('tells single values from intervals of several', () => {
  for (const point of ['', 'a', 'a\xff', 5n]) {
    assert.ok(only(point).every(isSingle));
    assert.ok(!isSingle({ from: point, to: nextOf(nextOf(point)) }));
  }
  assert.ok(!isSingle({ from: '', to: null }));
});

test('keeps the families of addresses apart', () => {
  const v4 = pointOf('ip', '\xff\xff\xff\xff');
  const v6 = pointOf('ip', '\0'.repeat(16));

  assert.equal(nextOf(v4), v6);
  assert.deepEqual(without(everyOf('ip'), [{ from: 0n, to: v6 }]), [
    { from: v6, to: 2n ** 32n + 2n ** 128n },
  ]);
});
