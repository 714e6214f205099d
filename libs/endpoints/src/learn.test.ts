import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '@precede/contracts';
import fc from 'fast-check';
import { compileMatcher, learnTemplate, normaliseTemplate } from './index.ts';

test('folds what looks like an id', () => {
  const ids = [
    '42',
    '550e8400-e29b-41d4-a716-446655440000',
    '550E8400-E29B-41D4-A716-446655440000',
    '5f2b8c9d1e3a4b6c',
    'd41d8cd98f00b204e9800998ecf8427e',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'cus_9s6XKzkNRiz8i3xYzAbc',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6',
    'order-00000000000000000042',
  ];
  for (const id of ids) assert.equal(learnTemplate(`/users/${id}/cart?x=1`), '/users/{var1}/cart', id);
});

test('leaves words, file names and versions', () => {
  const words = [
    'v1',
    'users',
    'favicon.ico',
    'jquery-1.11.0.min.js',
    'deadbeefdeadbeef',
    'logstash-puppetconf-2012',
    'solving-good-or-bad-problems',
    '2013-conference-on-log-analysis',
    'logstash-scale11x',
    'oauth2',
    'characterisationofthings',
  ];
  for (const word of words) assert.equal(learnTemplate(`/x/${word}`), `/x/${word}`);
});

test('numbers the variables and keeps the rest of the path', () => {
  assert.equal(learnTemplate('/a/1/b/2/'), '/a/{var1}/b/{var2}/');
  assert.equal(learnTemplate('/'), '/');
});

test('gives a normal template that matches the path it was learned from', () => {
  const segment = fc.oneof(
    fc.nat().map(String),
    fc.uuid(),
    fc.constantFrom('users', 'a.b', '%7e'),
    fc.string({ maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(segment), (segments) => {
      const path = `/${segments.join('/')}`;
      const endpoint = learnTemplate(path);

      const operation = { method: 'GET', host: 'h', endpoint } as Operation;
      assert.deepEqual(normaliseTemplate(endpoint), { kind: 'ok', value: endpoint });
      assert.equal(compileMatcher([operation]).match('GET', 'h', path), operation);
    }),
  );
});
