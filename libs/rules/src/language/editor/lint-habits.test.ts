import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '../ast.ts';
import { parseExpression } from '../expression.ts';
import { parseList } from '../list-items.ts';
import type { Finding } from './findings.ts';
import { type LintOptions, lintExpression } from './lint.ts';

const parse = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'parsed') return parsed.expression;
  throw new Error(`${text}: ${parsed.fault.message}`);
};

const lint = (text: string, options?: LintOptions): readonly Finding[] =>
  lintExpression(parse(text), options);
const found = (text: string, options?: LintOptions): readonly string[] =>
  lint(text, options).map(({ code, offset, length }) => `${code}: ${text.slice(offset, offset + length)}`);
const codes = (text: string, options?: LintOptions): readonly string[] =>
  lint(text, options).map(({ code }) => code);

test('tells of fields that nobody fills, other names, and what needs the body', () => {
  assert.deepEqual(found('cf.zone.plan eq "ENT" or cf.zone.plan eq "PRO" or ssl'), [
    'field_never_filled: cf.zone.plan',
  ]);
  const metadata = new Set(['ip.src.country']);
  assert.deepEqual(found('ip.geoip.country eq "PT"', { metadata }), ['field_alias: ip.geoip.country']);
  assert.deepEqual(found('ip.src.city eq "Lisbon" or ssl', { metadata }), ['field_not_passed: ip.src.city']);
  assert.deepEqual(found('ip.src.city eq "Lisbon"'), []);
  assert.deepEqual(found('http.request.body.size gt 1'), ['field_needs_body: http.request.body.size']);
});

test('remarks on habits that mislead', () => {
  assert.deepEqual(found('http.request.method in {"get" "POST"}'), ['method_case: "get"']);
  assert.deepEqual(found('http.host eq "API.example.com"'), ['host_case: "API.example.com"']);
  assert.deepEqual(found('http.request.headers["k"][0] ne "5"'), [
    'ne_of_missing: http.request.headers["k"][0] ne "5"',
  ]);
  assert.match(
    lint('http.request.headers["k"][0] ne "5"')[0]?.hint ?? '',
    /not http\.request\.headers\["k"\]\[0\] eq "5"$/,
  );
  assert.deepEqual(
    lint('not (http.request.headers["k"][0] ne "5")').map(({ hint }) => hint),
    ['to leave that out, write http.request.headers["k"][0] eq "5"'],
  );
  assert.deepEqual(codes('ssl and (any(cf.sequence.previous_ops[*] ne "10ad1de0"))'), ['any_ne']);
  assert.match(
    lint('not any(cf.sequence.previous_ops[*] ne "10ad1de0")')[0]?.message ?? '',
    /^this is all\(/,
  );
  assert.deepEqual(codes('http.host in $new', { lists: new Map([['new', parseList('bytes', [])]]) }), [
    'empty_list',
  ]);
});
