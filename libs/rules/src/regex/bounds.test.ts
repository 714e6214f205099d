import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaptureRows } from './capture-rows.ts';
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

test('copies the places of groups where a group begins or ends, and nowhere else', () => {
  const rows = new CaptureRows();
  rows.reset(4);
  const first = rows.add(7);
  const second = rows.copy(first, 1, 9);
  rows.share(first);
  rows.release(first);
  rows.release(second);

  const third = rows.copy(first, 3, 5);
  const found = new Int32Array(4);
  rows.read(third, found);

  assert.deepEqual([third, rows.copied], [second, 8]);
  assert.deepEqual([...found], [7, -1, -1, 5]);
});

test('keeps the groups asked for alone', () => {
  const compiled = compileRegex('(a)(b)(c)?');
  assert.ok(compiled.kind === 'compiled');
  const { regex } = compiled;

  assert.deepEqual([...(regex.exec('xab', 1) ?? [])], [1, 3]);
  assert.deepEqual([...(regex.exec('xab') ?? [])], [1, 3, 1, 2, 2, 3, -1, -1]);
  assert.deepEqual([...(regex.exec('abc', 3) ?? [])], [0, 3, 0, 1, 1, 2]);
  assert.deepEqual([...(regex.exec('abc', 99) ?? [])], [0, 3, 0, 1, 1, 2, 2, 3]);
  assert.equal(regex.exec('ba', 1), null);
});

test('works no more out for one text than it has bytes, and goes on with the next', () => {
  const dfa = new LazyDfa(nfaOf('a.{300}b'), noHints, 10_000_000);
  const sample = 'a'.repeat(2000);

  assert.equal(dfa.test(sample), Answer.undecided);
  assert.ok(dfa.filled < 200);
  const answers = Array.from({ length: 30 }, () => dfa.test(sample));

  assert.equal(answers.at(-1), Answer.no);
});

test('finds literals longer than the runtime searches well', () => {
  const long = `${'a'.repeat(300)}b${'a'.repeat(300)}`;
  for (const [source, matching, other] of [
    [long, `a${long}a`, long.slice(1)],
    [`${long}[xy]`, `a${long}y`, `${long}z`],
    [`[xy]${long}`, `y${long}`, `z${long}`],
    [`^${long}`, `${long}a`, `a${long}`],
    [`${long}$`, `a${long}`, `${long}a`],
    [`^${long}$`, long, `${long}a`],
  ] as const) {
    const compiled = compileRegex(source);
    assert.ok(compiled.kind === 'compiled');

    assert.equal(compiled.regex.test(matching), true, source);
    assert.equal(compiled.regex.test(other), false, source);
  }
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
  const compiled = compileRegex(`(?:${branches})b`, { maxStates: 16_384, maxSlots: 2_000_000 });
  assert.ok(compiled.kind === 'compiled');

  assert.deepEqual([...(compiled.regex.exec(`${'a'.repeat(50)}b`) ?? [])].slice(0, 2), [0, 51]);
});
