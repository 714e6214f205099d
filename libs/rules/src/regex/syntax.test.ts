import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRegex, parseRegex, type RegexFaultCode, type RegexLimits } from './regex.ts';

/** What Rust's regex-syntax 0.8.11 takes and refuses, Unicode off. */
const accepted = [
  '',
  '\\\\',
  '\\p'.slice(2),
  'a{ 2 , 3 }',
  'a{2}?',
  'a{2}+',
  'a**',
  'a}',
  ']',
  '^*',
  String.raw`\b+`,
  '()',
  '(?:)',
  '(|)',
  '(?-i)',
  '(?P<n>a)',
  '(?<n>a)',
  '(?<a.b[1]_>x)',
  String.raw`\/`,
  String.raw`\_`,
  String.raw`\%`,
  String.raw`\<`,
  String.raw`\>`,
  String.raw`\b{start}`,
  String.raw`\b{2}`,
  String.raw`\b{ 2}`,
  String.raw`\x41`,
  String.raw`\x{41}`,
  String.raw`\u0041`,
  String.raw`\U00000041`,
  String.raw`(?u)\pL`,
  String.raw`(?u)\p{gc!=L}`,
  '[]a]',
  '[^]a]',
  '[a-z-9]',
  '[--a]',
  '[a-]',
  '[a&&]',
  '[&&a]',
  '[a&&b--c~~d]',
  '[[:alpha:]]',
  '[[:foo:]]',
  '[:alpha:]',
  '(?u)[é]',
  String.raw`[\xe9]`,
  'é',
  '(?x) a { 2 } ?',
  '(?x)[ ^ a]',
  '(?x)(?<n> a ) # end',
  '(?x)[a - z]',
  '(?x)a # c\nb',
  '(?x)[a -#]\n]',
  '[a-c~~b]',
];

const refused: readonly (readonly [pattern: string, code: RegexFaultCode, offset: number, length: number])[] =
  [
    ['a{', 'repetition_unclosed', 1, 1],
    ['{', 'repetition_missing', 0, 1],
    ['a{,n}', 'repetition_invalid', 1, 2],
    ['a{,3}', 'repetition_invalid', 1, 2],
    ['{2}', 'repetition_missing', 0, 1],
    ['a{2,1}', 'repetition_invalid', 1, 5],
    ['a{4294967296}', 'repetition_invalid', 1, 12],
    ['a{2', 'repetition_unclosed', 1, 2],
    ['a{2,', 'repetition_unclosed', 1, 3],
    ['a{2,3', 'repetition_unclosed', 1, 4],
    ['a{2x', 'repetition_unclosed', 1, 2],
    ['a|*', 'repetition_missing', 2, 1],
    ['(*a)', 'repetition_missing', 1, 1],
    ['(?i)*', 'repetition_missing', 4, 1],
    ['(?)', 'repetition_missing', 0, 3],
    ['(', 'group_unclosed', 0, 1],
    ['(a', 'group_unclosed', 0, 1],
    ['a)', 'group_unopened', 1, 1],
    ['(?:a', 'group_unclosed', 0, 1],
    ['(?', 'group_unclosed', 0, 2],
    ['(?i', 'group_unclosed', 0, 3],
    ['(?z)', 'flag_unknown', 2, 1],
    ['(?ii)', 'flag_repeated', 3, 1],
    ['(?i-)', 'flag_missing', 4, 1],
    ['(?i-s-m)', 'flag_repeated', 5, 1],
    ['(?<1>x)', 'group_name_invalid', 3, 1],
    ['(?<>x)', 'group_name_invalid', 3, 1],
    ['(?<n', 'group_unclosed', 0, 4],
    ['(?<n>a)(?<n>b)', 'group_name_repeated', 10, 1],
    ['(?=a)', 'look_around', 0, 3],
    ['(?!a)', 'look_around', 0, 3],
    ['(?<=a)', 'look_around', 0, 4],
    ['(?<!a)', 'look_around', 0, 4],
    ['(?P=n)', 'flag_unknown', 2, 1],
    ['(?#c)', 'flag_unknown', 2, 1],
    ['(?>a)', 'flag_unknown', 2, 1],
    [String.raw`\1`, 'backreference', 0, 2],
    [String.raw`\0`, 'backreference', 0, 2],
    [String.raw`\9`, 'backreference', 0, 2],
    [String.raw`\Z`, 'escape_unknown', 0, 2],
    [String.raw`\Q`, 'escape_unknown', 0, 2],
    [String.raw`\y`, 'escape_unknown', 0, 2],
    ['\\', 'escape_unfinished', 0, 1],
    [String.raw`\b{ end }`, 'repetition_invalid', 2, 3],
    [String.raw`\b{foo}`, 'boundary_unknown', 0, 6],
    [String.raw`\b{start`, 'boundary_unknown', 0, 8],
    [String.raw`\b{`, 'escape_unfinished', 0, 3],
    [String.raw`\B{start}`, 'repetition_invalid', 2, 2],
    [String.raw`\x4`, 'escape_unfinished', 0, 3],
    [String.raw`\x`, 'escape_unfinished', 0, 2],
    [String.raw`\xZZ`, 'escape_invalid', 2, 1],
    [String.raw`\x{`, 'escape_unfinished', 0, 3],
    [String.raw`\x{}`, 'escape_invalid', 0, 4],
    [String.raw`\x{110000}`, 'escape_invalid', 0, 10],
    [String.raw`\x{D800}`, 'escape_invalid', 0, 8],
    [String.raw`\u12`, 'escape_unfinished', 0, 4],
    [String.raw`\p`, 'escape_unfinished', 0, 2],
    [String.raw`\pL`, 'unicode_off', 0, 3],
    [String.raw`(?u)\p{L`, 'escape_unfinished', 4, 4],
    [String.raw`(?u)\p{Foo}`, 'property_unknown', 4, 7],
    [String.raw`(?u)\p{Foo=L}`, 'property_unknown', 4, 9],
    [String.raw`(?u)\p{Cs}`, 'property_unknown', 4, 6],
    [String.raw`(?u)\p\L`, 'property_unknown', 4, 2],
    ['[', 'class_unclosed', 0, 1],
    ['[]', 'class_unclosed', 0, 1],
    ['[^]', 'class_unclosed', 0, 1],
    ['[a', 'class_unclosed', 0, 1],
    ['[a-', 'class_unclosed', 0, 1],
    ['[^', 'class_unclosed', 0, 1],
    ['[-', 'class_unclosed', 0, 1],
    ['[--', 'class_unclosed', 0, 1],
    ['[z-a]', 'class_range_invalid', 1, 3],
    [String.raw`[\d-z]`, 'class_range_invalid', 1, 4],
    [String.raw`[a-\d]`, 'class_range_invalid', 1, 4],
    [String.raw`[\b]`, 'class_escape_invalid', 1, 2],
    [String.raw`[\A]`, 'class_escape_invalid', 1, 2],
    ['[a&&b--c', 'class_unclosed', 0, 1],
    ['[[a]', 'class_unclosed', 0, 1],
    ['[[:alpha:]', 'class_unclosed', 0, 1],
    ['[é]', 'unicode_off', 1, 1],
    [String.raw`[\x{e9}]`, 'unicode_off', 1, 6],
    ['(?x)[a -#c]', 'class_unclosed', 4, 1],
  ];

