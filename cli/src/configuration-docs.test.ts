import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConfiguration, renderConfiguration } from './configuration-docs.ts';

test('docs/configuration.md says what the code reads (npm run docs writes it)', () => {
  assert.equal(readConfiguration(), renderConfiguration());
});

test('every variable the command reads by name is in docs/configuration.md', () => {
  const here = new URL('./', import.meta.url);
  const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const text = files.map((name) => readFileSync(new URL(name, here), 'utf8')).join('\n');
  const read = new Set([...text.matchAll(/(?:env\[|env\()'(PRECEDE_\w+)'/g)].map((match) => match[1] ?? ''));

  assert.ok(read.size > 5);
  assert.deepEqual(
    [...read].filter((name) => !readConfiguration().includes(`| \`${name}\` |`)),
    [],
  );
});
