import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRegex, type Regex, type RegexLimits } from './regex.ts';

const compile = (pattern: string, limits?: Partial<RegexLimits>): Regex => {
  const compiled = compileRegex(pattern, limits);
  assert.ok(compiled.kind === 'compiled', pattern);
  return compiled.regex;
};

/** What Rust's regex 1.12 answers, Unicode off. */
const matches: readonly (readonly [pattern: string, bytes: string, groups: readonly number[] | null])[] = [
  ['a|ab', 'xab', [1, 2]],
  ['(a)|b', 'b', [0, 1, -1, -1]],
  ['(a*)*', 'b', [0, 0, 0, 0]],
  ['(a|b)*', 'abab', [0, 4, 3, 4]],
  ['(a*?)(b?)', 'aab', [0, 0, 0, 0, 0, 0]],
  ['(?:a{2}){1,2}', 'aaaaa', [0, 4]],
  ['(|a)+', 'aa', [0, 0, 0, 0]],
  ['(a|)+', 'aa', [0, 2, 1, 2]],
  ['(?U)a+', 'aaa', [0, 1]],
  ['(?U)a+?', 'aaa', [0, 3]],
  ['a{0}b', 'ab', [1, 2]],
  ['(a){0}(b)', 'b', [0, 1, -1, -1, 0, 1]],
  ['x{2}{3}', 'xxxxxxx', [0, 6]],
  ['(?i)AbC', 'xaBc', [1, 4]],
  ['(?i)[^x]', 'X\xff', [1, 2]],
  ['[a-z&&[^aeiou]]+', 'aebcd', [2, 5]],
  ['[a-c--b]+', 'abcab', [0, 1]],
  ['[a-c~~b-d]+', 'bcad', [2, 4]],
  ['[]a]+', 'a]b', [0, 2]],
  ['[^]a]', ']ab', [2, 3]],
  ['[a-]+', 'b-a', [1, 3]],
  ['[[:^alpha:]x]+', 'ab12x', [2, 5]],
  [String.raw`[\d_&&\w--5]+`, '5_34', [1, 4]],
  [String.raw`\x{e9}`, '\xc3\xa9', [0, 2]],
  [String.raw`\xe9`, '\xc3\xa9\xe9', [2, 3]],
  [String.raw`\u00e9`, '\xc3\xa9', [0, 2]],
  ['.', '\n\r', [1, 2]],
  ['(?s).', '\n', [0, 1]],
  ['(?R).', '\r\na', [2, 3]],
  ['(?R)a$', 'a\r\n', null],
  ['(?mR)^b', 'a\r\nb', [3, 4]],
  ['(?mR)$', 'a\r\n', [1, 1]],
  ['(?m)^b$', 'a\nb\nc', [2, 3]],
  ['$', 'a\n', [2, 2]],
  ['a$', 'a\n', null],
  [String.raw`\Aa\z`, 'a', [0, 1]],
  [String.raw`\bfoo\b`, 'a foo.', [2, 5]],
  [String.raw`\Boo`, 'foo', [1, 3]],
  [String.raw`\b{start}\w+\b{end}`, ' ab ', [1, 3]],
  [String.raw`\<b`, 'a b', [2, 3]],
  [String.raw`a\>`, 'ba b', [1, 2]],
  [String.raw`\b{start-half}b`, 'ab b', [3, 4]],
  [String.raw`a\b{end-half}`, 'ab a', [3, 4]],
  ['(?x)a b', 'ab', [0, 2]],
  ['(?x)[ a b ]+', 'a b', [0, 1]],
  [String.raw`(?x)a\ b`, 'a b', [0, 3]],
  ['(?x: a ) b', 'a b', [0, 3]],
  ['(?i:a)b', 'Ab', [0, 2]],
  ['(?i:a)b', 'AB', null],
  ['a(?i)b|c', 'C', [0, 1]],
  ['(?u).', '\xc3\xa9', [0, 2]],
  ['(?u).', '\xc3', null],
  ['(?u)[^a]', '\xff\xc3\xa9', [1, 3]],
  [String.raw`(?u)\w+`, '-\xc3\xa9\xce\xb1', [1, 5]],
  [String.raw`(?u)\p{Greek}+`, 'a\xce\xb1\xce\xb2', [1, 5]],
  [String.raw`(?u)\P{L}`, '\xc3\xa91', [2, 3]],
  [String.raw`(?iu)\x{3c3}`, '\xcf\x82', [0, 2]],
  ['(?iu)k', '\xe2\x84\xaa', [0, 3]],
  ['(?i)k', '\xe2\x84\xaa', null],
  [String.raw`(?u)\b\xce`, '\xce', null],
  [String.raw`(?u)\bb`, '\xc3\xa9b', null],
  [String.raw`(?-u)\bb`, '\xc3\xa9b', [2, 3]],
  [String.raw`(?u)\B`, '\xff', null],
  ['é+', '\xc3\xa9\xa9', [0, 2]],
  ['(?u)é+', '\xc3\xa9\xc3\xa9', [0, 4]],
  ['(?P<year>[0-9]{4})-(?<m>[0-9]{2})', 'on 2024-05', [3, 10, 3, 7, 8, 10]],
];

