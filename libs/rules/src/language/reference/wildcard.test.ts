import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromText } from '../values.ts';
import { fromBytes, toBytes } from './bytes.ts';
import { fillTemplate, matchWildcard, wildcardReplace } from './wildcard.ts';

const b = (text: string): number[] => toBytes(fromText(text));
const stars = (value: string, pattern: string, isStrict = false): string[] | null =>
  matchWildcard(b(value), b(pattern), isStrict)?.map((each) => fromBytes(each)) ?? null;
const replaced = (source: string, pattern: string, template: string, flags = ''): string =>
  fromBytes(wildcardReplace(b(source), b(pattern), b(template), flags));

test('each star holds as little as lets the whole value match', () => {
  assert.deepEqual(stars('https://a.b.example.com/x/y', 'https://*.example.com/*'), ['a.b', 'x/y']);
  assert.deepEqual(stars('a-b-c', '*-*'), ['a', 'b-c']);
  assert.deepEqual(stars('aXbXc', '*x*'), ['a', 'bXc']);
  assert.deepEqual(stars('', '*'), ['']);
  assert.deepEqual(stars('\n/', '*'), ['\n/']);
  assert.equal(stars('xa', 'a'), null);
  assert.equal(stars('ab', 'a'), null);
});

test('case matters only when strict, and only that of ASCII letters is ignored', () => {
  assert.deepEqual(stars('/SHOP/1', '/shop/*'), ['1']);
  assert.equal(stars('/SHOP/1', '/shop/*', true), null);
  assert.equal(stars('É', 'é'), null);
});

test('an escaped star and an escaped backslash stand for themselves', () => {
  assert.deepEqual(stars('/pct*abc', '/pct\\**'), ['abc']);
  assert.equal(stars('/pctx', '/pct\\**'), null);
  assert.deepEqual(stars('a\\b', 'a\\\\b'), []);
});

test('matches what a regular expression with lazy groups matches', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 9 });
  const patterns = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'b', '.'), minLength: 1, maxLength: 3 }), { maxLength: 4 })
    .map((parts) => parts.join('*'));
  fc.assert(
    fc.property(letters, patterns, fc.boolean(), fc.boolean(), (value, middle, isOpenLeft, isOpenRight) => {
      const pattern = `${isOpenLeft ? '*' : ''}${middle}${isOpenRight && middle !== '' ? '*' : ''}`;
      const regex = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '(.*?)')}$`, 's');
      assert.deepEqual(stars(value, pattern), regex.exec(value)?.slice(1) ?? null);
    }),
    { numRuns: 2000 },
  );
});

test('wildcard_replace gives the examples of the documentation', () => {
  assert.equal(
    replaced(
      'https://apps.example.com/calendar/admin?expand=true',
      'https://*.example.com/*/*',
      `https://example.com/\${1}/\${2}/\${3}`,
    ),
    'https://example.com/apps/calendar/admin?expand=true',
  );
  assert.equal(replaced('https://example.com/a', '/a/*', `/apps/\${1}`), 'https://example.com/a');
  assert.equal(replaced('/calendar', '/*', `/apps/\${1}`), '/apps/calendar');
  assert.equal(replaced('/Apps/calendar', '/apps/*', `/\${1}`), '/calendar');
  assert.equal(replaced('/Apps/calendar', '/apps/*', `/\${1}`, 's'), '/Apps/calendar');
  assert.equal(replaced('/apps/calendar/login', '/apps/*/login', `/\${1}/login`), '/calendar/login');
});

test('a template knows groups and dollars', () => {
  const groups = [b('whole'), b('one'), undefined];
  const filled = (template: string): string => fromBytes(fillTemplate(b(template), groups));

  assert.equal(filled(`\${1}-\${1}`), 'one-one');
  assert.equal(filled(`<\${2}\${8}>`), '<>');
  assert.equal(filled('$$'), '$');
  assert.equal(filled('$$1'), '$1');
});
