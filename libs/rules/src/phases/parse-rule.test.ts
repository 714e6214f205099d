import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RateLimit, RuleAction } from '@precede/contracts';
import { parseList } from '../language/list-items.ts';
import { parseRule, type RuleTexts } from './parse-rule.ts';

const block: RuleAction = { kind: 'block', response: null };
const limitBy = (characteristics: readonly string[], countingExpression = ''): RateLimit => ({
  characteristics,
  periodMs: 10_000,
  requestsPerPeriod: 5,
  mitigationTimeoutMs: 0,
  countingExpression,
});
const lists = new Map([['office', parseList('ip', ['192.0.2.0/24'])]]);
const parse = (texts: Partial<RuleTexts>) =>
  parseRule({ expression: 'true', action: block, ratelimit: null, ...texts }, lists);
const faultsOf = (texts: Partial<RuleTexts>) => {
  const result = parse(texts);
  assert.equal(result.kind, 'faults');
  return result.kind === 'faults' ? result.faults.map(({ path, fault }) => [path.join('/'), fault.code]) : [];
};

test('the whole expression "true" matches every request', () => {
  const result = parse({ expression: ' true\n' });

  assert.deepEqual(result.kind === 'parsed' && result.rule.match, null);
});

test('every text of a rule is parsed', () => {
  const result = parse({
    expression: 'ip.src in $office',
    ratelimit: limitBy(['ip.src', 'session', 'http.request.headers["x-key"][0]'], 'http.host eq "a"'),
  });

  assert.equal(result.kind, 'parsed');
  if (result.kind !== 'parsed') return;
  assert.equal(result.rule.match?.kind, 'in_list');
  assert.deepEqual(
    result.rule.characteristics.map((each) => (each === 'session' ? each : each.type.kind)),
    ['ip', 'session', 'bytes'],
  );
  assert.equal(result.rule.counting?.kind, 'ordering');
});

test('a rate limit without a counting expression counts what it matches', () => {
  const result = parse({ ratelimit: limitBy(['ip.src']) });

  assert.deepEqual(result.kind === 'parsed' && result.rule.counting, undefined);
});

test('targets and headers are texts or expressions', () => {
  const redirect = parse({
    action: {
      kind: 'redirect',
      status: 302,
      target: { kind: 'expression', expression: 'concat("/new", http.request.uri.path)' },
      keepsQuery: true,
    },
  });
  const rewrite = parse({
    action: {
      kind: 'rewrite',
      headers: [
        { name: 'x-a', operation: 'set', value: { kind: 'value', value: 'one' } },
        { name: 'x-b', operation: 'remove', value: null },
      ],
    },
  });

  assert.equal(redirect.kind === 'parsed' && redirect.rule.target?.kind, 'expression');
  assert.deepEqual(
    rewrite.kind === 'parsed' && rewrite.rule.headers.map(({ name, value }) => [name, value]),
    [
      ['x-a', { kind: 'value', value: 'one' }],
      ['x-b', null],
    ],
  );
});

test('all faults are told at once, each with its place', () => {
  const faults = faultsOf({
    expression: 'ip.src in $nowhere',
    ratelimit: limitBy(['ip.source', 'http.request.headers', 'http.request.headers.names[*]'], 'ssl eq'),
    action: {
      kind: 'rewrite',
      headers: [{ name: 'x', operation: 'set', value: { kind: 'expression', expression: 'nothing' } }],
    },
  });

  assert.deepEqual(faults, [
    ['expression', 'unknown_list'],
    ['ratelimit/characteristics/0', 'unknown_field'],
    ['ratelimit/characteristics/1', 'type'],
    ['ratelimit/characteristics/2', 'star'],
    ['ratelimit/countingExpression', 'syntax'],
    ['action/headers/0', 'unknown_field'],
  ]);
});

test('a target that gives no text is refused', () => {
  const target = { kind: 'expression', expression: 'http.request.uri.args' } as const;

  assert.deepEqual(faultsOf({ action: { kind: 'redirect', status: 301, target, keepsQuery: false } }), [
    ['action/target', 'type'],
  ]);
});
