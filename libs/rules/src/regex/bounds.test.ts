import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answer, LazyDfa } from './dfa.ts';
import { buildNfa, type Nfa } from './nfa.ts';
import { PikeVm } from './pike.ts';
import { compileRegex, parseRegex, type RegexLimits } from './regex.ts';

const nfaOf = (pattern: string): Nfa => {
  const parsed = parseRegex(pattern);
  assert.ok(parsed.kind === 'parsed', pattern);
  return buildNfa(parsed.hir, parsed.groupCount);
};

const noHints = { prefix: '', minBytes: 0 };

const codeOf = (pattern: string, limits?: Partial<RegexLimits>): string => {
  const compiled = compileRegex(pattern, limits);
  return compiled.kind === 'refused' ? compiled.fault.code : compiled.kind;
};

const hostile: readonly (readonly [pattern: string, unit: string, end: string])[] = [
  ['(a+)+$', 'a', 'b'],
  ['(a|a)*b', 'a', 'c'],
  ['(x+x+)+y', 'x', 'z'],
  ['.*.*.*=.*', 'ab', ''],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a', '!'],
  ['(?:a?){30}a{30}', 'a', ''],
  [String.raw`(?m)(?:^\s*)*$x`, ' \n', ''],
  [String.raw`(?u)\b(\w+\s*)+\b{end}!`, '\xc3\xa9 ', ''],
];

test('enters each state once a byte, however the pattern is made', () => {
  for (const [pattern, unit, end] of hostile) {
    const nfa = nfaOf(pattern);

    for (const count of [10, 100, 1000]) {
      const vm = new PikeVm(nfa);
      const text = unit.repeat(count) + end;
      vm.exec(text);

      assert.ok(vm.steps <= nfa.size * (text.length + 1), `${pattern} ${count}`);
    }
  }
});

test('fills its table once and works nothing out for a text ten times as long', () => {
  for (const [pattern, unit, end] of hostile) {
    const dfa = new LazyDfa(nfaOf(pattern), noHints, 1_000_000);
    dfa.test(unit.repeat(200) + end);
    const { filled } = dfa;

    dfa.test(unit.repeat(2000) + end);

    assert.equal(dfa.filled, filled, pattern);
  }
});

test('refuses repetitions of repetitions without building them', () => {
  assert.equal(codeOf('((a{1000}){1000}){1000}'), 'too_large');
  assert.equal(codeOf('(?u)(\\w{100}){1000}'), 'too_large');
  assert.equal(codeOf(`${'('.repeat(120)}a${'){4294967295}'.repeat(120)}`), 'too_large');
  assert.equal(codeOf('a{4294967295,}'), 'too_large');
});

test('refuses many leaves before the pattern ends', () => {
  assert.equal(codeOf('(?u)\\w'.repeat(10_000)), 'too_large');
  assert.equal(codeOf('a'.repeat(20_000)), 'too_large');
  assert.equal(codeOf('a'.repeat(20_000), { maxStates: 30_000 }), 'compiled');
  assert.equal(codeOf('a'.repeat(70_000), { maxStates: 1_000_000 }), 'too_large');
});

test('refuses many groups over many states', () => {
  assert.equal(codeOf('(a)'.repeat(2000)), 'too_large');
  assert.equal(codeOf('(a)(b)', { maxSlots: 20 }), 'too_large');
  assert.equal(codeOf('(a)(b)', { maxSlots: 100 }), 'compiled');
});

test('repeats what is empty once', () => {
  for (const pattern of ['(|){1000}', '((|)*)*', '(?:){4294967295}', '(?:^|$){1000,}', '((^)*$)*'])
    assert.ok(nfaOf(pattern).size < 12, pattern);
});

test('takes a long class of long sets', () => {
  assert.equal(codeOf(`(?iu)[${String.raw`\w\p{L}\d`.repeat(100)}]`), 'compiled');
});

/** Every n-th byte from the end: 2ⁿ states. */
const explosive = '[ab]*a[ab]{12}c';

const noise = (length: number): string => {
  let seed = 12345;
  let text = '';
  for (let i = 0; i < length; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    text += seed >>> 31 === 0 ? 'a' : 'b';
  }
  return text;
};

test('keeps its table within the bound, and gives up where that is no use', () => {
  const dfa = new LazyDfa(nfaOf(explosive), noHints, 20_000);
  const text = noise(5000);

  assert.equal(dfa.test(text), Answer.undecided);
  assert.ok(dfa.bytes <= 20_000);
  assert.ok(dfa.filled < 500);
  assert.equal(dfa.test('abc'), Answer.no);
});

test('answers all the same when the table gives up', () => {
  for (const end of ['', 'c', `a${'b'.repeat(12)}c`])
    for (const prefix of ['', 'x']) {
      const compiled = compileRegex(prefix + explosive, { maxTableBytes: 20_000 });
      assert.ok(compiled.kind === 'compiled');
      const text = prefix + noise(3000) + end;

      assert.equal(compiled.regex.test(text), new RegExp(prefix + explosive).test(text));
    }
});

test('a table too small for one state gives up', () => {
  assert.equal(new LazyDfa(nfaOf('a[ab]{3}c'), noHints, 10).test('abb'.repeat(20)), Answer.undecided);
});

test('keeps as many open ways as the pattern has', () => {
  const branches = Array.from({ length: 100 }, (_, i) => `(a{${i + 1}})`).join('|');
  const compiled = compileRegex(`(?:${branches})b`);
  assert.ok(compiled.kind === 'compiled');

  assert.deepEqual([...(compiled.regex.exec(`${'a'.repeat(50)}b`) ?? [])].slice(0, 2), [0, 51]);
});
