import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfiguration, renderConfiguration } from './configuration-docs.ts';

test('docs/configuration.md says what the code reads (npm run docs writes it)', () => {
  assert.equal(readConfiguration(), renderConfiguration());
});
