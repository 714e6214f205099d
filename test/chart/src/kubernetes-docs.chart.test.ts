import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '@precede/testkit';
import { parseAllDocuments } from 'yaml';
import { helmIsMissing, template } from './helm.ts';

const skip = helmIsMissing();
const page = readFileSync(`${root}docs/kubernetes.md`, 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text ?? '',
  );

test('every block of commands in docs/kubernetes.md is one that bash can read', () => {
  assert.ok(blocks('sh').length >= 8);
  for (const block of blocks('sh')) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
    assert.equal(status, 0, `${stderr}\n${block}`);
  }
});

/** What is no object of an operator is values of the chart. */
const isValues = (block: string): boolean => !block.startsWith('apiVersion:');
const written = blocks('sh').flatMap((block) =>
  [...block.matchAll(/<<'END'\n([\s\S]*?)^END$/gm)].map(([, text]) => text ?? ''),
);

test('all values in docs/kubernetes.md are ones that the chart takes, alone where they are whole, together with them else', {
  skip,
}, () => {
  const [whole, ...others] = [...written, ...blocks('yaml').filter(isValues)];
  const folder = mkdtempSync(join(tmpdir(), 'precede-values-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const base = file('whole.yaml', whole ?? '');

  template({ values: [], more: ['--values', base] });
  assert.ok(others.length >= 4);
  for (const [n, text] of others.entries())
    template({ values: [], more: ['--values', base, '--values', file(`${n}.yaml`, text)] });

  rmSync(folder, { recursive: true });
});

test('the objects for operators are YAML with a kind and a name', () => {
  const objects = blocks('yaml').filter((block) => !isValues(block));

  assert.ok(objects.length >= 2);
  for (const document of objects.flatMap((block) => parseAllDocuments(block))) {
    const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string } };
    assert.ok(kind !== undefined && metadata.name !== undefined);
  }
});

test('OpenShift may choose the user itself, as the page says', { skip }, () => {
  const text = template({
    set: { 'pod.securityContext.runAsUser': null, 'pod.securityContext.runAsGroup': null },
  });

  assert.doesNotMatch(text, /runAsUser|runAsGroup/);
  assert.match(text, /runAsNonRoot: true/);
});
