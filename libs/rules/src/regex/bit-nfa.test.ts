import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut } from './bit-layout.ts';
import { BitNfa } from './bit-nfa.ts';
import { isMatch, pattern, roomy, text } from './matchers.test-arbitraries.ts';
import { buildNfa, type Nfa } from './nfa.ts';
import { PikeVm } from './pike.ts';
import { compileRegex, parseRegex } from './regex.ts';

const nfaOf = (source: string): Nfa => {
  const parsed = parseRegex(source, roomy);
  assert.ok(parsed.kind === 'parsed', source);
  return buildNfa(parsed.hir, parsed.groupCount);
};

const texts = fc.array(text, { minLength: 1, maxLength: 6 });

test('answers as the meaning of the tree does, with each text after the others', () => {
  fc.assert(
    fc.property(pattern, texts, (source, samples) => {
      const parsed = parseRegex(source, roomy);
      assert.ok(parsed.kind === 'parsed');
      const bits = new BitNfa(buildNfa(parsed.hir, parsed.groupCount));

      for (const sample of samples)
        assert.equal(bits.test(sample), isMatch(parsed.hir, sample), JSON.stringify(sample));
    }),
    { numRuns: 1000 },
  );
});

/** Large enough for several words: repeated, begun somewhere within a word, and followed by something. */
const largePattern = fc
  .tuple(
    fc.integer({ min: 0, max: 40 }),
    pattern,
    fc.constantFrom('{30}', '{0,40}', '{3,25}?', '{9,}', '*', '+', '{0,2}', ''),
    pattern,
    fc.constantFrom('{0,20}', '{12}', '*', '+', '{0,3}'),
    fc.constantFrom('', 'a', '$', '-b', String.raw`\b`),
  )
  .map(([before, inner, suffix, other, otherSuffix, after]) =>
    [`a{0,${before}}`, `(?:(?:${inner})${suffix}`, `(?:${other}))${otherSuffix}`, after].join(''),
  );

const longText = fc.array(text, { maxLength: 12 }).map((parts) => parts.join(''));

test('agrees with the automaton run state by state, where sets take many words', () => {
  fc.assert(
    fc.property(largePattern, fc.array(longText, { minLength: 1, maxLength: 4 }), (source, samples) => {
      const parsed = parseRegex(source, roomy);
      fc.pre(parsed.kind === 'parsed');
      const nfa = buildNfa(parsed.hir, parsed.groupCount);
      const [bits, vm] = [new BitNfa(nfa), new PikeVm(nfa)];

      for (const sample of samples)
        assert.equal(bits.test(sample), vm.exec(sample, 1) !== null, JSON.stringify(sample));
    }),
    { numRuns: 300 },
  );
});

test('gives places to states so that every way on leads forward, loops aside', () => {
  for (const source of ['a.{0,90}b', '(?u)(\\w|é){3}x', '(a|b|(c|d)e)f', '((a*b)?c)+']) {
    const nfa = nfaOf(source);
    const { placeOf, states, starts } = layOut(nfa);

    assert.equal(starts.at(-1), states.length);
    for (let place = 0; place + 1 < starts.length; place++)
      for (let i = starts[place] as number; i < (starts[place + 1] as number); i++)
        assert.equal(placeOf[states[i] as number], place);
    assert.equal(placeOf[0], starts.length - 2);
  }
});

const large: readonly (readonly [pattern: string, unit: string])[] = [
  ['a.{2000}b', 'a'],
  ['<script.{0,500}alert', '<script  '],
  ['(?i)select.{0,200}from', 'select '],
  ['b(?:a?c?){1000}[yz]', 'aab'],
  ['x(?:[ab]{40}c|d{0,50}){0,20}y', 'xab'],
  [String.raw`(?m)^a(?:\b.{0,50}\B){20}b$`, 'a a\n'],
  ['(?:(?:ab?){30}c?)+(?:d*e){60}', 'abe'],
  [`x(?:${Array.from({ length: 300 }, (_, i) => `a${i}b`).join('|')})y`, 'xa1b'],
];

test('reads a few words for each 32 states a byte, however the pattern is made', () => {
  for (const [source, unit] of large) {
    const nfa = nfaOf(source);
    const bits = new BitNfa(nfa);
    bits.test(unit.repeat(50));

    assert.ok(bits.wordsPerByte <= 6 * (nfa.size / 32) + 32, `${source} ${bits.wordsPerByte} ${nfa.size}`);
  }
});

test('plans nothing more for a text ten times as long', () => {
  for (const [source, unit] of large) {
    const bits = new BitNfa(nfaOf(source));
    bits.test(unit.repeat(20));
    const words = bits.wordsPerByte;

    bits.test(unit.repeat(200));

    assert.equal(bits.wordsPerByte, words, source);
  }
});

test('takes time in proportion to the text where the table has too many sets', () => {
  const compiled = compileRegex('a.{1500}b', { maxTableBytes: 20_000 });
  assert.ok(compiled.kind === 'compiled');
  const timeOf = (length: number): number => {
    const bytes = 'a'.repeat(length);
    const start = performance.now();
    assert.equal(compiled.regex.test(bytes), false);
    return performance.now() - start;
  };
  timeOf(20_000);

  const [short, long] = [timeOf(20_000), timeOf(200_000)];

  assert.ok(long < 40 * Math.max(short, 1), `${short} ${long}`);
  assert.ok(long < 5000);
});

test('finds what stands at the far end of a long repetition', () => {
  for (const [source, bytes, expected] of [
    ['a.{2000}b', `a${'x'.repeat(2000)}b`, true],
    ['a.{2000}b', `a${'x'.repeat(1999)}b`, false],
    ['^a.{0,500}b$', `a${'x'.repeat(500)}b`, true],
    ['^a.{0,500}b$', `a${'x'.repeat(501)}b`, false],
    ['^(?:a{40}b?)+c', `${'a'.repeat(40)}${'a'.repeat(40)}bc`, true],
    ['^(?:a{40}b?)+c', `${'a'.repeat(79)}bc`, false],
    ['^(?:(?:a{40})*b)+c', `${'a'.repeat(80)}bb${'a'.repeat(40)}bc`, true],
    [String.raw`(?u)\bé{40}\b`, `\xff${'\xc3\xa9'.repeat(40)}`, true],
    [String.raw`(?u)\bé{40}\b`, '\xc3\xa9'.repeat(41), false],
  ] as const)
    assert.equal(new BitNfa(nfaOf(source)).test(bytes), expected, source);
});

test('a text of the wrong start ends the search of an anchored pattern', () => {
  assert.equal(new BitNfa(nfaOf('^a{2}b')).test('b'.repeat(1000)), false);
  assert.equal(new BitNfa(nfaOf('^a{2}b')).test('aab'), true);
  assert.equal(new BitNfa(nfaOf('a^')).test('aaa'), false);
});
