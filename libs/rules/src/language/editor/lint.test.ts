import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expression } from '../ast.ts';
import { parseExpression } from '../expression.ts';
import type { Finding } from './findings.ts';
import { lintExpression } from './lint.ts';
import { Solver } from './satisfy.ts';

const parse = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (parsed.kind === 'parsed') return parsed.expression;
  throw new Error(`${text}: ${parsed.fault.message}`);
};

const lint = (text: string): readonly Finding[] => lintExpression(parse(text));
const found = (text: string): readonly string[] =>
  lint(text).map(({ code, offset, length }) => `${code}: ${text.slice(offset, offset + length)}`);
const codes = (text: string): readonly string[] => lint(text).map(({ code }) => code);
const verdict = (text: string): string => {
  const { isNever, isAlways } = new Solver({}).verdictOf(parse(text));
  return isNever ? 'never' : isAlways ? 'always' : 'open';
};

test('finds what can never be true', () => {
  for (const text of [
    'http.host eq "x" and http.host eq "y"',
    'http.host in {}',
    'cf.threat_score gt 10 and cf.threat_score lt 5',
    'cf.threat_score gt 9223372036854775807',
    'cf.threat_score & 0',
    'http.host lt ""',
    'http.host gt "a" and http.host lt "a\\x00"',
    'ip.src in {192.0.2.0/24} and ip.src in {198.51.100.0/24 2001:db8::/32}',
    'http.host contains "ab" and not http.host contains "b"',
    'http.host in {"ax" "bx"} and http.host matches "^c"',
    'starts_with(http.host, "ab") and not starts_with(http.host, "a")',
    'ends_with(http.host, "a") and http.host eq "b"',
    'http.host strict wildcard "a\\\\*" and http.host ne "a*"',
    'len(http.host) lt 0',
    'cf.sequence.current_op eq "10ad1de"',
    'cf.sequence.current_op in {"10AD1DE0" "cart"}',
    'cf.sequence.current_op contains "POST"',
    'starts_with(cf.sequence.current_op, "op-")',
    'cf.sequence.previous_ops[0] eq "cart"',
    'any(cf.sequence.previous_ops[*] eq "cart")',
    'cf.sequence.previous_ops[10] ne "10ad1de0"',
    'cf.sequence.msec_since_op["load"] ge 0',
    'cf.sequence.msec_since_op["10ad1de0"] gt 3600000',
    'cf.sequence.msec_since_op["10ad1de0"] lt 0',
    'http.request.timestamp.msec gt 999',
    'http.request.headers["X-Tenant"][0] eq "a"',
    'any(lower(http.request.headers["X-Tenant"][*])[*] eq "a")',
    'has_key(http.request.headers, "X-Tenant")',
    'lower(http.host) eq "ABC"',
    'lower(http.host) strict wildcard "*.COM"',
    'upper(http.host) contains "a"',
    'remove_bytes(http.host, "-.") eq "a.b"',
    'sha256(http.host) eq "short"',
    'sha256(http.host) contains "long long long long long long long"',
    'to_string(cf.threat_score) eq "x1"',
    'to_string(cf.threat_score) contains "x"',
    'to_string(ssl) eq "yes"',
    'to_string(ip.src) eq "2001:DB8::1"',
    'to_string(ip.src) contains "G"',
    'cidr(ip.src, 24, 48) in {192.0.2.77}',
    'cidr6(ip.src, 32) in {2001:db8::1..2001:db8::ff}',
    'split(http.host, ".", 3)[3] eq "com"',
    'len(cf.sequence.previous_ops) gt 10',
    'has_value(cf.sequence.previous_ops, "cart")',
    'cf.zone.plan ne "ENT"',
    'lower(cf.zone.plan) eq "ent"',
    'concat(cf.zone.plan, cf.metal.id) eq "x"',
    'http.request.uri.path.extension eq "PNG"',
    'ssl xor ssl',
    'any((http.request.headers["a"][*] eq "x" and http.request.headers["a"][*] eq "y"))',
  ])
    assert.equal(verdict(text), 'never', text);
});

