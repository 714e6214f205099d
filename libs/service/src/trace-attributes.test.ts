import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { Attr } from './trace-attributes.ts';

test('every attribute has a name of the semantic conventions', () => {
  const known = new Set<unknown>(Object.values(conventions));

  assert.deepEqual(
    Object.values(Attr).filter((name) => !known.has(name)),
    [],
  );
});
