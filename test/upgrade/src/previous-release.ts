/**
 * The release that an upgrade starts from, as a tree of its own with its own dependencies: the newest tag vX.Y.Z that
 * stands before this commit, or, until there is one, the commit in `start-from`. Kept in .work/upgrade by its commit.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '@precede/testkit';

export interface Release {
  /** Tag or commit, for people. */
  readonly name: string;
  readonly dir: string;
}

const run = promisify(execFile);
const git = async (...args: string[]): Promise<string> =>
  (await run('git', args, { cwd: root })).stdout.trim();

/** This release: the working tree as it is. */
export const thisRelease: Release = { name: 'this', dir: root };

/** Rejects where the clone is too shallow to have it, or where it cannot be installed. */
export const previousRelease = async (): Promise<Release> => {
  const name = (await newestTag()) ?? readFileSync(new URL('../start-from', import.meta.url), 'utf8').trim();
  const commit = await git('rev-parse', '--verify', '--quiet', `${name}^{commit}`).catch((cause: unknown) => {
    throw new Error(`${name} is not in this clone: git fetch --unshallow --tags`, { cause });
  });
  const dir = join(root, '.work/upgrade', commit.slice(0, 12));
  const mark = join(dir, '.installed');
  if (!existsSync(mark)) {
    await unpack(commit, dir);
    await install(dir);
    writeFileSync(mark, `${name}\n`);
  }
  return { name, dir: `${dir}/` };
};

/** Of the tags that this commit comes after, the newest one that is not this commit itself. */
const newestTag = async (): Promise<string | undefined> => {
  const [merged, own] = await Promise.all([
    git('tag', '--list', 'v[0-9]*.[0-9]*.[0-9]*', '--merged', 'HEAD', '--sort=-v:refname'),
    git('tag', '--points-at', 'HEAD'),
  ]);
  const here = new Set(own.split('\n'));
  return merged.split('\n').find((tag) => /^v\d+\.\d+\.\d+$/.test(tag) && !here.has(tag));
};

const unpack = async (commit: string, dir: string): Promise<void> => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const archive = `${dir}.tar`;
  await git('archive', '--format=tar', '-o', archive, commit);
  await run('tar', ['-xf', archive, '-C', dir]);
  rmSync(archive);
};

const install = async (dir: string): Promise<void> => {
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', args, { cwd: dir, maxBuffer: 64 * 1024 * 1024 });
};