test('finds what is always true', () => {
  for (const text of [
    'ssl or not ssl',
    'ssl xor not ssl',
    'not (http.host eq "a" and http.host ne "a")',
    'cf.threat_score ge 0 or not cf.threat_score ge 0',
    'not cf.sequence.current_op eq "10ad1de"',
    'all(http.request.headers["X-Tenant"][*] eq "a")',
    'all(cf.sequence.previous_ops[*] lt "g")',
    'coalesce(http.host, "b") ge ""',
    'any(cf.sequence.previous_ops[*] eq "10ad1de0") or not any(cf.sequence.previous_ops[*] eq "10ad1de0")',
    'http.host in $names or not http.host in $names',
  ])
    assert.equal(verdict(text), 'always', text);
});

test('is silent where a request may tell otherwise', () => {
  for (const text of [
    'http.host eq "a" or http.host ne "a"',
    'len(http.host) ge 0',
    'not (cf.threat_score gt 10 or cf.threat_score le 10)',
    'http.host in $names',
    'http.host in {"a"} and http.host in $names',
    'cf.sequence.current_op eq "10ad1de0" and any(cf.sequence.previous_ops[*] eq "10ad1de0")',
    'any(cf.sequence.previous_ops[*] eq "10ad1de0") and any(cf.sequence.previous_ops[*] eq "7e57ab1e")',
    'all(starts_with(http.request.headers["a"][*], ""))',
    'http.host matches "^.*$"',
    'has_value(http.request.headers.names, "cart")',
    'len(cf.sequence.previous_ops) eq 10',
    'cidr(ip.src, 24, 48) in {192.0.2.0..192.0.2.9}',
    'cidr(ip.src, 24, 48) in {0.0.0.0/0 ::/0}',
    'coalesce(cf.zone.plan, "x") eq "x"',
    'split(http.request.headers["a"][*], ",", 2)[5][0] eq "x"',
    'lower(http.host) wildcard "ABC*"',
    'lower(http.request.headers["a"][*])[0] eq "abc"',
    'has_key(cf.sequence.msec_since_op, "10ad1de0")',
    'to_string((ssl and ssl)) eq "true"',
  ])
    assert.equal(verdict(text), 'open', text);
});

test('says why a comparison is never true, and where', () => {
  assert.deepEqual(found('ssl and (http.host eq "a" and http.host eq "b")'), [
    'never_matches: ssl and (http.host eq "a" and http.host eq "b")',
    'excluding: http.host eq "a" and http.host eq "b"',
  ]);
  assert.deepEqual(found('ssl or http.host in {}'), ['empty_set: http.host in {}']);
  assert.deepEqual(found('ssl or cf.sequence.current_op eq "cart"'), [
    'impossible_value: cf.sequence.current_op eq "cart"',
  ]);
  assert.deepEqual(
    lint('ssl or http.request.headers["X-Tenant"][0] eq "a"').map(({ message, hint }) => [message, hint]),
    [
      [
        'http.request.headers["X-Tenant"][0] is never there: names of headers are lower case here',
        'write ["x-tenant"]',
      ],
    ],
  );
  assert.deepEqual(codes('ssl or cf.threat_score & 0'), ['never_true']);
  assert.deepEqual(codes('ssl and coalesce(http.host, "x") ge ""'), ['always_true']);
  assert.deepEqual(codes('cf.threat_score gt 1 or (ssl xor ssl)'), ['never_true']);
  assert.deepEqual(codes('http.host eq "a" and (ssl or not ssl)'), ['covering']);
});

test('names three operands as a whole where no two of them are enough', () => {
  const text = 'cf.threat_score in {1 2} and cf.threat_score in {2 3} and cf.threat_score in {1 3}';

  assert.deepEqual(codes(text), ['never_matches', 'never_true']);
});

