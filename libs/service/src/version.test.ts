import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'node:test';

const root = resolve(import.meta.dirname, '../../..');

const commitIn = (directory: string, env: NodeJS.ProcessEnv = {}): string =>
  execFileSync(
    process.execPath,
    [
      '-e',
      `import(${JSON.stringify(join(directory, 'src/version.ts'))}).then((v) => console.log(v.versionOf().commit))`,
    ],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'ignore'] },
  ).trim();

test('the commit is that of the checkout', () => {
  const head = execFileSync('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'], {
    encoding: 'utf8',
  }).trim();

  assert.equal(commitIn(resolve(import.meta.dirname, '..')), head);
});

test('an image is told its commit by its build', () => {
  assert.equal(
    commitIn(resolve(import.meta.dirname, '..'), {
      PRECEDE_COMMIT: '0123456789abcdef0123456789abcdef01234567',
    }),
    '0123456789ab',
  );
});

test("a copy inside somebody else's repository does not name that one's commit", (t) => {
  const foreign = mkdtempSync(join(tmpdir(), 'precede-version-'));
  t.after(() => rmSync(foreign, { recursive: true }));
  const git = (...words: string[]): void => {
    execFileSync('git', ['-C', foreign, '-c', 'user.name=n', '-c', 'user.email=e@example.com', ...words], {
      stdio: 'ignore',
    });
  };
  git('init');
  git('commit', '--allow-empty', '--message', 'theirs');
  const copy = join(foreign, 'a/b/c');
  cpSync(resolve(import.meta.dirname), join(copy, 'src'), { recursive: true });
  cpSync(resolve(import.meta.dirname, '../package.json'), join(copy, 'package.json'));

  assert.equal(commitIn(copy), 'unknown');
});
