import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { root } from '@precede/testkit';
import { exampleOf, readExample } from './examples.ts';
import { helmIsMissing, valuesFiles } from './helm.ts';

const skip = helmIsMissing();

for (const name of valuesFiles())
  test(`ci/${name}-values.yaml makes test/chart/rendered/${name}.yaml ("npm run docs:chart" writes it)`, {
    skip,
  }, () => {
    const expected = readExample(name);

    const made = exampleOf(name);

    assert.equal(made, expected);
  });

test('there is no example that no values file makes', () => {
  const examples = readdirSync(`${root}test/chart/rendered`).map((file) => file.replace(/\.yaml$/, ''));

  assert.deepEqual(examples.sort(), valuesFiles());
});
