/** Runs the unit tests of the rules (test/alerts/*.test.yaml): each alert fires in one, and is quiet in another. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { root } from '@precede/testkit';
import { missing } from './prometheus.ts';

const dir = `${root}test/alerts/`;

for (const file of readdirSync(dir).filter((name) => name.endsWith('.test.yaml')))
  test(`promtool: every alert of ${file} fires when it should and not before`, (t) => {
    const reason = missing('promtool');
    assert.ok(reason === undefined || process.env['CI'] !== 'true', reason);
    if (reason !== undefined) return t.skip(reason);

    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { cwd: dir });

    assert.equal(status, 0, `${stdout}${stderr}`);
  });
