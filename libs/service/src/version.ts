/**
 * Which release runs, and from which commit: told by `--version`, the metric precede_build_info and the images' labels.
 * An image has no repository, so its build says the commit (PRECEDE_COMMIT); a checkout is asked itself.
 */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import manifest from '../package.json' with { type: 'json' };

export interface Version {
  /** As in package.json, such as `0.1.0`. */
  readonly version: string;
  /** Twelve hex digits, or `unknown` outside of a checkout and an image. */
  readonly commit: string;
}

const root = resolve(import.meta.dirname, '../../..');

const git = (...words: string[]): string =>
  execFileSync('git', ['-C', root, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/** Of this repository alone: a copy inside somebody else's would name a commit that is not of Precede. */
const commitOfCheckout = (): string => {
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync(root)) return 'unknown';
    return git('rev-parse', '--short=12', 'HEAD');
  } catch {
    return 'unknown';
  }
};

let known: Version | undefined;

export const versionOf = (env: NodeJS.ProcessEnv = process.env): Version => {
  known ??= {
    version: manifest.version,
    commit: env['PRECEDE_COMMIT']?.slice(0, 12) || commitOfCheckout(),
  };
  return known;
};

/** `0.1.0 (commit d5f6cabad6aa)`. */
export const versionText = (): string => `${versionOf().version} (commit ${versionOf().commit})`;