test('remarks on comparisons that every value passes', () => {
  assert.deepEqual(codes('len(http.host) ge 0'), ['asks_presence']);
  assert.deepEqual(codes('http.host matches ".*"'), ['asks_presence']);
  assert.deepEqual(codes('http.host matches "x*$|a"'), ['asks_presence']);
  assert.deepEqual(codes('http.host wildcard "*"'), ['asks_presence']);
  assert.deepEqual(codes('http.host contains ""'), ['asks_presence']);
  assert.deepEqual(codes('ends_with(http.host, "")'), ['asks_presence']);
  assert.deepEqual(codes('http.host matches "a+"'), []);
  assert.deepEqual(codes('any(cf.sequence.previous_ops[*] contains "")'), ['asks_emptiness', 'always_true']);
  assert.deepEqual(codes('all(cf.sequence.previous_ops[*] eq "x")'), ['asks_emptiness', 'impossible_value']);
  assert.deepEqual(codes('any(starts_with(cf.sequence.previous_ops[*], ""))'), [
    'asks_emptiness',
    'always_true',
  ]);
});

test('finds operands that add nothing', () => {
  assert.deepEqual(found('http.host eq "x" and http.host in {"x" "y"}'), [
    'redundant_operand: http.host in {"x" "y"}',
  ]);
  assert.deepEqual(found('http.host eq "x" or http.host in {"x" "y"}'), [
    'redundant_operand: http.host eq "x"',
  ]);
  assert.deepEqual(found('ssl or (ssl)'), ['repeated_operand: (ssl)']);
  assert.deepEqual(found('cf.threat_score gt 5 and cf.threat_score gt 3 and ssl'), [
    'redundant_operand: cf.threat_score gt 3',
  ]);
  assert.deepEqual(found('http.host contains "abc" and http.host contains "b"'), [
    'redundant_operand: http.host contains "b"',
  ]);
});

test('finds members of a set that stand in others', () => {
  assert.deepEqual(found('http.host in {"a" "b" "a"}'), ['redundant_member: "a"']);
  assert.deepEqual(
    lint('cf.threat_score in {5 1..10 10..12 11}').map(({ message }) => message),
    ['5 lies within 1..10', '11 lies within 10..12'],
  );
  assert.deepEqual(
    lint('ip.src in {192.0.2.0/24 192.0.2.0/24 192.0.2.0/25}').map(({ message }) => message),
    ['192.0.2.0/24 stands in the set twice', '192.0.2.0/25 lies within 192.0.2.0/24'],
  );
});

test('finds nothing to say of plain rules', () => {
  for (const text of [
    'cf.sequence.current_op eq "7e57ab1e" and not any(cf.sequence.previous_ops[*] == "10ad1de0")',
    'cf.sequence.current_op eq "7e57ab1e" and cf.sequence.msec_since_op["10ad1de0"] ge 2500',
    'http.request.method eq "POST" and starts_with(http.request.uri.path, "/v2/") or not ssl',
    'http.host eq "a" and len(http.request.headers.names) gt 5 and ip.src in {192.0.2.0/24 198.51.100.7}',
  ])
    assert.deepEqual(lint(text), [], text);
});

test('stays quick and silent where there would be too many cases', () => {
  const comparisons = Array.from({ length: 100 }, (_, at) => `cf.threat_score ne ${at}`);
  const clauses = Array.from(
    { length: 30 },
    (_, at) => `(http.host contains "${at}" or http.user_agent contains "${at}")`,
  );

  assert.deepEqual(codes(comparisons.join(' and ')), []);
  assert.deepEqual(codes(comparisons.join(' or ')), []);
  assert.deepEqual(codes(comparisons.slice(0, 60).join(' xor ')), []);
  assert.deepEqual(codes(clauses.join(' and ')), []);
  assert.equal(verdict(`${clauses.join(' and ')} and cf.threat_score in {}`), 'never');
  assert.deepEqual(codes(`${comparisons.join(' and ')} and cf.threat_score eq 7`), [
    'never_matches',
    'never_true',
  ]);
});

test('shortens the parts that a message repeats', () => {
  const long = `http.host eq "${'a'.repeat(100)}"`;

  assert.match(lint(`ssl and ${long} and not ${long}`)[1]?.message ?? '', /^http\.host eq "a{45}… and not /);
});
