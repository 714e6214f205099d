import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ErrorCode } from '@precede/contracts';
import { faultKinds } from './errors.ts';

const documented = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md lists exactly the faults of the management API', () => {
  const rows = documented.split('\n').filter((line) => /^\| \d/.test(line));

  const kinds = Object.values(faultKinds).toSorted((a, b) => a.code - b.code);
  assert.deepEqual(
    rows,
    kinds.map((kind) => `| ${kind.code} | ${kind.status} | ${kind.meaning} |`),
  );
});

test('docs/errors.md lists exactly the codes of the system', () => {
  const codes = [...documented.matchAll(/^\| `(PRECEDE_\w+)` \|/gm)].map((match) => match[1]);

  assert.deepEqual(codes.toSorted(), Object.values(ErrorCode).toSorted());
});

test('every number stands for one fault', () => {
  const codes = Object.values(faultKinds).map((kind) => kind.code);

  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.every((code) => code >= 1000));
});
