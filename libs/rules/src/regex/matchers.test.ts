import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Answer, LazyDfa } from './dfa.ts';
import { endsOf, isMatch, pattern, roomy, text } from './matchers.test-arbitraries.ts';
import { buildNfa } from './nfa.ts';
import { PikeVm } from './pike.ts';
import { compileRegex, parseRegex } from './regex.ts';

test('answers as the meaning of the tree, read off, does', () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 6 }), (source, texts) => {
      const parsed = parseRegex(source, roomy);
      const compiled = compileRegex(source, roomy);
      assert.ok(parsed.kind === 'parsed' && compiled.kind === 'compiled');

      for (const each of texts)
        assert.equal(compiled.regex.test(each), isMatch(parsed.hir, each), JSON.stringify(each));
    }),
    { numRuns: 2000 },
  );
});

test('the table and the automaton agree, whatever the size of the table', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.array(text, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 4000 }),
      (source, texts, maxBytes) => {
        const parsed = parseRegex(source, roomy);
        assert.ok(parsed.kind === 'parsed');
        const nfa = buildNfa(parsed.hir, parsed.groupCount);
        const dfa = new LazyDfa(nfa, { prefix: '', minBytes: parsed.hir.minBytes }, maxBytes);
        const vm = new PikeVm(nfa);

        for (const each of texts) {
          const answer = dfa.test(each);
          const isMatch = vm.exec(each, 1) !== null;
          if (answer !== Answer.undecided) assert.equal(answer === Answer.yes, isMatch, JSON.stringify(each));
          assert.equal(vm.exec(each) !== null, isMatch);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a match it reports is one of the tree, its groups lie in it, and none starts earlier', () => {
  fc.assert(
    fc.property(pattern, text, (source, bytes) => {
      const parsed = parseRegex(source, roomy);
      const compiled = compileRegex(source, roomy);
      assert.ok(parsed.kind === 'parsed' && compiled.kind === 'compiled');
      const found = compiled.regex.exec(bytes);
      if (found === null) return;
      const [start, end] = [found[0] as number, found[1] as number];

      assert.ok(endsOf(parsed.hir, bytes, new Set([start])).has(end));
      for (let at = 0; at < start; at++) assert.equal(endsOf(parsed.hir, bytes, new Set([at])).size, 0);
      for (let i = 2; i < found.length; i += 2) {
        const [from, to] = [found[i] as number, found[i + 1] as number];
        assert.ok((from === -1 && to === -1) || (start <= from && from <= to && to <= end));
      }
    }),
    { numRuns: 1000 },
  );
});

test('matches where the runtime matches, on patterns that mean the same there', () => {
  const shared = fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        '(',
        ')',
        '(?:',
        '|',
        '*',
        '+',
        '?',
        '*?',
        '[ab]',
        '[^b]',
        '.',
        '^',
        '$',
        '{1,2}',
      ),
      { maxLength: 10 },
    )
    .map((parts) => parts.join(''));

  fc.assert(
    fc.property(
      shared,
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }).map((parts) => parts.join('')),
      (source, bytes) => {
        const compiled = compileRegex(source, roomy);
        if (compiled.kind === 'refused' || /[*+?}]{2,}|[*+?}]\{|[\^$][*+?{]|[({|]\?[^:]/.test(source)) return;

        assert.equal(compiled.regex.test(bytes), new RegExp(source, 's').test(bytes), source);
      },
    ),
    { numRuns: 3000 },
  );
});
