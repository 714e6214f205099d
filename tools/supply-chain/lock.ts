/**
 * The lock file says for every package what its bytes hash to, and nothing that is installed runs a script of its own:
 * node tools/supply-chain/lock.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './production.ts';

export interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

const isHash = (integrity: string | undefined): boolean =>
  /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '');

/**
 * Written by tools/complete-lock.ts: an optional package for another platform, which the registry did not have. npm there
 * takes what it is given, so such a platform is for trying things out; images are built for linux-x64.
 */
export const isElsewhere = ({ optional, os, cpu, libc, integrity }: LockEntry): boolean => {
  if (integrity !== undefined || optional !== true || (os === undefined && cpu === undefined)) return false;
  const fits = (values: readonly string[] | undefined, ours: string): boolean =>
    values?.includes(ours) ?? true;
  return !(fits(os, 'linux') && fits(cpu, 'x64') && fits(libc, 'glibc'));
};

/** A sentence for each fault. */
export const lockFaults = (packages: Readonly<Record<string, LockEntry>>, npmrc: string): string[] => {
  const installed = Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  );
  const unhashed = installed
    .filter(([, entry]) => !isHash(entry.integrity) && !isElsewhere(entry))
    .map(([path]) => `${path} has no sha512 in package-lock.json`);
  const foreign = installed
    .filter(([, { resolved }]) => resolved !== undefined)
    .map(([path, { resolved }]) => `${path} is taken from an address of its own: ${resolved}`);
  const scripts = /^ignore-scripts=true$/m.test(npmrc) ? [] : ['.npmrc does not say ignore-scripts=true'];
  return [...unhashed, ...foreign, ...scripts];
};

const main = (): void => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockEntry>;
  };
  const faults = lockFaults(packages, readFileSync(join(root, '.npmrc'), 'utf8'));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exit(1);
  const elsewhere = Object.values(packages).filter(isElsewhere).length;
  process.stdout.write(
    `${Object.keys(packages).length} entries, each package with its hash, but ${elsewhere} of other platforms; no install scripts\n`,
  );
};

if (import.meta.main) main();
