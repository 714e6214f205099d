import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRegex, parseRegex } from '../../regex/regex.ts';
import { fromText } from '../values.ts';
import { fromBytes, toBytes } from './bytes.ts';
import { firstMatch, hasMatch, isMatch, regexReplace } from './regex.ts';

const b = (text: string): number[] => toBytes(fromText(text));
const matches = (value: string, pattern: string): boolean => isMatch(b(value), pattern);
const replaced = (source: string, pattern: string, template: string): string =>
  fromBytes(regexReplace(b(source), b(pattern), b(template)));

/** Texts of the groups of the first match; null where a group took no part. */
const groupsOf = (text: string, pattern: string): (string | null)[] | null => {
  const parsed = parseRegex(pattern);
  assert.equal(parsed.kind, 'parsed', pattern);
  if (parsed.kind !== 'parsed') return null;
  const bytes = fromText(text);
  const groups = firstMatch(parsed.hir, bytes);
  assert.equal(hasMatch(parsed.hir, bytes), groups !== null);
  if (groups === null) return null;
  return Array.from({ length: parsed.groupCount }, (_each, group) => {
    const span = groups.get(group);
    return span === undefined ? null : bytes.slice(...span);
  });
};

test('a pattern matches anywhere in the value', () => {
  assert.ok(matches('/api/v12/items/4', 'v[0-9]+/items'));
  assert.ok(!matches('/api/v/items', 'v[0-9]+/items'));
});

test('a dot is one byte, and one character with (?u)', () => {
  assert.ok(matches('/é', '^/.{2}$'));
  assert.ok(matches('/é', '^/(?u:.)$'));
  assert.ok(!matches('/é', '^/.$'));
  assert.ok(!matches('\n', '.'));
  assert.equal(isMatch([0xff], '(?u:.)'), false);
});

test('what cannot be parsed matches nothing', () => {
  assert.ok(!matches('a', '('));
  assert.equal(replaced('a', '(', 'b'), 'a');
  assert.equal(fromBytes(regexReplace(b('a'), [0xff], b('b'))), 'a');
});

test('the branch, the greed and the start that come first are preferred', () => {
  assert.deepEqual(groupsOf('abc', 'a|ab'), ['a']);
  assert.deepEqual(groupsOf('xaab', 'a+'), ['aa']);
  assert.deepEqual(groupsOf('xaab', 'a+?'), ['a']);
  assert.deepEqual(groupsOf('aaaa', 'a{2,3}'), ['aaa']);
  assert.deepEqual(groupsOf('aaaa', 'a{2,3}?'), ['aa']);
  assert.deepEqual(groupsOf('aaaa', '(a??)(a*?)$'), ['aaaa', '', 'aaaa']);
  assert.deepEqual(groupsOf('ab', '(a)|(b)'), ['a', 'a', null]);
  assert.deepEqual(groupsOf('b', '(a)|(b)'), ['b', null, 'b']);
  assert.equal(groupsOf('c', '(a)|(b)'), null);
});

test('empty rounds end a repetition', () => {
  assert.deepEqual(groupsOf('a', '(?:|a)*'), ['']);
  assert.deepEqual(groupsOf('aa', '(a*)*'), ['aa', 'aa']);
  assert.deepEqual(groupsOf('aa', '(a|b*)*'), ['aa', 'a']);
  assert.deepEqual(groupsOf('\nb', '(?:(?s:.)*(?:\\b{start-half}|b)a*)*'), ['\n']);
  assert.deepEqual(groupsOf('', '(a*)+'), ['', '']);
});

test('ends for patterns that make others stall', () => {
  assert.ok(!matches('a'.repeat(200), '^(a+)+$b'));
  assert.ok(!matches('a'.repeat(60), '^(a|a)*$b'));
});

const pieces = fc.constantFrom('a', 'b', '.', '[^a]', '^', '$', '\\b', '\\B', '\\w', '(?i:A)', '(?s:.)', '');
const patterns = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    pieces,
    fc.array(tie('pattern'), { maxLength: 3 }).map((items) => items.join('')),
    fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }).map((items) => `(?:${items.join('|')})`),
    tie('pattern').map((item) => `(${item})`),
    fc
      .tuple(
        tie('pattern'),
        fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{2,}', '{1,3}?'),
      )
      .map(([item, times]) => `(?:${item})${times}`),
  ),
})).pattern;
const unicodeLooks = '\\b \\B \\b{start} \\b{end} \\b{start-half} \\b{end-half}'.split(' ');
const looks = fc.constantFrom(
  ...['\\A', '\\z', '(?m:^)', '(?m:$)', '(?mR:^)', '(?mR:$)', ...unicodeLooks],
  ...unicodeLooks.map((look) => `(?u:${look})`),
);
const texts = fc
  .array(fc.constantFrom('a', 'b', 'A', '_', ' ', '\n', '\r', '\xc3\xa9', '\xc3', '\xff'), { maxLength: 7 })
  .map((parts) => parts.join(''));

test('finds the match, and the groups, that the engine of the rules finds', () => {
  fc.assert(
    fc.property(patterns, looks, patterns, texts, (before, look, after, text) => {
      const pattern = `${before}${look}${after}`;
      const parsed = parseRegex(pattern);
      const compiled = compileRegex(pattern);
      assert.ok(parsed.kind === 'parsed' && compiled.kind === 'compiled', pattern);
      const groups = firstMatch(parsed.hir, text);
      const engine = compiled.regex.exec(text);
      const numbers = Array.from({ length: parsed.groupCount }, (_each, at) => groups?.get(at) ?? [-1, -1]);
      assert.deepEqual(groups === null ? null : numbers.flat(), engine === null ? null : [...engine]);
      assert.equal(hasMatch(parsed.hir, text), compiled.regex.test(text));
      assert.equal(hasMatch(parsed.hir, text), groups !== null);
    }),
    { numRuns: 1000 },
  );
});

test('finds the match that the platform finds, where notation and meaning agree', () => {
  const shared = fc
    .array(fc.constantFrom('a', 'b', '[ab]', '(?:a|ab)', '(?:a|b|)'), { minLength: 1, maxLength: 4 })
    .chain((items) =>
      fc
        .array(fc.constantFrom('', '?', '??', '{2}', '{1,2}?'), {
          minLength: items.length,
          maxLength: items.length,
        })
        .map((times) => items.map((item, at) => `(${item}${times[at]})`).join('')),
    );
  fc.assert(
    fc.property(shared, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, text) => {
      const found = new RegExp(pattern).exec(text);
      assert.deepEqual(groupsOf(text, pattern), found === null ? null : [...found]);
    }),
  );
});

test('regex_replace replaces the first match alone', () => {
  assert.equal(replaced('/foo/bar', '/bar$', '/baz'), '/foo/baz');
  assert.equal(replaced('/x', '^/y$', '/mumble'), '/x');
  assert.equal(replaced('/foo', '^/FOO$', '/x'), '/foo');
  assert.equal(replaced('/a/a', '/a', '/b'), '/b/a');
  assert.equal(replaced('/b', '^/b$', '/b$$'), '/b$');
  assert.equal(replaced('/foo/a/path', '^/foo/([^/]*)/(.*)$', `/bar/\${2}/\${1}`), '/bar/path/a');
  assert.equal(replaced('b', '(a)|b', `<\${1}>`), '<>');
  assert.equal(replaced('é', 'é', 'e'), 'e');
});
