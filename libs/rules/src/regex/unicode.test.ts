import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldBytes, foldScalars } from './case-fold.ts';
import { scalarAt } from './look.ts';
import {
  contains,
  intersect,
  lastScalar,
  negate,
  type Ranges,
  rangesOf,
  subtract,
  symmetricDifference,
  union,
} from './ranges.ts';
import { complementOf, propertySet, unicodeDigits, unicodeSpaces, unicodeWords } from './unicode.ts';
import { accepted, utf8AutomatonOf, utf8TextOf } from './utf8.ts';

const has = (set: Ranges | undefined, char: string): boolean =>
  set !== undefined && contains(set, char.codePointAt(0) as number);

const ranges = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20 })), { maxLength: 12 })
  .map((pairs) => rangesOf(pairs.flatMap(([first, length]) => [first, first + length])));

test('sets of ranges behave as sets and stay in order', () => {
  fc.assert(
    fc.property(ranges, ranges, fc.integer({ min: 0, max: 330 }), (a, b, value) => {
      const [inA, inB] = [contains(a, value), contains(b, value)];
      for (const [set, expected] of [
        [union(a, b), inA || inB],
        [intersect(a, b), inA && inB],
        [subtract(a, b), inA && !inB],
        [symmetricDifference(a, b), inA !== inB],
        [negate(a, 330), !inA],
      ] as const) {
        assert.equal(contains(set, value), expected);
        for (let i = 1; i < set.length; i++)
          assert.ok((set[i] as number) - (set[i - 1] as number) >= (i % 2 === 0 ? 2 : 0));
      }
    }),
  );
});

test('finds properties under every name they go by', () => {
  for (const [name, value, inside, outside] of [
    ['Lu', undefined, 'É', 'é'],
    ['uppercase letter', undefined, 'É', 'é'],
    ['L', undefined, '日', '1'],
    ['lc', undefined, 'a', '日'],
    ['greek', undefined, 'α', 'a'],
    ['IsGreek', undefined, 'α', 'a'],
    ['Old_Turkic', undefined, '𐰀', 'a'],
    ['Any', undefined, '\u{10ffff}', ''],
    ['ASCII', undefined, 'a', 'é'],
    ['wspace', undefined, '\u2003', 'a'],
    ['White Space', undefined, '\u2003', 'a'],
    ['sc', undefined, '€', 'a'],
    ['cf', undefined, '\u00ad', 'a'],
    ['gc', 'Nd', '٣', 'a'],
    ['General_Category', 'decimal-number', '٣', 'a'],
    ['sc', 'Cyrl', 'ж', 'a'],
    ['scx', 'Hira', 'ー', 'a'],
    ['Emoji', undefined, '😀', 'a'],
  ] as const) {
    assert.equal(has(propertySet(name, value), inside), true, `${name} ${value}`);
    assert.equal(outside !== '' && has(propertySet(name, value), outside), false, `${name} ${value}`);
  }
});

test('knows no property that is none', () => {
  for (const [name, value] of [
    ['Foo'],
    ['isc'],
    [''],
    ['Lu}|.{'],
    ['Foo', 'L'],
    ['gc', 'Foo'],
    ['sc', 'Foo'],
    ['Zzzz'],
    ['Cs'],
  ] as const)
    assert.equal(propertySet(name, value), undefined, name);
});

test('gives the same set again', () => {
  assert.equal(propertySet('Greek'), propertySet('greek'));
  assert.equal(complementOf(unicodeWords()), complementOf(unicodeWords()));
  assert.equal(has(unicodeDigits(), '٣'), true);
  assert.equal(has(unicodeSpaces(), '\u00a0'), true);
  assert.equal(has(complementOf(unicodeWords()), '-'), true);
});

test('folds case as Unicode folds one character to one', () => {
  const folded = (char: string): string => {
    const set = foldScalars([char.codePointAt(0) as number, char.codePointAt(0) as number]);
    const found: string[] = [];
    for (let i = 0; i < set.length; i += 2)
      for (let scalar = set[i] as number; scalar <= (set[i + 1] as number); scalar++)
        found.push(String.fromCodePoint(scalar));
    return found.join('');
  };

  assert.deepEqual(['k', 'ſ', 'σ', 'ß', 'ǅ', '\u0390', 'ﬅ', 'ı', 'İ', '日', '1'].map(folded), [
    'Kk\u212a',
    'Ssſ',
    'Σςσ',
    'ßẞ',
    'Ǆǅǆ',
    '\u0390\u1fd3',
    'ﬅﬆ',
    'ı',
    'İ',
    '日',
    '1',
  ]);
  assert.deepEqual(foldBytes([0x40, 0x42, 0x7a, 0x7b]), [0x40, 0x42, 0x5a, 0x5a, 0x61, 0x62, 0x7a, 0x7b]);
  assert.deepEqual(foldBytes([0x80, 0xff]), [0x80, 0xff]);
});

const runs = (set: Ranges, bytes: string): boolean => {
  const { nodes } = utf8AutomatonOf(set);
  let at = nodes.length - 1;
  for (let i = 0; i < bytes.length; i++) {
    const node = at === accepted ? undefined : nodes[at];
    let next: number | undefined;
    for (let k = 0; node !== undefined && k < node.length; k += 3)
      if ((node[k] as number) <= bytes.charCodeAt(i) && bytes.charCodeAt(i) <= (node[k + 1] as number))
        next = node[k + 2];
    if (next === undefined) return false;
    at = next;
  }
  return at === accepted;
};

const scalar = fc.oneof(
  fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, lastScalar),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: lastScalar }),
);

test('the automaton over bytes takes the encodings of the set and nothing else', () => {
  const sets = fc
    .array(fc.tuple(scalar, scalar), { minLength: 1, maxLength: 5 })
    .map((pairs) => rangesOf(pairs.flatMap(([a, b]) => [Math.min(a, b), Math.max(a, b)])));

  fc.assert(
    fc.property(sets, fc.array(scalar, { maxLength: 20 }), (set, scalars) => {
      for (const each of [...scalars, ...set.filter((bound) => bound < 0xd800 || bound > 0xdfff)]) {
        assert.equal(utf8TextOf(each), unescape(encodeURIComponent(String.fromCodePoint(each))));
        assert.equal(runs(set, utf8TextOf(each)), contains(set, each));
        assert.equal(scalarAt(utf8TextOf(each), 0, 4), each);
      }
    }),
  );
});

test('takes no bytes that are no UTF-8', () => {
  const all: Ranges = [0, lastScalar];

  for (const bytes of [
    '\x80',
    '\xc0\x80',
    '\xe0\x80\x80',
    '\xed\xa0\x80',
    '\xf4\x90\x80\x80',
    '\xf8',
    '\xc3',
    '\xc3a',
    '\xff',
  ]) {
    assert.equal(runs(all, bytes), false);
    assert.ok(scalarAt(bytes, 0, bytes.length) < 0);
  }
  assert.ok(utf8AutomatonOf(all).nodes.length < 12);
  assert.ok(utf8AutomatonOf(unicodeWords()).nodes.length < 500);
});