test('finds the leftmost match, earlier branches preferred, and where its groups are', () => {
  for (const [pattern, bytes, groups] of matches) {
    const found = compile(pattern).exec(bytes);

    assert.deepEqual(found === null ? null : [...found], groups, `${pattern} in ${JSON.stringify(bytes)}`);
  }
});

test('tests what it finds', () => {
  for (const [pattern, bytes, groups] of matches)
    assert.equal(compile(pattern).test(bytes), groups !== null, `${pattern} in ${JSON.stringify(bytes)}`);
});

test('prefers the first branch even where both begin alike', () => {
  assert.deepEqual([...(compile('.*ab|.*.*').exec('abc') ?? [])], [0, 2]);
});

test('answers again as it answered before, whatever came between', () => {
  const regex = compile(String.raw`(?m)(\w+)=(\d+)$|^x*`);
  const texts = ['', 'a=1', 'xx', 'b=2\nc=', '\n\n', 'zz=99'];
  const fresh = texts.map((text) => compile(regex.pattern).exec(text));

  for (let round = 0; round < 3; round++)
    texts.forEach((text, i) => {
      assert.equal(regex.test(text), fresh[i] !== null);
      assert.deepEqual(regex.exec(text), fresh[i]);
    });
});

test('compares plain text held at either end', () => {
  const answers = ['^ab$', '^ab', 'ab$', 'ab', '^$', '^', '$', '', '(ab)$'].map((pattern) =>
    ['ab', 'abc', 'cab', 'cabc', '', 'b'].map((text) => (compile(pattern).test(text) ? 1 : 0)).join(''),
  );

  assert.deepEqual(answers, [
    '100000',
    '110000',
    '101000',
    '111100',
    '000010',
    '111111',
    '111111',
    '111111',
    '101000',
  ]);
});

test('goes on behind a place where only the beginning fits', () => {
  const regex = compile('ab[0-9]');

  assert.equal(regex.test('ab ab ab3'), true);
  assert.equal(regex.test('ab ab ab'), false);
  assert.equal(regex.test('abab7'), true);
  assert.equal(regex.test(''), false);
});

test('needs what stands in the middle of every match', () => {
  const regex = compile('[a-z]+(@ex)+[a-z]+');

  assert.equal(regex.test('me@example'), true);
  assert.equal(regex.test('me at example'), false);
});

test('counts group 0', () => {
  assert.equal(compile('(a)(?:b)(?<c>c)').groupCount, 3);
  assert.equal(compile('a').pattern, 'a');
});

test('gives each match an array of its own', () => {
  const regex = compile('(a)|b');
  const first = regex.exec('a');

  regex.exec('b');

  assert.deepEqual([...(first ?? [])], [0, 1, 0, 1]);
});

test('looks at words of Unicode beside bytes beyond ASCII', () => {
  const regex = compile(String.raw`(?u)\bna\b`);

  assert.equal(regex.test('na'), true);
  assert.equal(regex.test('a na b'), true);
  assert.equal(regex.test('\xc3\xa9na'), false);
  assert.equal(regex.test('\xffna'), true);
});

test('finds words without looking at every byte, wherever they stand', () => {
  const regex = compile('(?i)(sqlmap|nikto|curl)');
  const words = ['SQLmap', 'Nikto', 'cUrL'];

  for (let before = 0; before < 12; before++)
    for (const word of words)
      for (const filler of ['x', 's', 'q', 'cur', 'nik', '\xff']) {
        const text = filler.repeat(before);
        assert.equal(regex.test(`${text}${word}${text}`), true, text);
        assert.equal(regex.test(`${text}${word.slice(0, -1)}${text}`), false, text);
      }
  assert.equal(regex.test('cur'), false);
  assert.equal(regex.test(''), false);
});

test('skips no byte that an assertion in front has to see', () => {
  const regex = compile(String.raw`(?i)\b(sqlmap|nikto)`);

  assert.equal(regex.test('a nikto'), true);
  assert.equal(regex.test('anikto'), false);
  assert.equal(regex.test('anikto nikto'), true);
});

test('skips with a table too small for the text as it does with a large one', () => {
  const small = compile('(?i)(sqlmap|nikto|curl)[a-z]*[0-9]', { maxTableBytes: 900 });

  assert.equal(small.test('a curl b nikto c sqlmap d curlie7'), true);
  assert.equal(small.test('a curl b nikto c sqlmap d curlie'), false);
});
