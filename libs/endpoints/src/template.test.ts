import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normaliseHost, normaliseOperation, normaliseRequestHost, normaliseTemplate } from './index.ts';

const outcome = (result: ReturnType<typeof normaliseTemplate>): string =>
  result.kind === 'ok' ? result.value : `fault ${result.code}`;

test('renames the variables of a template in order', () => {
  assert.equal(outcome(normaliseTemplate('/users/{id}/x')), '/users/{var1}/x');
  assert.equal(outcome(normaliseTemplate('/{b}/{a}/{b}')), '/{var1}/{var2}/{var3}');
  assert.equal(outcome(normaliseTemplate('/{gone}/../a/{b}')), '/a/{var1}');
});

test('normalises templates as paths of requests are', () => {
  const cases = {
    '/a//b': '/a/b',
    '/a/b/': '/a/b/',
    '/a/./b/../c': '/a/c',
    '/%7euser/%2f%zz': '/~user/%2F%25zz',
    '/caf\u00e9 x': '/caf%C3%A9%20x',
    '/a\\b': '/a/b',
    '/%2e%2e/a': '/a',
    '/!%7B%7D/%7bx%7d': '/!%7B%7D/%7Bx%7D',
  };
  for (const [given, expected] of Object.entries(cases))
    assert.equal(outcome(normaliseTemplate(given)), expected);
});

test('refuses templates that are none', () => {
  const cases = {
    '': 'endpoint_invalid',
    users: 'endpoint_invalid',
    '/a?b=1': 'endpoint_invalid',
    '/a#b': 'endpoint_invalid',
    '/a\u0000': 'endpoint_invalid',
    '/file-{id}': 'variable_invalid',
    '/{}': 'variable_invalid',
    '/{a}{b}': 'variable_invalid',
    '/{+rest}': 'variable_invalid',
    [`/${'a'.repeat(4096)}`]: 'endpoint_too_long',
    [`/${'\u00e9'.repeat(1000)}`]: 'endpoint_too_long',
  };
  for (const [given, code] of Object.entries(cases))
    assert.equal(outcome(normaliseTemplate(given)), `fault ${code}`);
  assert.equal(outcome(normaliseTemplate(`/${'a'.repeat(4095)}`)).length, 4096);
});

test('normalises hosts and names their variable', () => {
  const cases = {
    'API.Example.com': 'api.example.com',
    'example.com.': 'example.com',
    '{tenant}.Example.com': '{hostVar1}.example.com',
    localhost: 'localhost',
    '10.0.0.1': '10.0.0.1',
    '[::1]': '[::1]',
  };
  for (const [given, expected] of Object.entries(cases))
    assert.equal(outcome(normaliseHost(given)), expected);
});

test('refuses hosts that are none', () => {
  const cases = {
    '': 'host_invalid',
    'a..b': 'host_invalid',
    'https://a.b': 'host_invalid',
    'a.b:8080': 'host_invalid',
    '-a.b': 'host_invalid',
    'b\u00fccher.de': 'host_invalid',
    [`${'a'.repeat(64)}.b`]: 'host_invalid',
    [`${'a.'.repeat(127)}bc`]: 'host_too_long',
    '{a}': 'variable_invalid',
    'a.{b}.c': 'variable_invalid',
    '{a}x.b': 'variable_invalid',
    '{a}.{b}.c': 'variable_invalid',
    [`{a}.${'b.'.repeat(123)}ccc`]: 'host_too_long',
  };
  for (const [given, code] of Object.entries(cases))
    assert.equal(outcome(normaliseHost(given)), `fault ${code}`);
});

test('drops port and trailing dot of the host of a request', () => {
  const cases = {
    'A.b:443': 'a.b',
    'a.b.': 'a.b',
    'a.b.:80': 'a.b',
    '[::1]:80': '[::1]',
    '[::1': '[::1',
    '': '',
  };
  for (const [given, expected] of Object.entries(cases)) assert.equal(normaliseRequestHost(given), expected);
});

test('folds no letter of a host but those of ASCII', () => {
  // U+212A is the Kelvin sign, which the rules of Unicode make a k.
  for (const host of ['\u212Aing.example', '\xc3\x89.example'])
    assert.equal(normaliseRequestHost(host), host);
});

test('names every fault of an operation at once', () => {
  const result = normaliseOperation({ method: 'get', host: '', endpoint: 'x' });

  assert.equal(result.kind, 'faults');
  assert.deepEqual(result.kind === 'faults' && result.faults.map((f) => [f.pointer, f.code]), [
    ['/endpoint', 'endpoint_invalid'],
    ['/host', 'host_invalid'],
    ['/method', 'method_unknown'],
  ]);
});

test('normalising a template twice changes nothing', () => {
  const segment = fc.oneof(
    fc.constantFrom('{a}', '{b}', '..', '.', '', 'users', '%2f', '%41', '%'),
    fc.string({ unit: 'binary', maxLength: 5 }).map((s) => s.replaceAll(/[{}?#/]/g, '')),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
      const once = normaliseTemplate(`/${segments.join('/')}`);
      fc.pre(once.kind === 'ok');
      assert.deepEqual(normaliseTemplate(outcome(once)), once);
    }),
  );
});
