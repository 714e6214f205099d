/** What docs/enforcement.md shows is what its commands answer. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { enforcementFile, fillAnswers, withEnforcement } from './enforcement-docs.ts';

const missing = ['bash', 'curl', 'jq'].filter(
  (program) => spawnSync(program, ['--version']).error !== undefined,
);

test('every command of docs/enforcement.md answers what the page shows', async (t) => {
  if (missing.length > 0) {
    assert.ok(process.env['CI'] !== 'true', `${missing.join(', ')} missing, and CI skips nothing`);
    return t.skip(`needs ${missing.join(', ')}`);
  }
  const written = readFileSync(enforcementFile, 'utf8');

  const { blocks, answers, changed } = await withEnforcement((shell) => fillAnswers(written, shell));

  // Where the page is behind: npm run docs:enforcement.
  assert.deepEqual(changed, []);
  assert.ok(blocks >= 20, `${blocks} blocks`);
  assert.ok(answers >= 15, `${answers} answers`);
});
