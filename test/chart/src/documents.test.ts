import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isMap, parseDocument, visit } from 'yaml';
import { chart, readmeFile, readValueDocs, renderReadme, renderSchema, schemaFile } from './generated.ts';
import { valueDocs } from './values-docs.ts';

const hint = 'run "npm run docs"';

test('values.schema.json is what the values and the services make of it', () => {
  const made = renderSchema(readValueDocs());

  assert.equal(readFileSync(schemaFile, 'utf8'), made, hint);
});

test('the table of values in the README is that of values.yaml', () => {
  const readme = readFileSync(readmeFile, 'utf8');

  assert.equal(readme, renderReadme(readme, readValueDocs()), hint);
});

test('every value is described, by itself or by what it is a part of', () => {
  const text = readFileSync(`${chart}/values.yaml`, 'utf8');
  const described = valueDocs(text).map(({ path }) => path.join('.'));

  const leaves = leafPaths(text).filter(
    (path) => !described.some((each) => `${path}.`.startsWith(`${each}.`)),
  );

  assert.deepEqual(leaves, []);
});

test('a description is the comment from its mark on, over as many lines as it has', () => {
  const docs = valueDocs(
    'a:\n  # Not this.\n  # -- First line,\n  # second line.\n  b: 1\n  # no mark\n  c: 2\n',
  );

  assert.deepEqual(docs, [{ path: ['a', 'b'], meaning: 'First line, second line.', default: 1 }]);
});

const leafPaths = (text: string): readonly string[] => {
  const paths: string[] = [];
  visit(parseDocument(text), {
    Pair: (_, pair, ancestors) => {
      if (isMap(pair.value) && pair.value.items.length > 0) return;
      const above = ancestors.flatMap((node) => ('key' in node ? [String(node.key)] : []));
      paths.push([...above, String(pair.key)].join('.'));
    },
  });
  return paths;
};
