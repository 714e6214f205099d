import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rooms = ['*.md', '{bench,cli,data,deploy,docs,libs,services,test}/**/*.md'];
const documents = globSync(rooms, { cwd: root, exclude: (name) => name.endsWith('node_modules') });

/** Anchors as they are made from headings. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

const isDead = (document: string, target: string): boolean => {
  const [path = '', anchor] = target.split('#');
  const found = path === '' ? join(root, document) : join(root, dirname(document), path);
  if (!existsSync(found)) return true;
  return anchor !== undefined && !anchorsOf(readFileSync(found, 'utf8')).has(anchor);
};

test('every link within the repository leads somewhere', () => {
  const dead = documents.flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^(https?|mailto):/.test(target) && isDead(document, target))
      .map((target) => `${document}: ${target}`),
  );

  assert.ok(documents.includes('README.md') && documents.length > 10);
  assert.deepEqual(dead, []);
});

test('each service and library says what it is for', () => {
  for (const room of globSync('{libs,services}/*', { cwd: root }))
    assert.ok(existsSync(join(root, room, 'README.md')), `${room} has no README.md`);
});

test('docs/benchmarks.md names every bench and links every result', () => {
  const text = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8');
  const files = globSync(['bench/src/*.bench.ts', 'bench/results/*.md'], { cwd: root });

  assert.deepEqual(
    files.filter((file) => !text.includes(file.replace('bench/src/', ''))),
    [],
  );
});

/** Without what stands behind the name of a histogram. */
const metricOf = (name: string): string => name.replace(/_(count|sum|bucket)$/, '');

test('every variable and every metric that a document names exists', () => {
  const known = ['configuration', 'errors', 'telemetry'].map((name) =>
    readFileSync(join(root, `docs/${name}.md`), 'utf8'),
  );
  const named = documents.flatMap(
    (document) =>
      readFileSync(join(root, document), 'utf8').match(
        /\bPRECEDE_(?!TEST_)[A-Z0-9_]*[A-Z0-9]\b|\bprecede_[a-z_]+_[a-z]+\b/g,
      ) ?? [],
  );

  assert.ok(named.length > 100);
  // Any secret may come from a file: the same name with _FILE.
  assert.deepEqual(
    [...new Set(named)].filter(
      (name) => !known.some((text) => text.includes(metricOf(name).replace(/_FILE$/, ''))),
    ),
    [],
  );
});