const codeOf = (pattern: string, limits?: Partial<RegexLimits>): string => {
  const compiled = compileRegex(pattern, limits);
  return compiled.kind === 'refused' ? compiled.fault.code : compiled.kind;
};

test('takes every pattern that the original takes', () => {
  for (const pattern of accepted) assert.equal(codeOf(pattern), 'compiled', pattern);
});

test('refuses what the original refuses, and says where', () => {
  for (const [pattern, code, offset, length] of refused) {
    const compiled = compileRegex(pattern);

    assert.ok(compiled.kind === 'refused', pattern);
    const { fault } = compiled;
    assert.deepEqual([fault.code, fault.offset, fault.length], [code, offset, length], pattern);
    assert.match(fault.message, /^[a-z]/);
  }
});

test('says what to write instead', () => {
  const hints = ['a{', '(?=a)', '(?z)', String.raw`\Z`, String.raw`\1`, '*', '[é]'].map((pattern) => {
    const compiled = compileRegex(pattern);
    return compiled.kind === 'refused' ? compiled.fault.hint : undefined;
  });

  assert.ok(hints.every((hint) => hint !== undefined && hint.length > 0));
});

test('refuses a pattern with half a character', () => {
  assert.equal(codeOf('a\ud800'), 'not_text');
});

test('takes 250 levels and no more, whatever they are made of', () => {
  const nested = (open: string, middle: string, close: string, count: number): string =>
    open.repeat(count) + middle + close.repeat(count);

  for (const [open, middle, close, most] of [
    ['(', 'a', ')', 250],
    ['(?:', '', ')', 250],
    ['[', 'a', ']', 250],
    ['[a', '', ']', 125],
    ['', 'a', '*', 250],
    ['', '[a', '&&a', 249],
  ] as const) {
    const end = middle === '[a' ? ']' : '';
    const widest = nested(open, middle, close, most) + end;
    assert.equal(codeOf(widest, { maxSlots: 1_000_000 }), 'compiled', open + middle + close);
    assert.equal(
      codeOf(nested(open, middle, close, most + 1) + end),
      'nested_too_deep',
      open + middle + close,
    );
  }
  assert.equal(codeOf('('.repeat(100_000)), 'nested_too_deep');
  assert.equal(codeOf('['.repeat(100_000)), 'nested_too_deep');
});

test('numbers groups by their opening parenthesis and keeps their names', () => {
  const parsed = parseRegex('(a)(?P<two>b(?<three>c))(?:d)');

  assert.ok(parsed.kind === 'parsed' && parsed.hir.kind === 'concatenation');
  assert.equal(parsed.groupCount, 4);
  assert.deepEqual(
    parsed.hir.items.map((item) => (item.kind === 'capture' ? [item.group, item.name] : item.kind)),
    [[1, null], [2, 'two'], 'literal'],
  );
});

test('measures the shortest and the longest match', () => {
  const measured = ['ab|c', 'a*', '(?:ab){2,3}', '(?u).', '(?:^|)*', '[a&&b]', 'a|b'].map((pattern) => {
    const parsed = parseRegex(pattern);
    assert.ok(parsed.kind === 'parsed');
    return [parsed.hir.minBytes, parsed.hir.maxBytes];
  });

  assert.deepEqual(measured, [
    [1, 2],
    [0, Number.POSITIVE_INFINITY],
    [4, 6],
    [1, 4],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
});
